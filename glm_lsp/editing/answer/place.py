"""Places a passage: by what it defines, and where it defines nothing by its lines.

Invariant: what the passage repeats of the file around the target must say the same as the
file, or the passage is in doubt; what is new and belongs to the target comes along.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import evolve

from glm_lsp.editing.answer.around import OUTSIDE
from glm_lsp.editing.answer.edits import Edit, Placement, reindented, settled, whole
from glm_lsp.editing.answer.elision import elisions, fill, is_elision
from glm_lsp.editing.answer.fit import GAP, NOWHERE, QUOTE, TWICE, by_lines
from glm_lsp.editing.answer.imports import taken_apart
from glm_lsp.editing.answer.lines import (
    aligned,
    closes,
    dedented,
    filled,
    plain,
    similarity,
    telling,
    trimmed,
)
from glm_lsp.editing.answer.patches import Applied, apply, parts
from glm_lsp.editing.answer.prose import names_version
from glm_lsp.editing.answer.survey import Survey, attaches, same_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.values import Definition

_RENAMED = "It does not define `{}`, which the target defines: keep its name."
_BESIDE = (
    "`{}` is called like a function of the module but would stand inside the class: make it a"
    " method, or keep its code in the target."
)
_EXAMPLE = re.compile(
    r"\s*(?:#|//|/\*|--)\s*(?:example|usage|test|demo|sample|示例|用法|测试|使用)", re.IGNORECASE
)
_PACKAGE = re.compile(r"package [\w.]+;?$|namespace [\w.]+;$|['\"]use strict['\"];?$|#pragma once")
_QUOTED = re.compile(r"\s*(?:\"{3}|'{3}|@)")
_MAIN = re.compile(r"if __name__ ==|func main\(\)|fn main\(\)|int main\(")
_BARE = re.compile(r"\s*return(?: None)?;?\s*$")
_LEAVES = re.compile(r"\s*(?:return|raise|throw|yield|break|continue|panic|sys\.exit)\b")
_CUT = "It ends before the target does: write the target to its last line."


def place(lines: Sequence[str], tag: str, survey: Survey, *, lone: bool) -> Placement | str:
    """Place the cleaned lines of a passage; return in words why they cannot be placed."""
    site = survey.site
    patch = parts(lines, tag, site.target)
    if patch is not None:
        return _patched(apply(patch, site), survey) if patch else QUOTE
    if not filled(lines):
        return "It holds no code."
    if _repeats(lines, survey):
        return Placement((), whole=True, echo=True)
    if site.promise.action == "document" and all(attaches(x) for x in lines if x.strip()):
        return _comment(lines, survey)
    imports, taken = _imports(dedented(lines), survey)
    rest = [line for i, line in enumerate(dedented(lines)) if i not in taken] if taken else lines
    if not filled(rest):
        return "It holds nothing but imports."
    found = _by_definitions(rest, survey)
    if found is None:
        found = by_lines(rest, survey, lone=lone)
    return evolve(found, imports=tuple(imports)) if isinstance(found, Placement) else found


def _comment(lines: Sequence[str], survey: Survey) -> Placement | str:
    """Put a comment that is all of an answer above the target's definition."""
    if len(survey.outer) != 1 or _QUOTED.match(lines[0]):
        return NOWHERE
    target = survey.site.target
    at = first = survey.outer[0].first - survey.first
    while first > 0 and attaches(target[first - 1]):
        first -= 1
    lead = target[at][: len(target[at]) - len(target[at].lstrip())]
    made = tuple(lead + line if line else "" for line in dedented(lines))
    return Placement((Edit(first, at, made),), whole=True)


def _repeats(lines: Sequence[str], survey: Survey) -> bool:
    """Tell whether lines are the target's, apart from where all of them begin."""
    ours, theirs = survey.site.target, lines
    if [plain(x) for x in theirs if x.strip()] != [plain(x) for x in ours if x.strip()]:
        return False
    made = reindented(theirs, ours, survey.site.unit)
    return [x.rstrip() for x in made if x.strip()] == [x.rstrip() for x in ours if x.strip()]


def _imports(lines: Sequence[str], survey: Survey) -> tuple[list[str], set[int]]:
    """Take apart imports, unless they are what the target is about."""
    language = survey.site.grammar.language
    if taken_apart(dedented(survey.site.target), language)[0]:
        return [], set()
    found, taken = taken_apart(lines, language)
    return found, set(taken)


def _patched(applied: Applied | str, survey: Survey) -> Placement | str:
    if isinstance(applied, str):
        return applied
    imports, taken = taken_apart(applied.outside, survey.site.grammar.language)
    if len(taken) < len(applied.outside):
        return OUTSIDE
    edits = tuple(Edit(start, end, new) for start, end, new in applied.edits)
    return Placement(edits, tuple(imports), whole=True, echo=not edits)


def _by_definitions(lines: Sequence[str], survey: Survey) -> Placement | str | None:
    """Place lines by what they define; None when that is nothing of the target's."""
    if not survey.outer:
        return None
    for read in (survey.read, survey.read_in_place):
        defined = read(lines)
        pairs = _matched(defined, survey.outer, lines, survey)
        if isinstance(pairs, str):
            return pairs
        if pairs:
            return _Reading(lines, defined, pairs, survey).placement()
    for read in (survey.read, survey.read_in_place):
        defined = read(lines)
        pairs = _matched(defined, survey.members, lines, survey)
        if isinstance(pairs, str):
            return pairs
        if pairs:
            return _Reading(lines, defined, pairs, survey).each()
    first = survey.outer[0]
    fresh = [d for d in survey.read(lines) if not d.local and (d.path, d.name) not in survey.beside]
    begins = fresh and same_kind(fresh[0], first) and not fresh[0].path
    if begins and len(survey.outer) == 1 and fresh[0].first <= filled(lines)[0]:
        promise = survey.site.promise
        if promise.frees:
            return Placement((whole(survey.site, lines),), whole=True)
        return _RENAMED.format(first.name)
    return None


def _matched(
    defined: list[Definition], wanted: list[Definition], lines: Sequence[str], survey: Survey
) -> list[tuple[Definition, Definition]] | str:
    """Pair what the target defines with what lines define."""
    pairs: list[tuple[Definition, Definition]] = []
    taken: list[Definition] = []
    for ours in wanted:
        found = [
            d
            for d in defined
            if d.name == ours.name and same_kind(d, ours) and _leads_to(d, ours) and d not in taken
        ]
        if not found:
            continue
        shallow = min(len(d.path) for d in found)
        found = [d for d in found if len(d.path) == shallow]
        alike = sum(o.name == ours.name and o.path == ours.path for o in wanted)
        if len(found) > alike:
            old = _body(survey.site.target, ours, survey.first)
            fresh = [d for d in found if _body(lines, d, 0) != old]
            versions = {tuple(_body(lines, d, 0)): d for d in fresh}
            if len(versions) > 1:
                return TWICE
            taken += found
            found = list(versions.values()) or found[-1:]
        taken.append(found[0])
        pairs.append((ours, found[0]))
    return pairs


def _leads_to(theirs: Definition, ours: Definition) -> bool:
    """Tell whether the names around one definition are the last ones around the other."""
    count = len(theirs.path)
    if count == 0:
        return True
    path = ours.path[-count:] if count <= len(ours.path) else ()
    return theirs.path == path or theirs.path[-len(ours.path) :] == ours.path != ()


def _body(lines: Sequence[str], one: Definition, first: int) -> list[str]:
    return [x.strip() for x in lines[one.first - first : one.last - first + 1] if x.strip()]


class _Reading:
    """A passage that defines something of the target's."""

    def __init__(
        self,
        lines: Sequence[str],
        defined: list[Definition],
        pairs: list[tuple[Definition, Definition]],
        survey: Survey,
    ) -> None:
        self.lines = list(lines)
        self.pairs = pairs
        self.survey = survey
        self.site = survey.site
        self.level = pairs[0][1].path
        self.fault: str | None = None
        theirs = [d for _, d in pairs]
        self.beside = [
            d for d in defined if d.path == self.level and not any(d is t for t in theirs)
        ]
        self.container = next(
            (
                d
                for d in defined
                if (*d.path, d.name) == self.level
                and self.level
                and d.first <= theirs[0].first
                and theirs[-1].last <= d.last
            ),
            None,
        )
        self.defined = defined
        self.keep = self._kept(theirs)

    def placement(self) -> Placement | str:
        """Return where the passage goes as a whole, or part by part."""
        if self.fault:
            return self.fault
        outer = self.survey.outer
        if any(self._copies(d) for d in self.beside if self.keep[d.first]):
            return TWICE
        if self._lacks_members():
            return self.each_member()
        if len(self.pairs) < len(outer) or not self._covers():
            return self.each()
        first, last = outer[0].first - self.survey.first, outer[-1].last - self.survey.first
        lines = trimmed([line for i, line in enumerate(self.lines) if self.keep[i]])
        if attaches(lines[0]):
            first = self._attached_from(first)
        edit = self._edit(first, last + 1, lines, self.pairs[-1][1])
        return Placement((edit,), whole=True) if isinstance(edit, Edit) else edit

    def _copies(self, one: Definition) -> bool:
        """Tell whether a new definition is the target's under another name."""
        mine = set(_body(self.lines, one, 0)[1:])
        ours, theirs = self.pairs[0]
        own = _body(self.site.target, ours, self.survey.first)
        unchanged = own == _body(self.lines, theirs, 0)
        return len(self.pairs) == 1 and unchanged and bool(mine) and mine <= set(own[1:])

    def each(self) -> Placement | str:
        """Replace each definition by itself."""
        if self.fault:
            return self.fault
        edits: list[Edit] = []
        ends = [theirs.last for _, theirs in self.pairs]
        done = 0
        for at, (ours, theirs) in enumerate(self.pairs):
            stop = theirs.last + 1 if at + 1 < len(self.pairs) else len(self.lines)
            stop = max(stop, ends[at] + 1)
            lines = trimmed([self.lines[i] for i in range(done, stop) if self.keep[i]])
            done = stop
            if not lines:
                return QUOTE
            first = ours.first - self.survey.first
            if attaches(lines[0]):
                first = self._attached_from(first)
            edit = self._edit(first, ours.last - self.survey.first + 1, lines, theirs)
            if not isinstance(edit, Edit):
                return edit
            edits.append(edit)
        edits.sort()
        if any(a.end > b.start for a, b in pairwise(edits)):
            return TWICE
        return Placement(tuple(edits), whole=len(self.pairs) == len(self.survey.outer))

    def each_member(self) -> Placement | str:
        """Replace the members that the passage shows; those that it does not show stay."""
        pairs = _matched(
            [d for d in self.defined if len(d.path) == len(self.level) + 1],
            self.survey.members,
            self.lines,
            self.survey,
        )
        if isinstance(pairs, str):
            return pairs
        if not pairs:
            return GAP
        return _Reading(self.lines, self.defined, pairs, self.survey).each()

    def _edit(self, start: int, end: int, lines: list[str], last: Definition) -> Edit | str:
        original = self.site.target[start:end]
        made = reindented(lines, original, self.site.unit)
        kept = {place - self.survey.first - start for place in self.site.promise.places}
        if elisions(made, original):
            strict = not self.site.promise.frees
            filled_up = fill(settled(made, original), original, kept, strict=strict)
            if filled_up is None:
                return GAP
            made = filled_up
        elif _ends_early(self.lines[last.first : last.last + 1], original, kept):
            return self._only_begun(start, end, made)
        return Edit(start, end, tuple(trimmed(made)))

    def _only_begun(self, start: int, end: int, lines: list[str]) -> Edit | str:
        """Keep the end of a definition that the answer does not come to."""
        promise = self.site.promise
        if promise.frees or not promise.careful:
            return Edit(start, end, tuple(trimmed(lines))) if promise.frees else _CUT
        original = self.site.target[start:end]
        pairs = aligned(original, lines)
        last = pairs[-1] if pairs else None
        if last is None or last[1] != len(lines) - 1:
            return _CUT
        return Edit(start, start + last[0] + 1, tuple(lines))

    def _covers(self) -> bool:
        """Tell whether the passage has what stands between the target's definitions."""
        if len(self.pairs) == 1:
            return True
        own = {plain(line) for line in self.lines}
        places = {i for ours, _ in self.pairs for i in range(ours.first, ours.last + 1)}
        first, last = self.survey.outer[0].first, self.survey.outer[-1].last
        order = [theirs.first for _, theirs in self.pairs]
        return order == sorted(order) and all(
            plain(self.site.target[i - self.survey.first]) in own
            for i in range(first, last + 1)
            if i not in places and self.site.target[i - self.survey.first].strip()
        )

    def _lacks_members(self) -> bool:
        """Tell whether members of the target are missing without having been asked away."""
        if elisions(self.lines, self.site.target):
            return False
        there = {d.name for d in self.defined if len(d.path) > len(self.level)}
        missing = [d.name for d in self.survey.members if d.name not in there]
        return bool(missing) and not self._may_go(missing)

    def _may_go(self, missing: Sequence[str]) -> bool:
        promise = self.site.promise
        if promise.action not in ("edit", "refactor"):
            return any(name in " ".join(promise.problems) for name in missing)
        return promise.frees or any(name in promise.instruction for name in missing)

    def _attached_from(self, first: int) -> int:
        """Return the first of the comments and decorators of the target's above a line."""
        while first > 0 and attaches(self.site.target[first - 1]):
            first -= 1
        return first

    def _kept(self, theirs: list[Definition]) -> list[bool]:
        """Tell for each line whether it belongs into the target's place."""
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
        if path and self.site.grammar.language in ("python", "rust"):
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
            return False
        below = i + 1
        if names_version(line) and key not in self.survey.own:
            return False
        if attaches(line):
            attached = below < len(keep) and keep[below] and bool(self.lines[below].strip())
            if key in self.survey.own:
                return True
            return attached and not self._stands_above(line)
        if key in self.survey.own and telling(line):
            return not self.container or self.container.first < i <= self.container.last
        if key in self.survey.known or closes(line) or _PACKAGE.match(line):
            return False
        return self._new_statement(i, last)

    def _new_statement(self, i: int, last: int) -> bool:
        """Tell whether a line that the file does not have belongs to the target's place."""
        line = self.lines[i]
        if _EXAMPLE.match(line) or (self.container and line.strip() in ("pass", "...")):
            return False
        if self.container is not None and i == self.container.first:
            return False
        used = any(re.search(rf"\b{re.escape(d.name)}\b", line) for d in self.survey.outer)
        if i > last and used and self.site.promise.action != "edit":
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


def _ends_early(lines: Sequence[str], original: Sequence[str], places: set[int]) -> bool:
    """Tell whether lines stop before the end of the definition that they replace.

    They do when their last line stands in the original, unchanged, with more code behind it
    that no problem is about; or when a definition that leaves with a value does not any more.
    """
    old, new = filled(original), [x for x in lines if x.strip()]
    if not old or not new:
        return False
    if len(old) > len(new) and new[-1].rstrip().endswith((":", "{")):
        return True
    pairs = aligned(original, new)
    if not pairs or pairs[-1][1] != len(new) - 1:
        return bool(_LEAVES.match(original[old[-1]])) and not _LEAVES.match(new[-1])
    end, _, same = pairs[-1]
    tail = [i for i in old if i > end and not closes(original[i]) and not _BARE.match(original[i])]
    if not tail or places.intersection(tail):
        return False
    return same == 1.0 or (bool(_LEAVES.match(original[old[-1]])) and not _LEAVES.match(new[-1]))
