"""Where the tests of a source file go, by the custom of its language.

Invariant: a path is proposed that nothing stands at; no file is ever written over.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from glm_lsp.languages import language_named

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FOLDERS = ("tests", "test", "spec")


def path_for_tests(
    source: Path,
    language: str,
    root: Path | None,
    exists: Callable[[Path], bool],
    inside: Callable[[Path], bool],
) -> Path:
    """Return a free path for tests of `source`.

    `exists` has to say yes to a link that leads nowhere; `inside` tells whether a folder lies in
    the workspace once links are followed.

    They go into the workspace's folder of tests, by the customs of some languages, where there
    is one; else beside the source.
    """
    custom = language_named(language)
    name = custom.test_name.format(source.stem)
    folder = source.parent
    if custom.tests_apart and root is not None:
        folders = (root / each for each in _FOLDERS if exists(root / each) and inside(root / each))
        folder = next(folders, folder)
    for number in count(1):
        path = folder / f"{name}{'' if number == 1 else f'_{number}'}{source.suffix}"
        if not exists(path):
            return path
    raise AssertionError("numbers do not end")
