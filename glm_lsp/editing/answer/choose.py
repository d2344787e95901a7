"""Chooses what of an answer becomes the replacement.

Invariant: what is chosen keeps the action's promise if anything in the answer does; where
passages contradict each other and their words do not say which is meant, none is chosen.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from glm_lsp.editing.answer.clean import cleaned, repairs
from glm_lsp.editing.answer.edits import Edit, Placement, composed
from glm_lsp.editing.answer.fit import by_lines
from glm_lsp.editing.answer.imports import taken_apart
from glm_lsp.editing.answer.judge import judge
from glm_lsp.editing.answer.lines import dedented, filled, plain
from glm_lsp.editing.answer.passages import Answer, Passage, passages
from glm_lsp.editing.answer.patches import parts
from glm_lsp.editing.answer.place import place
from glm_lsp.editing.answer.prose import refuses
from glm_lsp.editing.answer.survey import Survey
from glm_lsp.errors import FaultyAnswerError, ReplyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.values import Site

_IMPORT = "+import:"
_SHELLS = frozenset(
    "sh bash shell console zsh terminal powershell text txt plaintext output".split()
)
_LANGUAGES = {
    "python": "python", "py": "python", "python3": "python", "javascript": "script",
    "js": "script", "jsx": "script", "typescript": "script", "ts": "script", "tsx": "script",
    "javascriptreact": "script", "typescriptreact": "script", "go": "go", "golang": "go",
    "rust": "rust", "rs": "rust", "c": "c", "cpp": "c", "c++": "c", "h": "c", "java": "java",
    "csharp": "csharp", "cs": "csharp", "ruby": "ruby", "php": "php", "lua": "lua",
    "json": "json", "yaml": "yaml", "html": "html", "css": "css", "sql": "sql",
}  # fmt: skip
_SEVERAL = (
    "It holds several versions of the code that differ, and does not say which is meant: give one."
)
_INLINE = re.compile(
    r"(?:(?:(?:replac|chang|renam|correct|fix)\w*\b|将|把)[^`\n]{0,60})?"
    r"`([^`\n]+)`[^`\n]{0,40}?(?:\b(?:to|with|by|into)\b|->|→|改为|改成|替换为|换成)[^`\n]{0,30}"
    r"`([^`\n]+)`",
    re.IGNORECASE,
)
_AT_LINE = re.compile(r"(?:line|第) ?\d+[^`\n]{0,40}`([^`\n]+)`", re.IGNORECASE)


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
class _Candidate:
    passage: Passage
    placement: Placement
    text: str
    fault: str | None


def choose(answer: str, site: Site, *, complete: bool = True) -> Chosen:
    """Return what an answer comes to.

    Args:
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
    candidates, faults = _placed(found, survey)
    best = _best(candidates, site)
    if "```" not in answer and (best is None or not isinstance(best, _Candidate) or best.fault):
        inline = _inline(answer, survey)
        if inline is not None:
            return Chosen(inline, named)
    if isinstance(best, _Candidate):
        best = _with_helpers(best, found, survey)
    if isinstance(best, str):
        raise faulty(best)
    if best is None or (best.placement.echo and faults and _meant(found, best.passage, site)):
        raise _nothing(answer, apart, faults)
    return Chosen(best.text, (*named, *best.placement.imports))


def cut_off() -> ReplyError:
    """Return the error about an answer that the model's limit cut off."""
    return ReplyError(
        "GLM's answer was cut off before its end; nothing was changed. Select less, or try again."
    )


def faulty(fault: str) -> FaultyAnswerError:
    """Return the error about an answer that cannot be placed."""
    return FaultyAnswerError(
        "GLM's answer could not be placed in the code; nothing was changed. Try again, or select"
        " less.",
        fault=fault,
    )


def _nothing(answer: str, apart: Answer, faults: list[str]) -> ReplyError:
    """Return the error about an answer without any code that could be used."""
    if faults:
        return faulty(faults[0])
    if refuses(answer.strip()):
        return ReplyError("GLM declined to do this; nothing was changed.")
    if not answer.strip():
        return FaultyAnswerError(
            "GLM's answer was empty; try again.", fault="It was empty: answer with the code."
        )
    if any(line.strip() for line in apart.prose) and "```" not in answer:
        return FaultyAnswerError(
            "GLM answered in words instead of code; nothing was changed.",
            fault="It was words without code: answer with one block that holds the whole new code.",
        )
    return FaultyAnswerError(
        "GLM's answer holds no code; nothing was changed. Try again.",
        fault="It held no code: answer with one block that holds the whole new code.",
    )


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


def _placed(found: Sequence[Passage], survey: Survey) -> tuple[list[_Candidate], list[str]]:
    """Place every passage; return those that have a place, and what is wrong with the rest."""
    site = survey.site
    candidates: list[_Candidate] = []
    faults: list[str] = []
    serious = [p for p in found if not _foreign(p, site)]
    meant = [p for p in serious if p.label not in ("original", "other")] or serious
    meant = list({p.lines: p for p in reversed(meant)}.values())
    for passage in found:
        lone = len(meant) == 1 and passage.lines == meant[0].lines
        if not passage.closed and not _comes_to_an_end(passage, site):
            faults.append("Its block of code was not closed, and may not be complete.")
            continue
        placed = _candidate(passage, survey, lone=lone)
        if isinstance(placed, _Candidate):
            candidates.append(placed)
        elif passage in serious:
            faults.append(placed)
        elif not serious:
            faults.append("Its code is in another language than the file.")
    return candidates, faults


def _candidate(passage: Passage, survey: Survey, *, lone: bool) -> _Candidate | str:
    """Place a passage as it is, or else as it may have been meant."""
    site = survey.site
    foreign = _foreign(passage, site)
    patch = parts(passage.lines, passage.tag, site.target) is not None
    lines = list(passage.lines) if patch else cleaned(passage.lines, site)
    if foreign and not site.grammar.known:
        return "Its code is in another language than the file."
    first: _Candidate | str | None = None
    lone = lone and not foreign
    versions = [(version, place) for version in (lines, *repairs(lines, site))]
    if site.promise.action == "document" and not patch:
        versions.append((lines, _begun))
    for version, way in versions:
        placement = way(version, passage.tag, survey, lone=lone)
        if isinstance(placement, str):
            first = placement if first is None else first
            continue
        text = site.original if placement.echo else composed(site, placement.edits)
        fault = placement.doubt or judge(site.promise, site.file, site.placed(text))
        made = _Candidate(passage, placement, text, fault)
        if fault is None:
            return made
        if first is None or isinstance(first, str):
            first = made
    assert first is not None  # noqa: S101 — the lines as they came are always tried.
    if isinstance(first, _Candidate) and foreign:
        return "Its code is in another language than the file."
    return first


def _begun(lines: Sequence[str], tag: str, survey: Survey, *, lone: bool) -> Placement | str:
    """Place the head of a definition with its documentation."""
    return by_lines(lines, survey, lone=lone)


def _foreign(passage: Passage, site: Site) -> bool:
    """Tell whether a block says that it is in another language than the file."""
    if passage.tag in _SHELLS:
        shell = site.grammar.language in ("shellscript", "bash", "sh", "plaintext")
        return not shell and passage.tag not in ("text", "txt", "plaintext")
    theirs = _LANGUAGES.get(passage.tag)
    ours = _LANGUAGES.get(site.grammar.language, site.grammar.language)
    return theirs is not None and theirs != ours


def _comes_to_an_end(passage: Passage, site: Site) -> bool:
    """Tell whether a block that was never closed holds the target's last line as its last."""
    theirs, ours = dedented(passage.lines), dedented(site.target)
    full, own = filled(theirs), filled(ours)
    return bool(full and own) and theirs[full[-1]] == ours[own[-1]] and len(full) * 2 >= len(own)


def _best(candidates: list[_Candidate], site: Site) -> _Candidate | str | None:
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


def _after_correction(candidates: list[_Candidate]) -> list[_Candidate]:
    """Return those from the last one on with which the answer corrects itself."""
    for index in range(len(candidates) - 1, -1, -1):
        if candidates[index].passage.label == "correction":
            return candidates[index:]
    return candidates


def _one_of(wholes: list[_Candidate]) -> _Candidate | str:
    """Return the version that the words around it say is meant."""
    for wanted in (("correction",), ("final",), ("answer",), ("", "answer", "final")):
        chosen = [c for c in wholes if c.passage.label in wanted]
        texts = {c.text for c in chosen}
        if len(texts) == 1:
            return chosen[0]
        if len(texts) > 1:
            return _SEVERAL
    return wholes[0] if len({c.text for c in wholes}) == 1 else _SEVERAL


def _joined(partial: list[_Candidate], site: Site) -> _Candidate | str:
    """Put the parts of several blocks together, when they are different parts."""
    edits: list[Edit] = []
    for candidate in partial:
        edits += [edit for edit in candidate.placement.edits if edit not in edits]
    edits.sort()
    if any(a.end > b.start for a, b in pairwise(edits)):
        return _SEVERAL
    if len(partial) == 1:
        return partial[0]
    text = composed(site, edits)
    imports = tuple(line for c in partial for line in c.placement.imports)
    joined = evolve(partial[0].placement, edits=tuple(edits), imports=imports)
    fault = judge(site.promise, site.file, site.placed(text))
    return _Candidate(partial[0].passage, joined, text, fault)


def _with_helpers(best: _Candidate, found: list[Passage], survey: Survey) -> _Candidate | str:
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
    if not helpers or not survey.outer or _foreign(best.passage, site):
        return best
    order = [p for p in found if p in helpers or p is best.passage]
    apart = ["", ""] if site.grammar.language == "python" and not survey.outer[0].path else [""]
    joined = [line for p in order for line in (*cleaned(p.lines, site), *apart)]
    made = _candidate(evolve(best.passage, lines=tuple(joined)), survey, lone=False)
    if isinstance(made, str) or made.fault is not None:
        return "It is spread over several blocks that do not fit together: give one block."
    return made


def _lacks(text: str, file: str, name: str) -> bool:
    """Tell whether a text uses a name that neither it nor the file defines."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    return len(word.findall(text)) > 0 and not word.search(file)


def _meant(found: Sequence[Passage], echo: Passage, site: Site) -> bool:
    """Tell whether another block than the one that repeats the target may be the answer."""
    own = {plain(line) for line in site.target}
    return any(
        p is not echo and not _foreign(p, site) and any(plain(x) in own for x in p.lines)
        for p in found
    ) or any(p is not echo and p.label in ("answer", "final") for p in found)


def _inline(answer: str, survey: Survey) -> str | None:
    """Apply the one "change `this` to `that`", or "line 3: `this`", of an answer in words."""
    site = survey.site
    found = list(dict.fromkeys(m.groups() for m in _INLINE.finditer(answer)))
    if not found and len(at := list(_AT_LINE.finditer(answer))) == 1:
        placed = by_lines([at[0].group(1)], survey, lone=False)
        if isinstance(placed, str) or placed.whole:
            return None
        text = composed(site, placed.edits)
    elif len(found) == 1:
        old, new = (each.strip() for each in found[0])
        edges = r"(?<!\w)", r"(?!\w)"
        pattern = re.compile(edges[0] + re.escape(old) + edges[1])
        if len(pattern.findall(site.original)) != 1 or not old or old == new:
            return None
        text = pattern.sub(lambda _: new, site.original)
    else:
        return None
    return None if judge(site.promise, site.file, site.placed(text)) else text
