"""What the workers of every editor have in common: a block to be used in, and runs by seed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self


class EditorWorker(ABC):
    """Runs plans, one after the other, in an editor; use it in a `with` block."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._number = 0

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @abstractmethod
    def _start(self) -> None:
        """Start the editor, the server and the gateway anew; `_stack` ends them."""
