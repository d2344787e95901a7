"""One block of code in a reply, on its way to being the replacement.

Invariant: nothing is written before it is known to belong to the answer; what is written has
the original's indentation, line ends and final line end.
"""

from __future__ import annotations

import re

from glm_lsp.editing.indent import Reindenter
from glm_lsp.editing.prose import has_numbers, is_elision, is_file_name, without_number
from glm_lsp.editing.tokens import alike
from glm_lsp.errors import ReplyError
from glm_lsp.text import split_lines

_FOUR_LETTERS = re.compile(r"(?:[^\W_][\W_]*){4}")


class Block:
    """One block of code in a reply, on its way to being the replacement.

    Attributes:
        trusted: it was introduced in a way that leaves no doubt that it is the answer.
        accepted: it is the answer.
        gap: it leaves out code by a comment such as "… rest unchanged".
        lines: its lines, cleaned of file names and numbers.
    """

    def __init__(self, original: str, newline: str, before: str, indent: str) -> None:
        self.trusted = self.accepted = self.gap = False
        self.lines: list[str] = []
        self._original = [line.rstrip("\r\n") for line in split_lines(original)]
        while self._original and not self._original[0].strip():
            del self._original[0]
        while self._original and not self._original[-1].strip():
            del self._original[-1]
        self._known = {line.strip() for line in self._original}
        self._numbers: bool | None = False if has_numbers(original) else None
        self._unnumbered: str | None = None
        self._echoed = 0  # How many of `lines` repeat the original, as far as they go.
        self._done = 0  # How many of `lines` have been written.
        lead = before[: len(before) - len(before.lstrip())]
        self._writer = _Writer(
            original, newline, Reindenter(original, before=before, unit=indent), lead
        )

    @property
    def text(self) -> str:
        """What of the replacement is certain."""
        return self._writer.text

    @property
    def is_echo(self) -> bool:
        """It repeats the original and says nothing else."""
        return self._echoed == len(self._original) and not any(
            line.strip() for line in self.lines[self._echoed :]
        )

    def knows(self, line: str) -> bool:
        """Tell whether a line, not a trivial one, is in the original."""
        return line.strip() in self._known and _FOUR_LETTERS.search(line) is not None

    def likeness(self) -> tuple[int, int]:
        """Return how many of the original's lines it holds, and how long it is."""
        return sum(map(self.knows, self.lines)), len(self.lines)

    def fresh(self) -> str:
        """Return what was written since the last call."""
        return self._writer.fresh()

    def take(self, line: str) -> None:
        """Take the next line, without its end."""
        if self.gap:
            return
        for clean in self._clean(line):
            if is_elision(clean) and clean.strip() not in self._known:
                self.gap = True
                return
            self._add(clean)

    def accept(self) -> None:
        """Make it the answer."""
        if self._unnumbered is not None:
            line, self._unnumbered = self._unnumbered, None
            self._numbers = False
            self._add(line)
        self.accepted = True
        for line in self.lines[self._done :]:
            self._writer.write(line)
        self._done = len(self.lines)

    def finish(self) -> str:
        """Return the whole replacement.

        Raises:
            ReplyError: it is empty.
        """
        self.accept()
        if not any(line.strip() for line in self.lines):
            raise ReplyError("GLM's answer holds an empty block of code; nothing was changed.")
        return self._writer.finish()

    def _clean(self, line: str) -> list[str]:
        """Return a line without its number; none while it may be an echoed file name."""
        if not self.lines and self._unnumbered is None:
            name = is_file_name(line) and line.strip() not in self._known
            if name or not line.strip():
                return []
        if self._numbers is False or (self._numbers is None and not line.strip()):
            return [line]
        number, bare = without_number(line)
        if self._numbers:
            return [line if number is None else bare]
        if self._unnumbered is not None:
            first, self._unnumbered = self._unnumbered, None
            first_number, first_bare = without_number(first)
            self._numbers = number == (first_number or 0) + 1
            return [first_bare, bare] if self._numbers else [first, line]
        if number is None:
            self._numbers = False
            return [line]
        if self.knows(bare):
            self._numbers = True
            return [bare]
        self._unnumbered = line
        return []

    def _add(self, line: str) -> None:
        if not self.accepted and self._repeats(line):
            return
        self.lines.append(line)
        if self.accepted:
            self._done += 1
            self._writer.write(line)
        elif self._echoed < len(self.lines) and (
            self.trusted or self.knows(line) or self._echoed or self._opens_alike()
        ):
            self.accept()

    def _repeats(self, line: str) -> bool:
        """Follow an echo of the original; drop it when the answer proper starts over."""
        whole = len(self._original)
        if any(text.strip() for text in self.lines[self._echoed :]):
            return False
        if self._echoed == whole:
            again = whole > 1 and line.strip() == self._original[0].strip()
            if again:
                self.lines, self._echoed = [line], 1
            elif not line.strip():
                self.lines.append(line)
            return again or not line.strip()
        if self._echoed == len(self.lines) and line.strip() == self._original[self._echoed].strip():
            self._echoed += 1
            self.lines.append(line)
            return True
        return False

    def _opens_alike(self) -> bool:
        return len(self.lines) == 1 and bool(
            self._original and alike(self._original[0].strip(), self.lines[0].strip())
        )


class _Writer:
    """Writes the lines of the replacement with the original's indentation and line ends."""

    def __init__(self, original: str, newline: str, indent: Reindenter, before: str) -> None:
        self._newline = newline
        self._before = before
        self._indent = indent
        self._lead, self._tail = _edges(original)
        self._closes = bool(self._tail) or not original
        self._parts: list[str] = []
        self._begun = False
        self._seen = 0
        self._blank = 0

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def fresh(self) -> str:
        parts = self._parts[self._seen :]
        self._seen = len(self._parts)
        return "".join(parts)

    def write(self, line: str) -> None:
        self._begun = self._begun or bool(line.strip())
        if not self._begun:
            return
        self._put(self._indent.take(line))

    def finish(self) -> str:
        self._put(self._indent.rest())
        if self._tail:
            ended = re.sub(r"\A(\r\n|\r|\n)", "", self._tail)
            self._parts.append(ended)
        return self.text

    def _put(self, lines: list[str]) -> None:
        for line in lines:
            if not line:
                self._blank += 1
                continue
            if not self._parts:
                line = self._lead + line.removeprefix(self._before)
            elif not self._closes:
                line = self._newline + line
            line = self._newline * self._blank + line
            self._blank = 0
            self._parts.append(line + self._newline if self._closes else line)


def _edges(original: str) -> tuple[str, str]:
    """Return the blank lines an original starts with, and its last line end with what follows."""
    core = original.rstrip()
    if not core:
        return "", original if original.strip(" \t") else ""
    blank = re.match(r"(?:[ \t]*(?:\r\n|\r|\n))*", original)
    tail = re.search(r"(?:\r\n|\r|\n)", original[len(core) :])
    return (blank.group() if blank else ""), original[len(core) + tail.start() :] if tail else ""
