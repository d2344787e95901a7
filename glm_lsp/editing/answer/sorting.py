"""Tells which lines of a passage belong into the target's place.

Invariant: what the passage repeats of the file around the target stays out, and must say the
same as the file; what is new stays in when it stands where the target stands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.editing.answer.elision import is_elision
from glm_lsp.editing.answer.faults import OUTSIDE
from glm_lsp.editing.answer.lines import closes, plain, similarity, telling
from glm_lsp.editing.answer.prose import names_version
from glm_lsp.editing.answer.survey import attaches, same_kind
from glm_lsp.languages import language_named

if TYPE_CHECKING:
    from glm_lsp.editing.answer.survey import Survey
    from glm_lsp.editing.answer.values import Definition

_BESIDE = (
    "`{}` is called like a function of the module but would stand inside the class: make it a"
    " method, or keep its code in the target."
)
_EXAMPLE = re.compile(
    r"\s*(?:#|//|/\*|--)\s*(?:example|usage|test|demo|sample|示例|用法|测试|使用)", re.IGNORECASE
)
_PACKAGE = re.compile(r"package [\w.]+;?$|namespace [\w.]+;$|['\"]use strict['\"];?$|#pragma once")
_MAIN = re.compile(r"if __name__ ==|func main\(\)|fn main\(\)|int main\(")


class Sorting:
    """One passage on its way.

    Args:
        lines: the passage.
        theirs: what of it is the target's.
        beside: what else it defines on the same level.
        container: what it defines around the target's.

    Attributes:
        fault: what it changes that it must not, once `keep` was asked.
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
        self.lines = lines
        self.theirs = theirs
        self.beside = beside
        self.container = container
        self.level = theirs[0].path
        self.survey = survey
        self.site = survey.site

    def keep(self) -> list[bool]:
        """Tell for each line whether it belongs into the target's place."""
        theirs = self.theirs
        keep = [False] * len(self.lines)
        owner: list[Definition | None] = [None] * len(self.lines)
        for one in [*self.beside, *theirs]:
            fresh = any(one is d for d in theirs) or self._is_new(one)
            for i in range(one.first, min(one.last + 1, len(keep))):
                owner[i], keep[i] = one, fresh
            if not fresh and not self._as_before(one):
                self.fault = OUTSIDE
        last = max(d.last for d in theirs)
        stop = self._example(last)
        for i in range(len(keep) - 1, -1, -1):
            if i >= stop:
                keep[i] = False
            elif owner[i] is None:
                keep[i] = self._loose(i, keep, last)
        for i in range(1, len(keep)):
            if not self.lines[i].strip():
                keep[i] = keep[i - 1]
        return keep

    def _is_new(self, one: Definition) -> bool:
        """Tell whether a definition is in the file neither beside the target nor in it."""
        name = one.name
        if any(d.name == name and same_kind(d, one) for d in self.survey.outer):
            return False
        path = self.survey.outer[0].path
        if (path, name) in self.survey.beside or (
            self.level != path and (one.path, name) in self.survey.beside
        ):
            return False
        if path and language_named(self.site.grammar.language).explicit_self:
            text = "\n".join(self.lines)
            called = re.search(
                rf"(?<![\w.:]){re.escape(name)}\(",
                re.sub(rf"\b(?:def|fn)\s+{re.escape(name)}\(", "", text),
            )
            if called and not one.path and not self.survey.outer[0].local:
                self.fault = _BESIDE.format(name)
        return True

    def _as_before(self, one: Definition) -> bool:
        """Tell whether lines that repeat a definition beside the target say the same."""
        known = self.survey.known | self.survey.own
        return all(
            plain(line) in known
            or is_elision(line)
            or closes(line)
            or line.strip() in ("pass", "{}", "{ }")
            or (
                line.rstrip().endswith(("...", "{ ... }", "{...}", "{ /* ... */ }"))
                and any(key.startswith(plain(re.split(r"\{|\.\.\.", line)[0])) for key in known)
            )
            for line in self.lines[one.first : one.last + 1]
            if line.strip()
        )

    def _loose(self, i: int, keep: list[bool], last: int) -> bool:
        """Tell whether a line outside every definition belongs to the target."""
        line = self.lines[i]
        key = plain(line)
        if not line.strip():
            return False
        if is_elision(line) and key not in self.survey.own:
            return self._goes_on_below(i, keep)
        below = i + 1
        if names_version(line) and key not in self.survey.own:
            return False
        if attaches(line):
            attached = below < len(keep) and keep[below] and bool(self.lines[below].strip())
            if key in self.survey.own:
                return attached or below >= len(keep) or not self.lines[below].strip()
            return attached and not self._stands_above(line)
        if key in self.survey.own and telling(line):
            return not self.container or self.container.first < i <= self.container.last
        if key in self.survey.known or closes(line) or _PACKAGE.match(line):
            return False
        return self._new_statement(i, last)

    def _goes_on_below(self, i: int, keep: list[bool]) -> bool:
        """Tell whether the target's own lines go on below a gap, outside any definition."""
        below = next((j for j in range(i + 1, len(keep)) if self.lines[j].strip()), None)
        starts = [d.first for d in (*self.theirs, *self.beside)]
        return (
            below is not None
            and keep[below]
            and below not in starts
            and plain(self.lines[below]) in self.survey.own
        )

    def _new_statement(self, i: int, last: int) -> bool:
        """Tell whether a line that the file does not have belongs to the target's place."""
        line = self.lines[i]
        if _EXAMPLE.match(line) or (self.container and line.strip() in ("pass", "...")):
            return False
        if self.container is not None and i == self.container.first:
            return False
        used = any(re.search(rf"\b{re.escape(d.name)}\b", line) for d in self.survey.outer)
        if i > last and used and not self.site.promise.instruction:
            return False  # It shows how the target is used.
        inside = self.container is None or self.container.first < i <= self.container.last
        if not inside or (
            self.level == () and self.survey.outer[0].path and not line[:1].isspace()
        ):
            self.fault = OUTSIDE
            return False
        return True

    def _stands_above(self, line: str) -> bool:
        """Tell whether a comment stands above the target already, perhaps in other words."""
        above = self.site.above
        for at in range(len(above) - 1, max(len(above) - 30, -1), -1):
            if not attaches(above[at]):
                break
            if similarity(above[at], line) >= 0.5:
                return True
        return plain(line) in self.survey.known and not closes(line)

    def _example(self, last: int) -> int:
        """Return the line behind the definitions at which an example of their use begins."""
        for i in range(last + 1, len(self.lines)):
            fresh = plain(self.lines[i]) not in self.survey.own
            if fresh and (_EXAMPLE.match(self.lines[i]) or _MAIN.match(self.lines[i])):
                return i
        return len(self.lines)
