"""A replacement put together from lines that change and lines that stay.

Invariant: the target's lines that no edit covers keep every character; edits are in the
file's indentation, and do not overlap.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.editing.answer.elision import elisions, fill
from glm_lsp.editing.answer.indent import Reindenter
from glm_lsp.editing.answer.lines import (
    ALIKE,
    SURE,
    aligned,
    dedented,
    filled,
    lead_of,
    plain,
    step,
    telling,
    trimmed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.values import Site


@frozen(order=True)
class Edit:
    """Lines `start` to `end` (exclusive) of the target become others."""

    start: int
    end: int
    lines: tuple[str, ...] = field(repr=False)


@frozen
class Placement:
    """Where the code of an answer goes.

    Attributes:
        edits: what becomes of the target's lines; none when it stays as it is.
        imports: those that the answer puts on top and the file may lack.
        whole: the answer is about all of the target.
        echo: it only repeats what stands there.
    """

    edits: tuple[Edit, ...]
    imports: tuple[str, ...] = ()
    whole: bool = False
    echo: bool = False


def composed(site: Site, edits: Sequence[Edit]) -> str:
    """Return the target's text after edits."""
    raw = site.raw
    ended = not raw or raw[-1].endswith(("\n", "\r"))
    parts: list[str] = []
    done = 0
    for edit in sorted(edits):
        parts += raw[done : edit.start]
        if parts and not parts[-1].endswith(("\n", "\r")):
            parts[-1] += site.newline
        parts += [(line if line.strip() else "") + site.newline for line in edit.lines]
        done = edit.end
    parts += raw[done:]
    if not ended and parts and parts[-1].endswith(("\n", "\r")):
        parts[-1] = parts[-1].rstrip("\r\n")
    return "".join(parts)


def reindented(lines: Sequence[str], original: Sequence[str], unit: str) -> list[str]:
    """Return lines with the indentation of the original lines that they replace."""
    lines = trimmed(lines)
    if not filled(original):
        return lines
    if any(re.match(r" +\t", line) for line in lines):
        lines = dedented(lines)  # Tabs behind what the answer put in front of every line.
    indent = Reindenter("\n".join(original) + "\n", unit=unit)
    found: list[str] = []
    for line in rescaled(lines, original, unit):
        found += indent.take(line)
    return found + indent.rest()


def filled_up(
    lines: Sequence[str], original: Sequence[str], first: int, site: Site
) -> list[str] | None:
    """Return lines that replace some of the file's without gaps; None where one is not clear.

    `first` is the line of the file that the original begins with.
    """
    made = reindented(lines, original, site.unit)
    if not elisions(made, original):
        return made
    made = settled(made, original)
    kept = {place - first for place in site.promise.places}
    least = ALIKE if site.promise.careful else SURE
    found = fill(made, original, kept, strict=not site.promise.frees, least=least)
    return None if found is None else trimmed(found)


def settled(lines: Sequence[str], original: Sequence[str]) -> list[str]:
    """Return lines with each run between two gaps as deep as the original's lines that it has."""
    made = list(lines)
    gaps = elisions(lines, original)
    left_out = set(gaps)
    bare = ["" if i in left_out else line for i, line in enumerate(lines)]
    partners = {j: i for i, j, _ in reversed(aligned(original, bare))}
    for start, end in pairwise([-1, *gaps, len(lines)]):
        known = next((j for j in range(start + 1, end) if j in partners), None)
        if known is None:
            continue
        ours, theirs = lead_of(original[partners[known]]), lead_of(lines[known])
        for j in range(start + 1, end):
            if ours != theirs and lines[j].strip():
                made[j] = _shifted(lines[j], theirs, ours)
    return made


def _shifted(line: str, old: str, new: str) -> str:
    """Return a line as much deeper or less deep as one indentation is than another."""
    lead = lead_of(line)
    if lead.startswith(old):
        return new + line[len(old) :]
    width = max(0, len(lead) + len(new) - len(old))
    return (new[:1] or " ") * width + line.lstrip(" \t")


def rescaled(lines: Sequence[str], original: Sequence[str], unit: str) -> list[str]:
    """Return lines indented by the file's steps, where an answer has steps of its own.

    Only where every line tells the same: its step is another one, and no line that the
    original has too stands as deep in the answer as in the file.
    """
    theirs, ours = step(lines), len(unit.strip("\t"))
    if not theirs or ours in (0, theirs) or any("\t" in line[:1] for line in lines):
        return list(lines)
    base, depths = _depths(lines)
    scaled = [depth // theirs * ours for depth in depths]
    own = dict(zip(map(plain, original), _depths(original)[1], strict=True))
    told = [
        own[plain(line)] == depth
        for line, depth in zip(lines, scaled, strict=True)
        if depth and telling(line) and plain(line) in own
    ]
    uneven = any(depth % theirs for depth in depths)
    if uneven or not all(told) or (step(original) and not told):
        return list(lines)
    return [" " * (base + by) + line.lstrip() for by, line in zip(scaled, lines, strict=True)]


def _depths(lines: Sequence[str]) -> tuple[int, list[int]]:
    """Return the least indentation, and how much deeper each line is."""
    widths = [len(line) - len(line.lstrip(" ")) for line in lines]
    base = min((width for width, x in zip(widths, lines, strict=True) if x.strip()), default=0)
    return base, [max(0, width - base) for width in widths]


def whole(site: Site, lines: Sequence[str]) -> Edit:
    """Return the edit that puts lines in the place of all of the target's."""
    full = filled(site.target)
    start, end = (full[0], full[-1] + 1) if full else (0, len(site.target))
    return over(site, start, end, lines)


def over(site: Site, start: int, end: int, lines: Sequence[str]) -> Edit:
    """Return the edit that puts lines in the place of some of the target's."""
    return Edit(start, end, tuple(reindented(lines, site.target[start:end], site.unit)))
