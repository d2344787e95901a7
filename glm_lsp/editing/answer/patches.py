"""Patches as answers: unified diffs, search and replace, `*** Begin Patch`.

Invariant: a patch is applied where its old lines stand in the file, whatever its numbers say,
and only where that is one place; what does not apply is a fault, never a guess.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.editing.answer.edits import reindented
from glm_lsp.editing.answer.lines import filled, plain, trimmed

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
    if any(_SEARCH.match(line) and "<" in line for line in lines) or (
        any(_SEARCH.match(line) for line in lines) and any(_DIVIDER.match(line) for line in lines)
    ):
        found = _search_and_replace(lines)
        if found:
            return found
    if _is_diff(lines, tag, original):
        return _unified(lines, set(original))
    return None


def _search_and_replace(lines: Sequence[str]) -> list[PatchPart]:
    found: list[PatchPart] = []
    state, old, new = "", [], []  # type: ignore[var-annotated]
    for line in [*lines, None]:
        if (
            line is None
            or _END.match(line)
            or (not state and _SEARCH.match(line))
            or (state == "new" and _SEARCH.match(line))
        ):
            if state == "new":
                found.append(PatchPart(tuple(old), tuple(new)))
            state, old, new = ("old" if line is not None and _SEARCH.match(line) else ""), [], []
        elif state == "old" and _DIVIDER.match(line):
            state = "new"
        elif state == "old" and re.match(r"^\|{3,}", line):
            state = "base"
        elif state == "base" and _DIVIDER.match(line):
            state = "new"
        elif state == "old":
            old.append(line)
        elif state == "new":
            new.append(line)
    return found


def _is_diff(lines: Sequence[str], tag: str, original: Sequence[str]) -> bool:
    full = [lines[i] for i in filled(lines)]
    if not full:
        return False
    if any(
        line.startswith(("@@", "*** Begin Patch", "diff --git ", "*** Update File"))
        for line in full
    ):
        return True
    minus = [line for line in full if line[0] == "-"]
    plus = [line for line in full if line[0] == "+"]
    if tag in ("diff", "patch", "udiff") or any(line.startswith("--- ") for line in full):
        return bool(plus or minus)
    if not minus or not plus:
        return False
    own = {plain(line) for line in original}
    return any(plain(line[1:]) in own for line in minus) and not any(
        plain(line) in own for line in minus
    )


def _unified(lines: Sequence[str], known: set[str]) -> list[PatchPart]:
    context = [line for line in lines if line.startswith(" ") and line.strip()]
    marked = sum(x[1:] in known for x in context) >= sum(x in known for x in context)
    found: list[PatchPart] = []
    old: list[str] = []
    new: list[str] = []
    near: int | None = None

    def close() -> None:
        if old != new:
            found.append(PatchPart(tuple(old), tuple(new), near))

    for line in lines:
        if at := _AT.match(line):
            close()
            old, new = [], []
            near = int(at.group(1)) - 1 if at.group(1) else None
        elif _HEAD.match(line) and not (line.startswith("--- ") and old):
            continue
        elif line.startswith("-"):
            old.append(line[1:])
        elif line.startswith("+"):
            new.append(line[1:])
        else:
            same = line[1:] if marked and line.startswith(" ") else line
            old.append(same)
            new.append(same)
    close()
    return found


@frozen
class Applied:
    """The file's lines after a patch, and how the target's lines lie in them."""

    edits: tuple[tuple[int, int, tuple[str, ...]], ...]
    outside: tuple[str, ...]


def apply(found: Sequence[PatchPart], site: Site) -> Applied | str:
    """Place a patch; return edits of target lines (start, end, new), or what is wrong."""
    file = [*site.above, *site.target, *site.below]
    first = len(site.above)
    edits: list[tuple[int, int, tuple[str, ...]]] = []
    outside: list[str] = []
    for part in found:
        place = _place(part, file, site)
        if isinstance(place, str):
            return place
        start, end, new = _narrowed(place, part, file, site.unit)
        added = [line for line in new if line.strip()]
        if end <= first and not (start == end == first and edits):
            if start < end or not added:
                return "The patch changes code outside the target."
            outside += added
            continue
        if start < first or end > first + len(site.target):
            return "The patch changes code outside the target."
        edits.append((start - first, end - first, tuple(new)))
    edits.sort()
    if any(a[1] > b[0] for a, b in pairwise(edits)):
        return "Parts of the patch overlap."
    return Applied(tuple(edits), tuple(outside))


def _narrowed(
    start: int, part: PatchPart, file: list[str], unit: str
) -> tuple[int, int, list[str]]:
    """Return the lines that really change, without the context, indented as the file is."""
    written, new = trimmed_edges(part)
    end = start + len(written)
    old = file[start:end]
    if [line.rstrip() for line in old] != [line.rstrip() for line in written] and filled(new):
        blank = next(i for i, line in enumerate(new) if line.strip())
        new = [*new[:blank], *reindented(new, old, unit)]
    while old and new and old[0].rstrip() == new[0].rstrip():
        old, new, start = old[1:], new[1:], start + 1
    while old and new and old[-1].rstrip() == new[-1].rstrip():
        old, new, end = old[:-1], new[:-1], end - 1
    return start, end, list(new)


def trimmed_edges(part: PatchPart) -> tuple[list[str], list[str]]:
    """Return both sides without the blank lines that both begin or end with."""
    old, new = list(part.old), list(part.new)
    while old and new and not old[0].strip() and not new[0].strip():
        del old[0], new[0]
    while old and new and not old[-1].strip() and not new[-1].strip():
        old.pop()
        new.pop()
    return (old, new) if filled(old) else (trimmed(old), new)


def _place(part: PatchPart, file: list[str], site: Site) -> int | str:
    """Return the line at which the old lines stand; in words why there is no such one."""
    old, _ = trimmed_edges(part)
    if not filled(old):
        return "A part of the patch has no line of the original by which it could be placed."
    keys = [plain(line) for line in old]
    lines = [plain(line) for line in file]
    found = [i for i in range(len(lines) - len(keys) + 1) if lines[i : i + len(keys)] == keys]
    first, last = len(site.above), len(site.above) + len(site.target)
    within = [i for i in found if first <= i and i + len(keys) <= last]
    found = within or found
    if len(found) > 1 and part.near is not None and part.near in found:
        found = [part.near]
    if not found:
        return "The patch does not apply: its old lines do not stand in the file like that."
    if len(found) > 1:
        return "The patch may belong to several places: its old lines stand more than once."
    return found[0]
