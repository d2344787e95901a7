"""From what GLM says to what shall stand in the file.

A reply is prose and code in any order; the code replaces the original. The parser finds it
while the reply arrives: in a fence or bare; without echoed file names, line numbers or a
copy of the original in front; with the file's indentation, line ends and final line end.

Invariants: what `feed` returned is never taken back; all pieces and the last one that
`finish` completes are the replacement; when a reply cannot be used whole, `finish` raises.
"""

from __future__ import annotations

import re
from typing import Literal

from glm_lsp.editing.block import Block
from glm_lsp.editing.prose import is_prose, looks_like_code, refuses, without_prose
from glm_lsp.editing.tokens import alike
from glm_lsp.errors import ReplyError

_ANY_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})[ \t]*([^`]*)$")


class ReplyParser:
    """Reads one reply.

    Args:
        original: the text that the reply replaces.
        newline: the file's line end.
        before: what stands before the original on its first line.
        indent: one level of the file's indentation, when it is known.

    Attributes:
        done: nothing that may still arrive is of interest.
    """

    def __init__(
        self, original: str, *, newline: str = "\n", before: str = "", indent: str = ""
    ) -> None:
        self.done = False
        self._original = original
        self._about = (original, newline, before, indent)
        self._block = Block(*self._about)
        self._spare: list[Block] = []  # Blocks that nobody can tell yet to be the answer.
        self._fences = _ANY_FENCE.search(original) is not None
        self._state: Literal["intro", "thought", "fenced", "bare"] = "intro"
        self._fence = ""
        self._fence_lead = 0
        self._depth = 0
        self._intro: list[str] = []
        self._doubtful: list[str] = []  # Lines that may be the end of the code or of prose.
        self._partial = ""

    @property
    def replacement(self) -> str:
        """The part of the replacement that is certain."""
        return self._block.text

    def feed(self, text: str) -> str:
        """Take the next piece of the reply; return what it adds to the replacement."""
        self._partial += text
        if "\n" not in text or self.done:
            return ""
        *lines, self._partial = self._partial.split("\n")
        for line in lines:
            self._line(line.rstrip("\r"))
        return self._block.fresh()

    def finish(self, complete: bool = True) -> str:
        """Return the whole replacement.

        Args:
            complete: the model said that it has finished; False when its limit cut it off.

        Raises:
            ReplyError: the reply is empty, refuses, was cut off, or leaves parts out.
        """
        if not self.done:
            self._end(complete)
        block = self._chosen()
        if block.gap:
            raise ReplyError(
                "GLM left out part of the code instead of writing it; nothing was changed."
                " Try again, or select less."
            )
        return block.finish()

    def _end(self, complete: bool) -> None:
        partial, self._partial = self._partial.rstrip("\r"), ""
        if partial:
            self._line(partial)
        if self.done:
            return
        closed = self._state != "fenced" or self._ends_with_fence()
        if not closed or (not complete and self._state != "intro"):
            raise _cut_off()
        if self._state == "bare":
            for line in without_prose(self._doubtful, self._original):
                self._block.take(line)
        elif self._state == "fenced":
            self._close()  # `_doubtful` is the fence that closes, and what follows it.
        elif self._state == "intro" and not self._spare:
            self._bare_after_all(complete)

    def _ends_with_fence(self) -> bool:
        return bool(self._doubtful) and _FENCE.match(self._doubtful[0]) is not None

    def _bare_after_all(self, complete: bool) -> None:
        """Take a reply without any fence, none of whose lines is in the original, as code."""
        whole = "\n".join(self._intro)
        if not whole.strip():
            if not complete:
                raise _cut_off()
            raise ReplyError("GLM's answer was empty; try again.")
        if refuses(whole):
            raise ReplyError("GLM declined to do this; nothing was changed.")
        lines = without_prose(self._intro, self._original)
        if not lines or not self._is_code(lines):
            raise ReplyError("GLM answered in words instead of code; nothing was changed.")
        if not complete:
            raise _cut_off()
        for line in lines:
            self._block.take(line)
        self._block.accept()

    def _is_code(self, lines: list[str]) -> bool:
        """Tell whether lines without a fence show in any way that they are code."""
        known = [line for line in self._original.splitlines() if line.strip()]
        return not known or any(
            looks_like_code(line) or self._block.knows(line) or any(alike(a, line) for a in known)
            for line in lines
        )

    def _chosen(self) -> Block:
        """Return the block that is the answer: the accepted one, or the likeliest."""
        if self._block.accepted:
            return self._block
        blocks = [block for block in [*self._spare, self._block] if block.lines]
        if not blocks:
            raise ReplyError("GLM's answer holds no code; nothing was changed. Try again.")
        changed = [block for block in blocks if not block.is_echo]
        self._block = max(changed or blocks, key=lambda block: block.likeness())
        self._block.accept()
        return self._block

    def _line(self, line: str) -> None:
        if self.done:
            return
        if self._state == "thought":
            self._thought(line)
        elif self._state == "fenced":
            self._fenced(line)
        elif self._state == "bare":
            self._bare(line)
        else:
            self._introduction(line)

    def _introduction(self, line: str) -> None:
        if not any(self._intro) and line.lstrip().startswith(("<think>", "</think>")):
            self._state = "thought"
            self._thought(line)
            return
        if fence := _FENCE.match(line):
            self._fence, self._fence_lead = fence.group(2), len(fence.group(1))
            self._depth = 0
            self._state = "fenced"
            if not any(text.strip() for text in self._intro) and not self._spare:
                self._block.trusted = True
            return
        self._intro.append(line)
        if self._block.knows(line) and not self._spare and not is_prose(line):
            self._state = "bare"
            self._block.trusted = True
            self._doubtful = []
            for code in without_prose(self._intro, self._original):
                self._block.take(code)

    def _thought(self, line: str) -> None:
        _, closed, rest = line.partition("</think>")
        if closed:
            self._state = "intro"
            if rest.strip():
                self._introduction(rest)

    def _fenced(self, line: str) -> None:
        fence = _FENCE.match(line) if self._fence in line else None
        if fence and self._closes(fence):
            if self._depth:
                self._depth -= 1
            elif self._fences:
                self._take(self._doubtful)
                self._doubtful = [line]  # The last fence of all is the one that closes.
                return
            else:
                self._close()
                return
        elif fence and fence.group(2).startswith(self._fence) and fence.group(3).strip():
            self._depth += 1
        if self._doubtful:
            self._doubtful.append(line)
        else:
            self._take([line])

    def _closes(self, fence: re.Match[str]) -> bool:
        mark = fence.group(2)
        return (
            mark[0] == self._fence[0]
            and len(mark) >= len(self._fence)
            and not fence.group(3).strip()
        )

    def _take(self, lines: list[str]) -> None:
        for line in lines:
            if self._fence_lead:
                lead = line[: self._fence_lead]
                line = line[len(lead) - len(lead.lstrip()) :]
            self._block.take(line)

    def _close(self) -> None:
        """End a block; go on looking when it is not known to be the answer."""
        if self._block.accepted:
            self.done = True
            return
        self._spare.append(self._block)
        self._block = Block(*self._about)
        self._state = "intro"

    def _bare(self, line: str) -> None:
        if _FENCE.match(line) and not self._fences:
            self.done = True
            return
        if not line.strip() or self._doubtful or self._starts_prose(line):
            self._doubtful.append(line)
            prose = not line.strip() or any(map(self._starts_prose, self._doubtful))
            if not prose or self._block.knows(line):
                self._take_doubtful()
            return
        self._block.take(line)

    def _take_doubtful(self) -> None:
        doubtful, self._doubtful = self._doubtful, []
        for line in doubtful:
            self._block.take(line)

    def _starts_prose(self, line: str) -> bool:
        return is_prose(line) and not self._block.knows(line)


def _cut_off() -> ReplyError:
    return ReplyError(
        "GLM's answer was cut off before its end; nothing was changed. Select less, or try again."
    )
