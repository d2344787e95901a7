"""Chooses what of an answer becomes the replacement.

Invariant: what is chosen keeps the action's promise if anything in the answer does; where
passages contradict each other and their words do not say which is meant, none is chosen.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from glm_lsp.editing.answer.candidates import Candidate, candidate, candidates_of, foreign
from glm_lsp.editing.answer.clean import cleaned
from glm_lsp.editing.answer.edits import Edit, composed
from glm_lsp.editing.answer.faults import QUOTE, SEVERAL, SPREAD, cut_off, faulty, without_code
from glm_lsp.editing.answer.imports import taken_apart
from glm_lsp.editing.answer.inline import inline
from glm_lsp.editing.answer.judge import judge
from glm_lsp.editing.answer.lines import filled, plain
from glm_lsp.editing.answer.passages import Passage, passages
from glm_lsp.editing.answer.survey import Survey
from glm_lsp.languages import language_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.values import Site

_IMPORT = "+import:"


@frozen
class Chosen:
    """What an answer comes to.

    Attributes:
        text: the target's new text.
        imports: those that the file may lack, each as one line.
    """

    text: str = field(repr=False)
    imports: tuple[str, ...] = ()


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
    apart = passages(answer, site)
    named = tuple(
        line.strip().removeprefix(_IMPORT).strip()
        for line in answer.splitlines()
        if line.strip().startswith(_IMPORT)
    )
    found = list({(p.lines, p.label): p for p in apart.passages}.values())
    if not complete and (not found or not found[-1].closed or not found[-1].fenced):
        raise cut_off()
    survey = Survey(site)
    found, named = _without_imports(found, named, site)
    candidates, faults = candidates_of(found, survey)
    best = _best(candidates, site)
    if "```" not in answer and (best is None or not isinstance(best, Candidate) or best.fault):
        text = inline(answer, survey)
        if text is not None:
            return Chosen(text, named)
    if isinstance(best, Candidate):
        best = _with_helpers(best, found, survey)
    if isinstance(best, str):
        raise faulty(best)
    if best is not None and not best.placement.whole and any(f != QUOTE for f in faults):
        raise faulty(SPREAD)
    if best is None or (best.placement.echo and faults and _meant(found, best.passage, site)):
        if faults:
            raise faulty(faults[0])
        words = any(line.strip() for line in apart.prose) and "```" not in answer
        raise without_code(answer, words=words)
    return Chosen(best.text, (*named, *best.placement.imports))


def _without_imports(
    found: list[Passage], named: tuple[str, ...], site: Site
) -> tuple[list[Passage], tuple[str, ...]]:
    """Take blocks of nothing but imports for what the other blocks need on top."""
    rest: list[Passage] = []
    for passage in found:
        lines, taken = taken_apart(passage.lines, site.grammar.language)
        full = filled(passage.lines)
        if taken and set(full) <= set(taken) and len(found) > 1:
            named += tuple(lines) if passage.label != "original" else ()
        else:
            rest.append(passage)
    return rest, named


def _best(candidates: list[Candidate], site: Site) -> Candidate | str | None:
    """Return the one that is meant; in words when several contradict each other."""
    good = [c for c in candidates if c.fault is None]
    fresh = [c for c in good if not c.placement.echo]
    if not fresh:
        faulted = [c for c in candidates if c.fault is not None]
        if good and not faulted:
            return good[0]
        if len({c.text for c in faulted}) > 1:
            faulted.sort(key=lambda c: not c.placement.whole)
        return faulted[0] if faulted else None
    fresh = [c for c in fresh if c.passage.label != "original"] or fresh
    fresh = _after_correction(fresh)
    wholes = [c for c in fresh if c.placement.whole]
    if wholes:
        return _one_of(wholes)
    fresh = [c for c in fresh if c.passage.label != "other"] or fresh
    return _joined(fresh, site)


def _after_correction(candidates: list[Candidate]) -> list[Candidate]:
    """Return those from the last one on with which the answer corrects itself."""
    for index in range(len(candidates) - 1, -1, -1):
        if candidates[index].passage.label == "correction":
            return candidates[index:]
    return candidates


def _one_of(wholes: list[Candidate]) -> Candidate | str:
    """Return the version that the words around it say is meant."""
    for wanted in (("correction",), ("final",), ("answer",), ("", "answer", "final")):
        chosen = [c for c in wholes if c.passage.label in wanted]
        texts = {c.text for c in chosen}
        if len(texts) == 1:
            return chosen[0]
        if len(texts) > 1:
            return SEVERAL
    return wholes[0] if len({c.text for c in wholes}) == 1 else SEVERAL


def _joined(partial: list[Candidate], site: Site) -> Candidate | str:
    """Put the parts of several blocks together, when they are different parts."""
    edits: list[Edit] = []
    for one in partial:
        edits += [edit for edit in one.placement.edits if edit not in edits]
    edits.sort()
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
    helpers = [
        p
        for p in found
        if p.lines != best.passage.lines
        and p.label not in ("original", "other")
        and any(
            not d.local and d.name and _lacks(best.text, site.file, d.name)
            for d in survey.read(p.lines)
        )
    ]
    if not helpers or not survey.outer or foreign(best.passage, site):
        return best
    order = [p for p in found if p in helpers or p is best.passage]
    language = language_named(site.grammar.language)
    apart = [""] * (1 if survey.outer[0].path else language.blank_lines)
    joined = [line for p in order for line in (*cleaned(p.lines, site), *apart)]
    made = candidate(evolve(best.passage, lines=tuple(joined)), survey, lone=False)
    if isinstance(made, str) or made.fault is not None:
        return SPREAD
    return made


def _lacks(text: str, file: str, name: str) -> bool:
    """Tell whether a text uses a name that neither it nor the file defines."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    return len(word.findall(text)) > 0 and not word.search(file)


def _meant(found: Sequence[Passage], echo: Passage, site: Site) -> bool:
    """Tell whether another block than the one that repeats the target may be the answer."""
    own = {plain(line) for line in site.target}
    return any(
        p is not echo and not foreign(p, site) and any(plain(x) in own for x in p.lines)
        for p in found
    ) or any(p is not echo and p.label in ("answer", "final") for p in found)
