"""The passages of an answer, each with its place in the file and what speaks against it.

Invariant: a passage is tried as it stands first; what may have been meant instead counts
only when it keeps the promise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.editing.answer.clean import cleaned, repairs
from glm_lsp.editing.answer.edits import Placement, composed
from glm_lsp.editing.answer.faults import FOREIGN, UNCLOSED
from glm_lsp.editing.answer.judge import judge
from glm_lsp.editing.answer.lines import dedented, filled
from glm_lsp.editing.answer.patches import parts
from glm_lsp.editing.answer.place import place
from glm_lsp.languages import language_named, recorded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.passages import Passage
    from glm_lsp.editing.answer.survey import Survey
    from glm_lsp.editing.answer.values import Site

_SHELLS = frozenset(
    "sh bash shell console zsh terminal powershell text txt plaintext output".split()
)


@frozen
class Candidate:
    """A passage in its place; `fault` says what speaks against it, if anything does."""

    passage: Passage
    placement: Placement
    text: str = field(repr=False)
    fault: str | None


def candidates_of(found: Sequence[Passage], survey: Survey) -> tuple[list[Candidate], list[str]]:
    """Place every passage; return those that have a place, and what is wrong with the rest."""
    site = survey.site
    candidates: list[Candidate] = []
    faults: list[str] = []
    serious = [p for p in found if not foreign(p, site)]
    meant = [p for p in serious if p.label not in ("original", "other")] or serious
    meant = list({p.lines: p for p in reversed(meant)}.values())
    for passage in found:
        lone = len(meant) == 1 and passage.lines == meant[0].lines
        if not passage.closed and not _comes_to_an_end(passage, site):
            faults.append(UNCLOSED)
            continue
        placed = candidate(passage, survey, lone=lone)
        if isinstance(placed, Candidate) and not (passage.closed or placed.placement.whole):
            faults.append(UNCLOSED)
        elif isinstance(placed, Candidate):
            candidates.append(placed)
        elif passage in serious:
            faults.append(placed)
        elif not serious:
            faults.append(FOREIGN)
    return candidates, faults


def candidate(passage: Passage, survey: Survey, *, lone: bool) -> Candidate | str:
    """Place a passage as it is, or else as it may have been meant."""
    site = survey.site
    strange = foreign(passage, site)
    patch = parts(passage.lines, passage.tag, site.target) is not None
    lines = list(passage.lines) if patch else cleaned(passage.lines, site)
    if strange and not site.grammar.known:
        return FOREIGN
    first: Candidate | str | None = None
    lone = lone and not strange
    for version in (lines, *repairs(lines, site)):
        placement = place(version, passage.tag, survey, lone=lone)
        if isinstance(placement, str):
            first = placement if first is None else first
            continue
        text = site.original if placement.echo else composed(site, placement.edits)
        fault = placement.doubt or judge(site.promise, site.file, site.placed(text))
        made = Candidate(passage, placement, text, fault)
        if fault is None:
            return made
        if first is None or isinstance(first, str):
            first = made
    assert first is not None  # noqa: S101 — the lines as they came are always tried.
    if isinstance(first, Candidate) and strange:
        return FOREIGN
    return first


def foreign(passage: Passage, site: Site) -> bool:
    """Tell whether a block says that it is in another language than the file."""
    if passage.tag in _SHELLS:
        shell = site.grammar.language in ("shellscript", "bash", "sh", "plaintext")
        return not shell and passage.tag not in ("text", "txt", "plaintext")
    theirs, ours = recorded(passage.tag), language_named(site.grammar.language)
    return theirs is not None and not theirs.prose and theirs.family != ours.family


def _comes_to_an_end(passage: Passage, site: Site) -> bool:
    """Tell whether a block that was never closed holds the target's last line as its last."""
    theirs, ours = dedented(passage.lines), dedented(site.target)
    full, own = filled(theirs), filled(ours)
    return bool(full and own) and theirs[full[-1]] == ours[own[-1]] and len(full) * 2 >= len(own)
