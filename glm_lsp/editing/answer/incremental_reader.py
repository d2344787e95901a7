"""Reads an answer while it arrives: pieces while it opens as the target opens, then the whole.

Invariants: what `feed` returns is provisional, and is the beginning of the replacement as
long as the answer goes on as it began; `finish` decides from the whole answer. `feed` costs
what arrives and parses nothing; `finish` is pure computation and may run in a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from glm_lsp.characters import unseen
from glm_lsp.editing.answer.choose import choose
from glm_lsp.editing.answer.clean import visible
from glm_lsp.editing.answer.definitions import attaches
from glm_lsp.editing.answer.elision import is_elision
from glm_lsp.editing.answer.imports import taken_apart
from glm_lsp.editing.answer.indent import Writer
from glm_lsp.editing.answer.lines import ALIKE, names, plain, similarity, telling
from glm_lsp.editing.answer.passages import FENCE
from glm_lsp.editing.answer.prose import corrects, is_file_name, is_prose

if TYPE_CHECKING:
    from glm_lsp.editing.answer.values import Site

_MOST_HELD = 60
_ENOUGH = 300
"""Characters of words behind a block after which no other version is expected."""
_MARKS = ("<<<<<<<", "=======", ">>>>>>>", "@@ ", "*** ", "diff --git ", "--- ", "+++ ")


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


@frozen
class _Target:
    """What is asked of the target for each line that arrives.

    Attributes:
        opening: its first line of code.
        ending: its last line, without white space.
        keys: each of its lines, without white space.
        telling: those of the keys that say something.
        again: the key of the opening, where it stands in the target once; else "".
        own: the keys of those lines of it that may come at any time.
        tidy: none of its lines ends with white space, and nothing depends on that.
    """

    opening: str
    ending: str
    keys: dict[str, str]
    telling: frozenset[str]
    again: str
    own: dict[str, str]
    tidy: bool

    @classmethod
    def of(cls, site: Site) -> _Target:
        lines = [line for line in site.target if line.strip()] or [""]
        keys = [plain(line) for line in lines]
        opening = next((line for line in lines if not attaches(line)), lines[0])
        again = plain(opening) if keys.count(plain(opening)) == 1 else ""
        known = dict(zip(lines, keys, strict=True))
        return cls(
            opening=opening.strip(),
            ending=keys[-1],
            keys=known,
            telling=frozenset(filter(telling, keys)),
            again=again,
            own={line: key for line, key in known.items() if telling(key) and key != again},
            tidy=site.grammar.known and all(line == line.rstrip() for line in site.target),
        )

    def opens(self, line: str) -> bool:
        """Tell whether a line is the target's first line, perhaps changed."""
        code = line.strip()
        if plain(code) == plain(self.opening):
            return True
        if code[:1] != self.opening[:1] or code.startswith(_MARKS) or is_elision(line):
            return False
        return similarity(code, self.opening) >= ALIKE and bool(names(code) & names(self.opening))


class IncrementalReader:
    """Reads one answer.

    Attributes:
        done: nothing that may still arrive is of interest.
    """

    def __init__(self, site: Site) -> None:
        self.done = False
        self._site = site
        self._lines: list[str] = []
        self._partial: list[str] = []  # The pieces of the line that is not ended yet.
        self._given: list[str] = []
        self._state: Literal["intro", "held", "code", "after", "off"] = "intro"
        self._fence = ""  # What closes the block; "" for code without a fence.
        self._alone = True  # Nothing but imports stood in front.
        self._held: list[str] = []
        self._writer = Writer(site.original, site.newline, site.unit)
        self._target = _Target.of(site)
        self._changed = False
        self._last = ""
        self._count = 0
        self._behind = 0
        if any(FENCE.match(line) for line in site.target):
            self._state = "off"

    def feed(self, text: str) -> str:
        """Take the next piece of the answer; return what it adds to the replacement so far."""
        self._partial.append(text)
        if "\n" not in text or self._state == "off" or self.done:  # By far most pieces.
            return ""
        *lines, rest = "".join(self._partial).split("\n")
        self._lines += lines
        self._partial = [rest]
        given = "".join(map(self._line, lines))
        self._given.append(given)
        return given

    def finish(self, complete: bool = True) -> AnswerOutcome:
        """Decide what the answer comes to.

        Args:
            complete: the model said that it has finished; False when its limit cut it off.

        Raises:
            FaultyAnswerError: it may be right when asked again with the fault named.
            ReplyError: it was cut off, or the model refuses.
        """
        answer = "\n".join([*self._lines, "".join(self._partial)])
        chosen = choose(answer, self._site, complete=complete or self.done)
        given = "".join(self._given)
        rest = chosen.text[len(given) :] if given and chosen.text.startswith(given) else None
        return AnswerOutcome(chosen.text, chosen.imports, rest)

    def _line(self, line: str) -> str:
        key = self._target.own.get(line)
        if key and self._state == "code":  # By far most lines.
            self._last = key
            self._count += 1
            return self._writer.write(line)
        line = visible(line.removesuffix("\r"), self._site.file)
        if self._state == "intro":
            return self._introduction(line)
        if self._state == "after":
            self._afterthought(line)
        elif self._state != "off" and self._fence and line.lstrip().startswith(self._fence):
            self._fence_again(line)
        elif self._state == "held":
            return self._hold(line)
        elif self._state == "code":
            return self._take(line)
        return ""

    def _introduction(self, line: str) -> str:
        fence = FENCE.match(line)
        if fence:
            self._fence = fence.group(2)
            self._state = "off" if fence.group(1) else "held"
        elif line.startswith("+import:") or not line.strip():
            return ""
        elif not is_prose(line) and self._target.opens(line):
            return self._hold(line)
        elif line.lstrip().startswith(("<", "{", ">", "[")):
            self._state = "off"
        else:
            self._alone = False
        return ""

    def _hold(self, line: str) -> str:
        """Wait for the line with which the target opens; only comments may stand before it."""
        if not self._held and (not line.strip() or is_file_name(line)):
            return ""
        self._held.append(line)
        if self._target.opens(line):
            self._state = "code"
            return "".join(map(self._take, self._held))
        if line.strip() and not self._may_precede(line):
            self._state = "off"
        return ""

    def _may_precede(self, line: str) -> bool:
        """Tell whether a line may stand above the target's first one in the new code."""
        odd = is_elision(line) or line.startswith((*_MARKS, "-", "+"))
        imports = taken_apart([line], self._site.grammar.language)[0]
        return attaches(line) and not odd and not imports and len(self._held) <= _MOST_HELD

    def _take(self, line: str) -> str:
        """Write a line, unless it shows that the answer is not simply the new code."""
        target = self._target
        key = target.keys.get(line) or plain(line)
        if line not in target.keys and unseen(line).search(line):
            self._state = "off"  # Nobody could see it: it is judged before it is written.
            return ""
        own = key in target.telling
        if own:
            again = self._count > 0 and key == target.again
        else:
            again = is_elision(line) or line.startswith(_MARKS) or self._is_behind_code(line)
        if again:
            self._state = "off"
            return ""
        if key:
            self._last = key
            self._count += 1
        self._changed = self._changed or not (own or not telling(line))
        return self._writer.write(line.rstrip() if target.tidy else line)

    def _is_behind_code(self, line: str) -> bool:
        """Tell whether a line shows that code without a fence is over."""
        return not self._fence and (is_prose(line) or FENCE.match(line) is not None)

    def _fence_again(self, line: str) -> None:
        """A block ends: the answer is over when it began with it and is all there."""
        whole = self._last == self._target.ending and 2 * self._count >= len(self._target.telling)
        over = line.strip() == self._fence and self._alone and self._changed and whole
        self._state = "after" if over else "off"

    def _afterthought(self, line: str) -> None:
        """Read on for a while: the model may take back what it wrote."""
        self._behind += len(line)
        if FENCE.match(line) or corrects(line):
            self._state = "off"
        elif self._behind > _ENOUGH:
            self.done = True
