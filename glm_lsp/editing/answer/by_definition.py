"""Places a passage that defines something of the target's.

Invariant: a definition is replaced as a whole, or as far as the passage goes where it only
begins it; what the passage does not show stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.editing.answer.definitions import attaches, body, paired, same_kind
from glm_lsp.editing.answer.edits import Edit, Placement, filled_up, over, reindented, whole
from glm_lsp.editing.answer.elision import elisions
from glm_lsp.editing.answer.faults import CUT, GAP, NOWHERE, QUOTE, TWICE
from glm_lsp.editing.answer.lines import (
    aligned,
    closes,
    dedented,
    filled,
    keys,
    lead_of,
    names,
    plain,
    solid,
    telling,
    trimmed,
)
from glm_lsp.editing.answer.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.definitions import Survey
    from glm_lsp.editing.answer.values import Definition

_RENAMED = "It does not define `{}`, which the target defines: keep its name."
_QUOTED = re.compile(r"\s*(?:\"{3}|'{3}|@)")


def _without_dots(lines: Sequence[str]) -> list[str]:
    """Return lines without the dots at both ends that stand for the rest of the file."""
    full = filled(lines)
    if not all(lines[i].rstrip() in ("...", "…") for i in (full[0], full[-1])):
        return list(lines)
    return trimmed(lines[full[0] + 1 : full[-1]])


def by_definition(lines: Sequence[str], survey: Survey) -> Placement | str | None:
    """Place lines by what they define; None when that is nothing of the target's."""
    if not survey.outer:
        return None
    lines = _without_dots(lines)
    for wanted in (survey.outer, survey.members):
        for read in (survey.read, survey.read_in_place):
            defined = read(lines)
            pairs = paired(defined, wanted, lines, survey)
            if isinstance(pairs, str):
                return pairs
            if pairs:
                found = Redefinition(lines, defined, pairs, survey)
                return found.placement() if wanted is survey.outer else found.each()
    return _renamed(lines, survey)


def _renamed(lines: Sequence[str], survey: Survey) -> Placement | str | None:
    """Place lines that define something else instead of the target's one definition."""
    first = survey.outer[0]
    fresh = [d for d in survey.read(lines) if not d.local and (d.path, d.name) not in survey.beside]
    if len(survey.outer) > 1 or not fresh or fresh[0].first > filled(lines)[0]:
        return None
    if fresh[0].path or not same_kind(fresh[0], first):
        return None
    if survey.site.promise.frees:
        return Placement((whole(survey.site, lines),), whole=True)
    return _RENAMED.format(first.name)


def comment_of(lines: Sequence[str], survey: Survey) -> Placement | str | None:
    """Place a comment, perhaps with the head of the definition, that is all of an answer."""
    code = keys(line for line in lines if not attaches(line))
    if not survey.site.promise.comments_only or (code and len(survey.outer) != 1):
        return None
    if code:
        return _head_of(lines, code, survey)
    if len(survey.outer) != 1 or _QUOTED.match(lines[0]):
        return NOWHERE
    at = survey.outer[0].first - survey.first
    lead = lead_of(survey.site.target[at])
    made = tuple(lead + line if line else "" for line in dedented(lines))
    return Placement((Edit(_attached_from(at, survey), at, made),), whole=True)


def _head_of(lines: Sequence[str], code: Sequence[str], survey: Survey) -> Placement | None:
    """Place the head of the definition with its documentation; None if there is more."""
    target = survey.site.target
    at = survey.outer[0].first - survey.first
    own = [i for i in filled(target) if i >= at]
    if len(code) >= len(own) or code != keys(target[i] for i in own[: len(code)]):
        return None
    gaps = set(elisions(lines, target))
    head = [line for i, line in enumerate(lines) if i not in gaps]
    return Placement((over(survey.site, at, own[len(code) - 1] + 1, head),))


class Redefinition:
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
        theirs = [d for _, d in pairs]
        self.beside = [d for d in defined if d.path == self.level and d not in theirs]
        around = [d for d in defined if (*d.path, d.name) == self.level != ()]
        within = [d for d in around if d.first <= theirs[0].first and theirs[-1].last <= d.last]
        container = within[0] if within else None
        selection = Selection(self.lines, theirs, self.beside, container, survey)
        self.keep, self.fault = selection.keep, selection.fault

    def placement(self) -> Placement | str:
        """Return where the passage goes as a whole, or part by part."""
        if self.fault:
            return self.fault
        outer = self.survey.outer
        if any(self._copies(d) for d in self.beside if self.keep[d.first]):
            return TWICE
        if len(self.pairs) < len(outer) or not self._covers():
            return self.each()
        first, last = outer[0].first - self.survey.first, outer[-1].last - self.survey.first
        lines = trimmed([line for i, line in enumerate(self.lines) if self.keep[i]])
        if attaches(lines[0]):
            first = _attached_from(first, self.survey)
        edit = self._edit(first, last + 1, lines, self.pairs[-1][1])
        return Placement((edit,), whole=True) if isinstance(edit, Edit) else edit

    def _copies(self, one: Definition) -> bool:
        """Tell whether a new definition is the target's under another name."""
        mine = set(body(self.lines, one)[1:])
        ours, theirs = self.pairs[0]
        own = body(self.site.target, ours, self.survey.first)
        unchanged = own == body(self.lines, theirs)
        return len(self.pairs) == 1 and unchanged and bool(mine) and mine <= set(own[1:])

    def each(self) -> Placement | str:
        """Replace each definition by itself."""
        if self.fault:
            return self.fault
        edits: list[Edit] = []
        order = sorted(self.pairs, key=lambda pair: pair[1].first)
        done = 0
        for at, (ours, theirs) in enumerate(order):
            stop = theirs.last + 1 if at + 1 < len(order) else len(self.lines)
            lines = trimmed([self.lines[i] for i in range(done, stop) if self._goes_along(i)])
            done = stop
            if not lines:
                return QUOTE
            first = ours.first - self.survey.first
            if attaches(lines[0]):
                first = _attached_from(first, self.survey)
            edit = self._edit(first, ours.last - self.survey.first + 1, lines, theirs)
            if not isinstance(edit, Edit):
                return edit
            edits.append(edit)
        return Placement(tuple(sorted(edits)), whole=len(self.pairs) == len(self.survey.outer))

    def _goes_along(self, i: int) -> bool:
        """Tell whether a line goes with the definition that follows it, or is in one."""
        inside = any(theirs.first <= i <= theirs.last for _, theirs in self.pairs)
        own = plain(self.lines[i]) in self.survey.own and not attaches(self.lines[i])
        return self.keep[i] and (inside or not own or not self.lines[i].strip())

    def _edit(self, start: int, end: int, lines: list[str], last: Definition) -> Edit | str:
        original = self.site.target[start:end]
        made = reindented(lines, original, self.site.unit)
        kept = {place - self.survey.first - start for place in self.site.promise.places}
        if elisions(made, original):
            complete = filled_up(lines, original, self.survey.first + start, self.site)
            if complete is None or self._strays(made, original):
                return GAP
            made = complete
        elif ends_early(self.lines[last.first : last.last + 1], original, kept):
            return self._only_begun(start, end, made)
        return Edit(start, end, tuple(trimmed(made)))

    def _strays(self, lines: Sequence[str], original: Sequence[str]) -> bool:
        """Tell whether lines with gaps hold some of the file's from elsewhere: gaps too wide."""
        own = {plain(line) for line in original}
        return any(
            telling(line) and plain(line) not in own and plain(line) in self.survey.own
            for line in lines
        )

    def _only_begun(self, start: int, end: int, lines: list[str]) -> Edit | str:
        """Keep the end of a definition that the answer does not come to."""
        if self.site.promise.frees:
            return Edit(start, end, tuple(lines))
        last = aligned(self.site.target[start:end], lines)[-1:]
        if not self.site.promise.careful or not last or last[0][1] != len(lines) - 1:
            return CUT
        return Edit(start, start + last[0][0] + 1, tuple(lines))

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


def _attached_from(first: int, survey: Survey) -> int:
    """Return the first of the comments and decorators of the target's above a line."""
    while first > 0 and attaches(survey.site.target[first - 1]):
        first -= 1
    return first


_BARE = re.compile(r"\s*return(?: None)?;?\s*$")
_LEAVES = re.compile(r"\s*(?:return|raise|throw|yield|break|continue|panic|sys\.exit)\b")


def ends_early(lines: Sequence[str], original: Sequence[str], places: set[int]) -> bool:
    """Tell whether lines stop before the end of the definition that they replace.

    They do when their last line stands in the original, unchanged, with more code behind it
    that no problem is about; or when a definition that leaves with a value does not any more.
    """
    old, new = filled(original), solid(lines)
    if len(old) > len(new) and new[-1].rstrip().endswith((":", "{")):
        return True
    if _lost_at_the_end(new, original, places):
        return True
    stays = bool(_LEAVES.match(original[old[-1]])) and not _leaves(new)
    last = aligned(original, new)[-1:]
    if not last or last[0][1] != len(new) - 1:
        return stays
    behind = {i for i in old if i > last[0][0] and not _says_little(original[i])}
    return bool(behind) and not places & behind and (last[0][2] == 1.0 or stays)


def _says_little(line: str) -> bool:
    return closes(line) or _BARE.match(line) is not None


def _lost_at_the_end(new: Sequence[str], original: Sequence[str], places: set[int]) -> bool:
    """Tell whether the original's last line does something with what lines do not name at all."""
    last = next((i for i in reversed(filled(original)) if not closes(original[i])), None)
    if last is None or last in places or _LEAVES.match(original[last]) or _leaves(new):
        return False
    called = re.findall(r"\b(\w+)\s*\(", original[last])
    return bool(called) and not names("\n".join(new)).intersection(called)


def _leaves(lines: Sequence[str]) -> bool:
    """Tell whether lines end by leaving, no deeper than the body that they are."""
    last = next((line for line in reversed(lines) if not closes(line)), "")
    body = lines[1] if len(lines) > 1 else last
    return bool(_LEAVES.match(last)) and len(lead_of(last)) <= len(lead_of(body))
