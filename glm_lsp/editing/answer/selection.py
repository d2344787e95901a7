"""Selects the lines of a passage that belong into the target's place.

Invariant: what the passage repeats of the file around the target stays out, and must say the
same as the file; what is new stays in when it stands where the target stands.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING

from glm_lsp.editing.answer.definitions import attaches
from glm_lsp.editing.answer.elision import is_elision
from glm_lsp.editing.answer.faults import OUTSIDE
from glm_lsp.editing.answer.lines import ALIKE, closes, plain, similarity, telling
from glm_lsp.editing.answer.prose import names_version
from glm_lsp.languages import language_named

if TYPE_CHECKING:
    from glm_lsp.editing.answer.definitions import Survey
    from glm_lsp.editing.answer.values import Definition

_BESIDE = (
    "`{}` is called like a function of the module but would stand inside the class: make it a"
    " method, or keep its code in the target."
)
_REMARK = re.compile(r"\{\s*/\*")
_EXAMPLE = re.compile(
    r"\s*(?:#|//|/\*|--)\s*(?:example|usage|test|demo|sample|示例|用法|测试|使用)", re.IGNORECASE
)
_CALLED = re.compile(r"(?<![\w.:])(?<!def )(?<!fn )(\w+)\(")
_PACKAGE = re.compile(r"package [\w.]+;?$|namespace [\w.]+;$|['\"]use strict['\"];?$|#pragma once")
_MAIN = re.compile(r"if __name__ ==|func main\(\)|fn main\(\)|int main\(")


class Selection:
    """What of one passage is kept.

    Args:
        lines: the passage.
        theirs: what of it is the target's.
        beside: what else it defines on the same level.
        container: what it defines around the target's.

    Attributes:
        keep: for each line, whether it belongs into the target's place.
        fault: what the passage changes that it must not.
    """

    def __init__(
        self,
        lines: list[str],
        theirs: list[Definition],
        beside: list[Definition],
        container: Definition | None,
        survey: Survey,
    ) -> None:
        self.fault: str | None = None
        self._lines = lines
        self._theirs = theirs
        self._beside = beside
        self._inside = range(container.first + 1, container.last + 1) if container else None
        self._survey = survey
        self._known = survey.known | survey.own
        self._last = max(d.last for d in theirs)
        self.keep = self._defined()
        self._add_loose()

    def _defined(self) -> list[bool]:
        """Keep the definitions that are the target's, and those that are new."""
        keep = [False] * len(self._lines)
        for one in self._beside:
            fresh = self._is_new(one)
            keep[one.first : one.last + 1] = [fresh] * (one.last + 1 - one.first)
            if not fresh and not all(map(self._repeats, self._lines[one.first : one.last + 1])):
                self.fault = OUTSIDE
        for one in self._theirs:
            keep[one.first : one.last + 1] = [True] * (one.last + 1 - one.first)
        return keep[: len(self._lines)]

    def _add_loose(self) -> None:
        """Keep the lines outside every definition that belong to the target."""
        keep, lines = self.keep, self._lines
        owned = {i for d in (*self._beside, *self._theirs) for i in range(d.first, d.last + 1)}
        stop = next(filter(self._opens_example, range(self._last + 1, len(lines))), len(lines))
        for i in range(len(lines) - 1, -1, -1):
            if i >= stop:
                keep[i] = False
            elif i not in owned:
                keep[i] = bool(lines[i].strip()) and self._is_loose(i)
        for i in range(1, len(lines)):
            if not lines[i].strip():
                keep[i] = keep[i - 1]

    def _is_new(self, one: Definition) -> bool:
        """Tell whether a definition is in the file neither beside the target nor in it."""
        outer = self._survey.outer
        paths = {outer[0].path, self._theirs[0].path and one.path}
        if any(d.name == one.name for d in outer) or any(
            (path, one.name) in self._survey.beside for path in paths
        ):
            return False
        language = language_named(self._survey.site.grammar.language)
        apart = outer[0].path and not one.path and language.explicit_self
        if apart and one.name in self._called:
            self.fault = _BESIDE.format(one.name)
        return True

    @cached_property
    def _called(self) -> set[str]:
        """The names that the passage calls as functions, read once for all of them."""
        return set(_CALLED.findall("\n".join(self._lines)))

    @cached_property
    def _use(self) -> re.Pattern[str]:
        """What a use of the target's definitions looks like."""
        every = "|".join(re.escape(one.name) for one in self._survey.outer)
        return re.compile(rf"\b(?:{every})\b")

    @cached_property
    def _in_order(self) -> list[str]:
        """What is known, in an order in which what begins alike stands together."""
        return sorted(self._known)

    def _is_begun(self, said: str) -> bool:
        """Tell whether something that is known begins like this."""
        at = bisect_left(self._in_order, said)
        return at < len(self._in_order) and self._in_order[at].startswith(said)

    def _repeats(self, line: str) -> bool:
        """Tell whether a line of a definition beside the target says nothing new."""
        said = plain(_without_body(line))
        return (
            not line.strip()
            or plain(line) in self._known
            or is_elision(line)
            or closes(line)
            or line.strip() == "pass"
            or (said != plain(line) and self._is_begun(said))
        )

    def _is_loose(self, i: int) -> bool:
        """Tell whether a line outside every definition belongs to the target."""
        line, key = self._lines[i], plain(self._lines[i])
        own = key in self._survey.own
        if is_elision(line) and not own:
            return self._goes_on_below(i)
        if attaches(line):
            return self._is_attached(i, own=own)
        if own and telling(line):
            return self._inside is None or i in self._inside
        if key in self._survey.known or closes(line) or _PACKAGE.match(line):
            return False
        return self._is_new_statement(i)

    def _is_attached(self, i: int, *, own: bool) -> bool:
        """Tell whether a comment or a decorator stands above what is kept, and is not there yet."""
        below = i + 1 < len(self._lines) and bool(self._lines[i + 1].strip())
        if own or not below:
            return own and (not below or self.keep[i + 1])
        line = self._lines[i]
        return self.keep[i + 1] and not (names_version(line) or self._stands_above(line))

    def _goes_on_below(self, i: int) -> bool:
        """Tell whether the target's own lines go on below a gap, outside any definition."""
        below = next((j for j in range(i + 1, len(self.keep)) if self._lines[j].strip()), None)
        starts = {d.first for d in (*self._theirs, *self._beside)}
        if below is None or below in starts:
            return False
        return self.keep[below] and plain(self._lines[below]) in self._survey.own

    def _is_new_statement(self, i: int) -> bool:
        """Tell whether a line that the file does not have belongs to the target's place."""
        line, outer = self._lines[i], self._survey.outer
        if self._inside is not None and (
            line.strip() in ("pass", "...") or i + 1 in self._inside[:1]
        ):
            return False
        late = i > self._last and not self._survey.site.promise.heeds
        if late and self._use.search(line):
            return False  # It shows how the target is used.
        out = outer[0].path and not self._theirs[0].path and not line[:1].isspace()
        if out or (self._inside is not None and i not in self._inside):
            self.fault = OUTSIDE
            return False
        return True

    def _stands_above(self, line: str) -> bool:
        """Tell whether a comment stands above the target already, perhaps in other words."""
        for above in reversed(self._survey.site.above[-30:]):
            if not attaches(above):
                break
            if similarity(above, line) >= ALIKE:
                return True
        return plain(line) in self._survey.known and not closes(line)

    def _opens_example(self, i: int) -> bool:
        """Tell whether a line begins an example of the target's use."""
        line = self._lines[i]
        example = _EXAMPLE.match(line) or _MAIN.match(line)
        return example is not None and plain(line) not in self._survey.own


def _without_body(line: str) -> str:
    """Return a line without what stands for a body in it, such as `{ ... }` at its end."""
    if line.endswith("..."):
        return line[:-3]
    inside = line.removesuffix("}").rstrip()
    if not line.endswith("}"):
        return line
    if inside.endswith("*/"):
        remark = _REMARK.search(line)
        return line[: remark.start()] if remark and remark.end() <= len(inside) - 2 else line
    before = inside.removesuffix("...").rstrip()
    return before[:-1] if before.endswith("{") else line
