"""Patches as answers: unified diffs, search and replace, `*** Begin Patch`.

Invariant: a patch is applied where its old lines stand in the file, whatever its numbers say,
and only where that is one place; what does not apply is a fault, never a guess.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.editing.answer.edits import Edit, reindented
from glm_lsp.editing.answer.lines import filled, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.values import Site

_AT = re.compile(r"^@@+(?: -(\d+)\S* \+\d+\S* @@+)?.*$")
_HEAD = re.compile(
    r"^(?:diff --git |index [0-9a-f]+|--- |\+\+\+ |(?:new|deleted) file|similarity|rename |old mode"
    r"|new mode|\*\*\* |\\ No newline|={3,}$|Index: )"
)
_SEARCH = re.compile(
    r"^\s*(?:<{3,}\s*(?:SEARCH|ORIGINAL|HEAD|OLD|BEFORE|CURRENT)?\b.*|-{3,}\s*SEARCH\b.*"
    r"|\[?(?:SEARCH|FIND|OLD)\]?:?)\s*$",
    re.IGNORECASE,
)
_DIVIDER = re.compile(
    r"^\s*(?:={3,}|-{3,}\s*REPLACE\b.*|\[?/?(?:REPLACE|REPLACE WITH|NEW)\]?:?"
    r"|={3,}\s*(?:REPLACE|NEW).*)\s*$",
    re.IGNORECASE,
)
_END = re.compile(r"^\s*(?:>{3,}.*|\+{3,}\s*REPLACE\b.*|\[/(?:REPLACE|NEW)\])\s*$", re.IGNORECASE)

_HEADS = ("@@", "*** Begin Patch", "diff --git ", "*** Update File")


@frozen
class PatchPart:
    """Old lines that become new ones; `near` is the 0-based line the patch names, if any."""

    old: tuple[str, ...] = field(repr=False)
    new: tuple[str, ...] = field(repr=False)
    near: int | None = None


def parts(
    lines: Sequence[str], tag: str = "", original: Sequence[str] = ()
) -> list[PatchPart] | None:
    """Return what a patch changes; None when lines are no patch."""
    found = _search_and_replace(lines)
    if found:
        return found
    return _unified(lines, set(original)) if _is_diff(lines, tag, original) else None


def _search_and_replace(lines: Sequence[str]) -> list[PatchPart]:
    """Return what stands between the marks of searches, dividers and ends."""
    found: list[PatchPart] = []
    searched: list[str] = []
    old: list[str] | None = None
    new: list[str] | None = None
    for line in [*lines, ">>>>>>>"]:
        if _SEARCH.match(line) or _END.match(line):
            if old is not None and new is not None:
                found.append(PatchPart(tuple(old), tuple(new)))
            old, new = ([] if _SEARCH.match(line) else None), None
            searched = [] if old is None else old
        elif old is not None and new is None and _DIVIDER.match(line):
            new = searched = []
        elif re.match(r"\|{3,}", line):
            searched = []  # What both sides come from.
        else:
            searched.append(line)
    return found


def _is_diff(lines: Sequence[str], tag: str, original: Sequence[str]) -> bool:
    """Tell whether lines are a diff: by a head, by their tag, or by the signs at their left."""
    if any(line.startswith(_HEADS) for line in lines):
        return True
    minus = [line for line in lines if line.startswith("-")]
    plus = [line for line in lines if line.startswith("+")]
    if tag in ("diff", "patch", "udiff") or any(line.startswith("--- ") for line in minus):
        return bool(plus or minus)
    own = {plain(line) for line in original}
    return bool(plus) and any(plain(x[1:]) in own and plain(x) not in own for x in minus)


def _unified(lines: Sequence[str], known: set[str]) -> list[PatchPart]:
    """Return what the signs at the left of lines say, one part for each head of a hunk."""
    signs = ("-", "+", " ") if _marks_context(lines, known) else ("-", "+")
    found: list[PatchPart] = []
    for near, hunk in _hunks(lines):
        body = [line if line[:1] in signs else " " + line for line in hunk]
        old = tuple(line[1:] for line in body if line[0] != "+")
        new = tuple(line[1:] for line in body if line[0] != "-")
        if old != new:
            found.append(PatchPart(old, new, near))
    return found


def _marks_context(lines: Sequence[str], known: set[str]) -> bool:
    """Tell whether the lines of a diff that stay have a space in front, as they should."""
    context = [line for line in lines if line.startswith(" ") and line.strip()]
    return sum(x[1:] in known for x in context) >= sum(x in known for x in context)


def _hunks(lines: Sequence[str]) -> list[tuple[int | None, list[str]]]:
    """Return the lines below each head of a diff, and the line of the file that it names."""
    hunks: list[tuple[int | None, list[str]]] = [(None, [])]
    for line in lines:
        if at := _AT.match(line):
            hunks.append((int(at.group(1)) - 1 if at.group(1) else None, []))
        elif not _HEAD.match(line) or (line.startswith("--- ") and hunks[-1][1]):
            hunks[-1][1].append(line)
    return hunks


def apply(found: Sequence[PatchPart], site: Site) -> tuple[list[Edit], list[str]] | str:
    """Place a patch; return edits of the target, and lines added above it, or what is wrong."""
    file = [*site.above, *site.target, *site.below]
    first, last = len(site.above), len(site.above) + len(site.target)
    edits: list[Edit] = []
    added: list[str] = []
    for part in found:
        place = _place(part, file, site)
        if isinstance(place, str):
            return place
        start, end, new = _narrowed(place, part, file, site.unit)
        above = end <= first and not (start == end == first and edits)
        if above and start == end and filled(new):
            added += [line for line in new if line.strip()]
        elif above or start < first or end > last:
            return "The patch changes code outside the target."
        else:
            edits.append(Edit(start - first, end - first, tuple(new)))
    edits.sort()
    if any(a.end > b.start for a, b in pairwise(edits)):
        return "Parts of the patch overlap."
    return edits, added


def _narrowed(
    start: int, part: PatchPart, file: list[str], unit: str
) -> tuple[int, int, list[str]]:
    """Return the lines that really change, without the context, indented as the file is."""
    written, new = _trimmed(part)
    end = start + len(written)
    old = file[start:end]
    if [line.rstrip() for line in old] != [line.rstrip() for line in written] and filled(new):
        blank = filled(new)[0]
        new = [*new[:blank], *reindented(new, old, unit)]
    while old and new and old[0].rstrip() == new[0].rstrip():
        old, new, start = old[1:], new[1:], start + 1
    while old and new and old[-1].rstrip() == new[-1].rstrip():
        old, new, end = old[:-1], new[:-1], end - 1
    return start, end, new


def _trimmed(part: PatchPart) -> tuple[list[str], list[str]]:
    """Return both sides without the blank lines that both begin or end with."""
    old, new = list(part.old), list(part.new)
    for edge in (0, -1):
        while old and new and not old[edge].strip() and not new[edge].strip():
            del old[edge], new[edge]
    return (old, new) if filled(old) else ([], new)


def _place(part: PatchPart, file: list[str], site: Site) -> int | str:
    """Return the line at which the old lines stand; in words why there is no such one."""
    keys = [plain(line) for line in _trimmed(part)[0]]
    if not keys:
        return "A part of the patch has no line of the original by which it could be placed."
    lines = [plain(line) for line in file]
    found = [i for i in range(len(lines) - len(keys) + 1) if lines[i : i + len(keys)] == keys]
    last = len(site.above) + len(site.target) - len(keys)
    found = [i for i in found if len(site.above) <= i <= last] or found
    if len(found) > 1 and part.near in found:
        return part.near or 0
    if not found:
        return "The patch does not apply: its old lines do not stand in the file like that."
    if len(found) > 1:
        return "The patch may belong to several places: its old lines stand more than once."
    return found[0]
