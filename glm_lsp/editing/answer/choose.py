"""Chooses what of an answer becomes the replacement.

Invariant: what is chosen keeps the action's promise if anything in the answer does; where
passages contradict each other and their words do not say which is meant, none is chosen. A
passage is tried as it stands first; what may have been meant instead counts only when it
keeps the promise.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from glm_lsp.editing.answer.by_sentence import by_sentence
from glm_lsp.editing.answer.clean import cleaned, repairs
from glm_lsp.editing.answer.definitions import Survey
from glm_lsp.editing.answer.edits import Placement, composed
from glm_lsp.editing.answer.faults import (
    FOREIGN,
    QUOTE,
    SEVERAL,
    SPREAD,
    UNCLOSED,
    cut_off,
    faulty,
    without_code,
)
from glm_lsp.editing.answer.imports import taken_apart
from glm_lsp.editing.answer.judge import judge
from glm_lsp.editing.answer.lines import dedented, filled
from glm_lsp.editing.answer.passages import Passage, passages
from glm_lsp.editing.answer.patches import parts
from glm_lsp.editing.answer.place import place
from glm_lsp.languages import language_named, recorded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.values import Site

_SHELLS = frozenset("sh bash shell console zsh terminal powershell output".split())


@frozen
class Chosen:
    """What an answer comes to.

    Attributes:
        text: the target's new text.
        imports: those that the file may lack, each as one line.
    """

    text: str = field(repr=False)
    imports: tuple[str, ...] = ()


@frozen
class Candidate:
    """A passage in its place; `fault` says what speaks against it, if anything does."""

    passage: Passage
    placement: Placement
    text: str = field(repr=False)
    fault: str | None


def choose(answer: str, site: Site, *, complete: bool = True) -> Chosen:
    """Return what an answer to a site's question comes to.

    Args:
        answer: all of its text.
        site: the target in its file.
        complete: the model said that it has finished; False when its limit cut it off.

    Raises:
        FaultyAnswerError: it may be right when asked again with the fault named.
        ReplyError: it must not be asked again.
    """
    found = list({(p.lines, p.label): p for p in passages(answer, site)}.values())
    if not complete and not (found and found[-1].closed and found[-1].fenced):
        raise cut_off()
    survey = Survey(site)
    found, imports = _without_imports(found, site)
    imports += [
        line.strip() for line in re.findall(r"^[^\S\n]*\+import:(.*)", answer, re.MULTILINE)
    ]
    candidates, faults = _candidates(found, survey)
    best = _best(candidates, site)
    usable = isinstance(best, Candidate) and not best.fault
    text = None if usable or "```" in answer else by_sentence(answer, survey)
    if text is not None:
        return Chosen(text, tuple(imports))
    if isinstance(best, Candidate):
        best = _with_helpers(best, found, survey)
    if best is None and not faults:
        raise without_code(answer)
    decided = _undoubted(best, faults)
    if isinstance(decided, str):
        raise faulty(decided)
    return Chosen(decided.text, (*imports, *decided.placement.imports))


def _undoubted(best: Candidate | str | None, faults: list[str]) -> Candidate | str:
    """Return the best, unless what other passages are at fault for speaks against it."""
    if isinstance(best, str):
        return best
    if best is None or (faults and best.placement.echo):
        return faults[0]
    if not best.placement.whole and any(fault != QUOTE for fault in faults):
        return SPREAD
    return best  # Its own fault is for the caller to find, who may offer the text.


def _without_imports(found: list[Passage], site: Site) -> tuple[list[Passage], list[str]]:
    """Take blocks of nothing but imports for what the other blocks need on top."""
    rest: list[Passage] = []
    imports: list[str] = []
    for passage in found:
        lines, taken = taken_apart(passage.lines, site.grammar.language)
        if len(found) == 1 or not set(filled(passage.lines)) <= set(taken):
            rest.append(passage)
        elif passage.label != "original":
            imports += lines
    return rest, imports


def _candidates(found: Sequence[Passage], survey: Survey) -> tuple[list[Candidate], list[str]]:
    """Place every passage; return those that have a place, and what is wrong with the rest."""
    site = survey.site
    candidates: list[Candidate] = []
    faults: list[str] = []
    serious = [p for p in found if not foreign(p, site)]
    meant = [p for p in serious if p.label not in ("original", "other")]
    lone = len({p.lines for p in meant}) == 1
    for passage in found:
        placed = _candidate(passage, survey, lone=lone)
        if isinstance(placed, Candidate):
            candidates.append(placed)
        elif passage in serious or not serious:
            faults.append(placed if serious else FOREIGN)
    return candidates, faults


def _comes_to_an_end(passage: Passage, site: Site) -> bool:
    """Tell whether a block that was never closed holds the target's last line as its last."""
    theirs, ours = dedented(passage.lines), dedented(site.target)
    full, own = filled(theirs), filled(ours)
    return len(full) * 2 >= len(own) > 0 and theirs[full[-1]] == ours[own[-1]]


def _candidate(passage: Passage, survey: Survey, *, lone: bool) -> Candidate | str:
    """Place a passage as it is, or else as it may have been meant."""
    site = survey.site
    strange = foreign(passage, site)
    if strange and not site.grammar.known:
        return FOREIGN
    if not passage.closed and not _comes_to_an_end(passage, site):
        return UNCLOSED
    patch = parts(passage.lines, passage.tag, site.target) is not None
    lines = list(passage.lines) if patch else cleaned(passage.lines, site)
    tried: list[Candidate | str] = []
    for version in (lines, *repairs(lines, site)):
        made = place(version, passage.tag, survey, lone=lone and not strange)
        if isinstance(made, str):
            tried.append(made)
            continue
        text = composed(site, made.edits)
        fault = judge(site.promise, site.file, site.placed(text))
        whole = passage.closed or made.whole
        tried.append(Candidate(passage, made, text, fault) if whole else UNCLOSED)
        if fault is None:
            return tried[-1]
    first = next((one for one in tried if isinstance(one, Candidate)), tried[0])
    return FOREIGN if strange else first


def foreign(passage: Passage, site: Site) -> bool:
    """Tell whether a block says that it is in another language than the file."""
    ours = language_named(site.grammar.language)
    if passage.tag in _SHELLS:
        return ours.name not in ("shellscript", "bash", "sh", "plaintext")
    theirs = recorded(passage.tag)
    return theirs is not None and not theirs.prose and theirs.family != ours.family


def _best(candidates: list[Candidate], site: Site) -> Candidate | str | None:
    """Return the one that is meant; in words when several contradict each other."""
    fresh = [c for c in candidates if not c.fault and not c.placement.echo]
    if not fresh:
        order = sorted(candidates, key=lambda c: (not c.fault, not c.placement.whole))
        return order[0] if order else None
    fresh = _unless("original", fresh)
    wholes = [c for c in fresh if c.placement.whole]
    return _one_of(wholes) if wholes else _joined(_unless("other", fresh), site)


def _unless(label: str, candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates without those of a label, unless all have it."""
    return [c for c in candidates if c.passage.label != label] or candidates


def _one_of(wholes: list[Candidate]) -> Candidate | str:
    """Return the version that the words around it say is meant."""
    for wanted in (("correction",), ("final",), ("answer",), ("", "answer", "final"), ("other",)):
        chosen = [c for c in wholes if c.passage.label in wanted]
        if chosen:
            return chosen[0] if len({c.text for c in chosen}) == 1 else SEVERAL
    return wholes[0]


def _joined(partial: list[Candidate], site: Site) -> Candidate | str:
    """Put the parts of several blocks together, when they are different parts."""
    edits = sorted({edit for one in partial for edit in one.placement.edits})
    if any(a.end > b.start for a, b in pairwise(edits)):
        return SEVERAL
    if len(partial) == 1:
        return partial[0]
    text = composed(site, edits)
    imports = tuple(line for c in partial for line in c.placement.imports)
    joined = evolve(partial[0].placement, edits=tuple(edits), imports=imports)
    fault = judge(site.promise, site.file, site.placed(text))
    return Candidate(partial[0].passage, joined, text, fault)


def _with_helpers(best: Candidate, found: list[Passage], survey: Survey) -> Candidate | str:
    """Add what other blocks define and the chosen code uses; in words where that fails."""
    site = survey.site
    if not survey.outer or foreign(best.passage, site):
        return best

    def lacks(name: str) -> bool:
        word = re.compile(rf"\b{re.escape(name)}\b")
        return bool(name and word.search(best.text)) and not word.search(site.file)

    def helps(passage: Passage) -> bool:
        if passage.lines == best.passage.lines or passage.label in ("original", "other"):
            return False
        return any(lacks(d.name) for d in survey.read(passage.lines) if not d.local)

    helpers = list(filter(helps, found))
    if not helpers:
        return best
    gap = [""] * (1 if survey.outer[0].path else language_named(site.grammar.language).blank_lines)
    order = [p for p in found if p in helpers or p is best.passage]
    lines = [line for p in order for line in (*cleaned(p.lines, site), *gap)]
    made = _candidate(evolve(best.passage, lines=tuple(lines)), survey, lone=False)
    return SPREAD if isinstance(made, str) or made.fault else made
