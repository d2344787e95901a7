"""Where the tests of a source file go, by the custom of its language.

Invariant: a path is proposed that nothing stands at; no file is ever written over.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_BEFORE = {"python": "test_"}
_AFTER = {
    "csharp": "Tests",
    "go": "_test",
    "java": "Test",
    "javascript": ".test",
    "javascriptreact": ".test",
    "kotlin": "Test",
    "lua": "_spec",
    "php": "Test",
    "ruby": "_spec",
    "typescript": ".test",
    "typescriptreact": ".test",
}
_FOLDERS = ("tests", "test", "spec")


def path_for_tests(
    source: Path, language: str, root: Path | None, exists: Callable[[Path], bool]
) -> Path:
    """Return a free path for tests of `source`.

    Python's go into the workspace's folder of tests where there is one; other languages keep
    them beside the source.
    """
    name = _BEFORE.get(language, "") + source.stem + _AFTER.get(language, "")
    if name == source.stem:
        name += "_test"
    folder = source.parent
    if language == "python" and root is not None:
        folder = next((root / each for each in _FOLDERS if exists(root / each)), folder)
    for number in count(1):
        path = folder / f"{name}{'' if number == 1 else f'_{number}'}{source.suffix}"
        if not exists(path):
            return path
    raise AssertionError("numbers do not end")
