"""Reads an answer while it arrives: pieces while it opens as the target opens, then the whole.

Invariants: what `feed` returns is provisional, and is the beginning of the replacement as
long as the answer goes on as it began; `finish` decides from the whole answer. `feed` costs
what arrives and parses nothing; `finish` is pure computation and may run in a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from glm_lsp.editing.answer.choose import choose
from glm_lsp.editing.answer.clean import visible
from glm_lsp.editing.answer.elision import is_elision
from glm_lsp.editing.answer.imports import taken_apart
from glm_lsp.editing.answer.lines import ALIKE, filled, names, plain, similarity, telling
from glm_lsp.editing.answer.passages import FENCE
from glm_lsp.editing.answer.prose import corrects, is_file_name, is_prose
from glm_lsp.editing.answer.survey import attaches
from glm_lsp.editing.answer.write import Writer

if TYPE_CHECKING:
    from glm_lsp.editing.answer.values import Site

_MOST_HELD = 60
_ENOUGH = 300
"""Characters of words behind a block after which no other version is expected."""
_MARKS = ("<<<<<<<", "=======", ">>>>>>>", "@@ ", "*** ", "diff --git ", "--- ", "+++ ", "-", "+")


@frozen
class AnswerOutcome:
    """What an answer comes to.

    Attributes:
        text: the whole replacement.
        imports: those that the file may lack.
        rest: what the pieces lack of `text`; None when they are not its beginning.
    """

    text: str = field(repr=False)
    imports: tuple[str, ...]
    rest: str | None = field(repr=False)


class Reader:
    """Reads one answer.

    Attributes:
        done: nothing that may still arrive is of interest.
    """

    def __init__(self, site: Site) -> None:
        self.done = False
        self._site = site
        self._raw: list[str] = []
        self._partial = ""  # The line that is not ended yet, as far as `_raw` is read.
        self._read = 0
        self._given: list[str] = []
        self._state: Literal["intro", "fenced", "bare", "after", "off"] = "intro"
        self._fence = ""
        self._clean = True  # Nothing but imports stood in front.
        self._held: list[str] = []
        self._opened = False
        self._writer = Writer(site.original, site.newline, site.unit)
        ours = filled(site.target)
        code = [i for i in ours if not attaches(site.target[i])] or ours
        self._opening = site.target[code[0]] if code else ""
        self._opening_key = plain(self._opening)
        self._ending = plain(site.target[ours[-1]]) if ours else ""
        self._again = sum(plain(line) == plain(self._opening) for line in site.target) == 1
        self._wanted = {plain(line) for line in site.target if telling(line)}
        self._numbers = any(line.lstrip()[:1].isdigit() for line in site.target)
        self._changed = False
        self._tidy = site.grammar.known and all(line == line.rstrip() for line in site.target)
        self._last = ""
        self._lines = 0
        self._behind = 0
        if any(FENCE.match(line) for line in site.target):
            self._state = "off"

    def feed(self, text: str) -> str:
        """Take the next piece of the answer; return what it adds to the replacement so far."""
        self._raw.append(text)
        if "\n" not in text:  # By far most pieces.
            return ""
        *lines, rest = "".join([self._partial, *self._raw[self._read :]]).split("\n")
        self._partial, self._read = rest, len(self._raw)
        if self._over:
            return ""
        for line in lines:
            if not self._over:
                self._line(visible(line.removesuffix("\r"), self._site.file))
        fresh = self._writer.fresh() if self._opened else ""
        if fresh:
            self._given.append(fresh)
        return fresh

    @property
    def _over(self) -> bool:
        """Whether no more pieces come."""
        return self.done or self._state == "off"

    def finish(self, complete: bool = True) -> AnswerOutcome:
        """Decide what the answer comes to.

        Args:
            complete: the model said that it has finished; False when its limit cut it off.

        Raises:
            FaultyAnswerError: it may be right when asked again with the fault named.
            ReplyError: it was cut off, or the model refuses.
        """
        chosen = choose("".join(self._raw), self._site, complete=complete or self.done)
        given = "".join(self._given)
        rest = chosen.text[len(given) :] if given and chosen.text.startswith(given) else None
        return AnswerOutcome(chosen.text, chosen.imports, rest)

    def _line(self, line: str) -> None:
        if self._state == "intro":
            self._introduction(line)
        elif self._state == "after":
            self._afterthought(line)
        elif self._state == "fenced" and line.lstrip().startswith(self._fence):
            self._fence_again(line)
        elif not self._opened:
            self._hold(line)
        else:
            self._take(line)

    def _introduction(self, line: str) -> None:
        if fence := FENCE.match(line):
            if len(fence.group(1)) > 0:
                self._state = "off"
                return
            self._fence = fence.group(2)
            self._state = "fenced"
        elif line.startswith(("+import:",)) or not line.strip():
            return
        elif line.lstrip().startswith(("<", "{", ">", "[")) and not self._opens(line):
            self._state = "off"
        elif not is_prose(line) and self._opens(line):
            self._state = "bare"
            self._hold(line)
        else:
            self._clean = False

    def _fence_again(self, line: str) -> None:
        """A block ends: the answer is over when it began with it and is all there."""
        closes = line.strip() == self._fence
        if closes and self._opened and self._clean and self._changed and self._is_all():
            self._state = "after"
        else:
            self._state = "off"

    def _afterthought(self, line: str) -> None:
        """Read on for a while: the model may take back what it wrote."""
        self._behind += len(line)
        if FENCE.match(line) or corrects(line):
            self._state = "off"
        elif self._behind > _ENOUGH:
            self.done = True

    def _is_all(self) -> bool:
        """Tell whether the block came to the target's end, so that nothing is to follow."""
        return self._last == self._ending and 2 * self._lines >= len(self._wanted)

    def _hold(self, line: str) -> None:
        """Wait for the line with which the target opens; only comments may stand before it."""
        if not self._held and (not line.strip() or is_file_name(line)):
            return
        self._held.append(line)
        if self._opens(line):
            self._opened = True
            held, self._held = self._held, []
            for each in held:
                self._take(each)
        elif line.strip() and not self._may_precede(line):
            self._state = "off"

    def _may_precede(self, line: str) -> bool:
        """Tell whether a line may stand above the target's first one in the new code."""
        odd = is_elision(line) or line.startswith(_MARKS) or self._is_import(line)
        return attaches(line) and not odd and len(self._held) <= _MOST_HELD

    def _is_import(self, line: str) -> bool:
        return bool(taken_apart([line], self._site.grammar.language)[0])

    def _opens(self, line: str) -> bool:
        """Tell whether a line is the target's first line, perhaps changed."""
        code, opening = line.strip(), self._opening.strip()
        if plain(code) == plain(opening):
            return True
        if not code or not opening or code.startswith(_MARKS) or is_elision(line):
            return False
        if code[:1] != opening[:1] or (code[:1].isdigit() and not self._numbers):
            return False
        return similarity(code, opening) >= ALIKE and bool(names(code) & names(opening))

    def _take(self, line: str) -> None:
        """Write a line, unless it shows that the answer is not simply the new code."""
        key = plain(line)
        opens = key == self._opening_key and self._lines > 0 and self._again
        own = key in self._wanted
        if opens or (not own and (is_elision(line) or line.startswith(_MARKS[:8]))):
            self._state = "off"
            return
        if self._state == "bare" and (FENCE.match(line) or (is_prose(line) and not own)):
            self._state = "off"
            return
        if key:
            self._last = key
            self._lines += 1
        self._changed = self._changed or not (own or not telling(line))
        self._writer.write(line.rstrip() if self._tidy else line)
