"""What the file defines: in the target, beside it and around it.

Invariant: it is read once for each answer; lines are those of the whole file.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from glm_lsp.editing.answer.faults import TWICE
from glm_lsp.editing.answer.lines import dedented, plain, unix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.values import Definition, Site

_FUNCTION = re.compile(r"func|method|lexical|variable|constructor|arrow")
_COMMENT = re.compile(r"\s*(?:#|//|/\*|\*|--|@|\"{3}|'{3}|\[[A-Z])")


class Survey:
    """The definitions of one file, seen from the target."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.first = len(site.above)
        self.last = self.first + len(site.target) - 1

    @cached_property
    def every(self) -> list[Definition]:
        """All definitions of the file."""
        return list(self.site.grammar.definitions(unix(self.site.file)))

    @cached_property
    def inside(self) -> list[Definition]:
        """Those that lie within the target."""
        return [d for d in self.every if self.first <= d.first and d.last <= self.last]

    @cached_property
    def outer(self) -> list[Definition]:
        """Those within the target that lie in no other one of it."""
        return [
            d
            for d in self.inside
            if not any(
                o is not d and o.first <= d.first and d.last <= o.last and len(o.path) < len(d.path)
                for o in self.inside
            )
        ]

    @cached_property
    def around(self) -> Definition | None:
        """The smallest one that the target is a part of."""
        found = [d for d in self.every if d.first <= self.first and self.last <= d.last]
        found = [d for d in found if d not in self.inside]
        return max(found, key=lambda d: d.first, default=None)

    @cached_property
    def members(self) -> list[Definition]:
        """Those that lie in another one of the target, but in no function."""
        return [d for d in self.inside if d not in self.outer and not d.local]

    @cached_property
    def beside(self) -> set[tuple[tuple[str, ...], str]]:
        """The paths and names of what is defined outside the target."""
        return {(d.path, d.name) for d in self.every if d not in self.inside}

    @cached_property
    def known(self) -> set[str]:
        """What stands on the file's lines outside the target."""
        return self.site.known()

    @cached_property
    def own(self) -> set[str]:
        """What stands on the target's lines."""
        return {plain(line) for line in self.site.target}

    def read(self, lines: Sequence[str]) -> list[Definition]:
        """Return what lines of an answer define by themselves."""
        return list(self.site.grammar.definitions("\n".join([*dedented(lines), ""])))

    def read_in_place(self, lines: Sequence[str]) -> list[Definition]:
        """Return what lines define in the target's place, in lines counted from theirs."""
        text = "\n".join([*self.site.above, *lines, *self.site.below, ""])
        last = self.first + len(lines) - 1
        return [
            _Moved(d, self.first)
            for d in self.site.grammar.definitions(text)
            if self.first <= d.first and d.last <= last
        ]


class _Moved:
    """A definition, its lines counted from another one."""

    def __init__(self, inner: Definition, by: int) -> None:
        self.name, self.kind = inner.name, inner.kind
        self.first, self.last = inner.first - by, inner.last - by
        self.path, self.local = inner.path, inner.local
        self.plain, self.public = inner.plain, inner.public


def same_kind(one: Definition, other: Definition) -> bool:
    """Tell whether two definitions are both functions, or of one kind."""
    if one.kind == other.kind:
        return True
    if ":" in one.kind + other.kind:
        return False
    return bool(_FUNCTION.search(one.kind)) == bool(_FUNCTION.search(other.kind)) and not (
        {one.kind, other.kind} == {"struct_item", "impl_item"}
        or "impl_item" in (one.kind, other.kind)
    )


def attaches(line: str) -> bool:
    """Tell whether a line is a comment, a decorator or an attribute: what stands above code."""
    return _COMMENT.match(line) is not None


def paired(
    defined: list[Definition], wanted: list[Definition], lines: Sequence[str], survey: Survey
) -> list[tuple[Definition, Definition]] | str:
    """Pair what the target defines with what lines define."""
    pairs: list[tuple[Definition, Definition]] = []
    for ours in wanted:
        taken = [theirs for _, theirs in pairs]
        found = [d for d in defined if d not in taken and _is_version(d, ours)]
        if len(found) > sum(o.name == ours.name and o.path == ours.path for o in wanted):
            old = body(survey.site.target, ours, survey.first)
            versions = {tuple(body(lines, d)): d for d in found}
            versions.pop(tuple(old), None)
            # What stands between several definitions cannot be told apart.
            if len(versions) > 1 or len(wanted) > 1:
                return TWICE
            found = list(versions.values()) or found[-1:]
        pairs += [(ours, theirs) for theirs in found[:1]]
    return pairs


def _is_version(theirs: Definition, ours: Definition) -> bool:
    return theirs.name == ours.name and same_kind(theirs, ours) and _leads_to(theirs, ours)


def _leads_to(theirs: Definition, ours: Definition) -> bool:
    """Tell whether the names around one definition are the last ones around the other."""
    count = len(theirs.path)
    if count == 0:
        return True
    path = ours.path[-count:] if count <= len(ours.path) else ()
    return theirs.path == path or theirs.path[-len(ours.path) :] == ours.path != ()


def body(lines: Sequence[str], one: Definition, first: int = 0) -> list[str]:
    """Return the lines of a definition; `first` is the line that `lines` begin with."""
    return [x.strip() for x in lines[one.first - first : one.last - first + 1] if x.strip()]
