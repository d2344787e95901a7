"""Writes lines of an answer as the file writes its own.

Invariant: what is written has the indentation of the lines that it replaces, the file's line
ends, and the blank lines and last line end with which the replaced text began and ended.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.editing.answer.indent import Reindenter

if TYPE_CHECKING:
    from collections.abc import Iterable


class Writer:
    """Writes one replacement, line by line."""

    def __init__(self, original: str, newline: str, unit: str = "") -> None:
        self._newline = newline
        self._indent = Reindenter(original, unit=unit)
        self._lead, self._tail = _edges(original)
        self._closes = bool(self._tail) or not original
        self._parts: list[str] = []
        self._begun = False
        self._seen = 0
        self._blank = 0

    def fresh(self) -> str:
        """Return what was written since the last call."""
        parts = self._parts[self._seen :]
        self._seen = len(self._parts)
        return "".join(parts)

    def write(self, line: str) -> None:
        """Take the next line, without its end."""
        self._begun = self._begun or bool(line.strip())
        if self._begun:
            self._put(self._indent.take(line))

    def finish(self) -> str:
        """Return all that was written."""
        self._put(self._indent.rest())
        if self._tail:
            self._parts.append(re.sub(r"\A(\r\n|\r|\n)", "", self._tail))
            self._tail = ""
        return "".join(self._parts)

    def _put(self, lines: list[str]) -> None:
        for line in lines:
            if not line:
                self._blank += 1
                continue
            if not self._parts:
                line = self._lead + line
            elif not self._closes:
                line = self._newline + line
            line = self._newline * self._blank + line
            self._blank = 0
            self._parts.append(line + self._newline if self._closes else line)


def written(lines: Iterable[str], original: str, newline: str, unit: str = "") -> str:
    """Return lines as they replace an original."""
    writer = Writer(original, newline, unit)
    for line in lines:
        writer.write(line)
    return writer.finish()


def _edges(original: str) -> tuple[str, str]:
    """Return the blank lines an original starts with, and its last line end with what follows."""
    core = original.rstrip()
    if not core:
        return "", original if original.strip(" \t") else ""
    blank = re.match(r"(?:[ \t]*(?:\r\n|\r|\n))*", original)
    tail = re.search(r"(?:\r\n|\r|\n)", original[len(core) :])
    return (blank.group() if blank else ""), original[len(core) + tail.start() :] if tail else ""
