"""An answer cut into passages of code, and what its words say about each.

Invariant: a line belongs to one passage or to the prose; nothing is judged here but the form.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from glm_lsp.editing.answer.clean import visible
from glm_lsp.editing.answer.lines import cut, plain, trimmed
from glm_lsp.editing.answer.prose import is_prose, label, looks_like_code, names_version
from glm_lsp.editing.answer.wrapped import in_tags, thoughtless, unmarked, unwrapped
from glm_lsp.languages import language_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.prose import Label
    from glm_lsp.editing.answer.values import Site

FENCE = re.compile(r"^([ \t]*(?:(?:[-*+•]|\d+[.)])[ \t]+)?)(`{3,}|~{3,})[ \t]*([^`]*)$")
_PATCH = re.compile(r"(?:diff --git |--- \S|\*\*\* Begin Patch|@@ |<{7}(?: |$)|-{7} SEARCH)")
_INLINE_FENCE = re.compile(r"^([^`]*)```([\w+#-]+(?= ))? ?([^`]+)```\s*$")
_LATE_FENCE = re.compile(r"^([^`]*[^`\s])[ \t]*(```[\w+#-]*)$")
_NUMBERED = re.compile(r"\s*\d+ ?[|│→:]")
_MOST_DEPTH = 3


@frozen
class Passage:
    """Lines that may be code.

    Attributes:
        tag: the language that its fence names, "" for none.
        label: what the words in front say it is.
        fenced: a fence or tags stand around it.
        closed: its end was marked.
    """

    lines: tuple[str, ...] = field(repr=False)
    tag: str = ""
    label: Label = ""
    fenced: bool = True
    closed: bool = True


@frozen
class Answer:
    """An answer apart: its passages, and the prose around them."""

    passages: tuple[Passage, ...]
    prose: tuple[str, ...] = field(repr=False)


def passages(text: str, site: Site, depth: int = 0) -> Answer:
    """Cut an answer into passages."""
    text = unmarked(thoughtless(text, site.original), site.original)
    text = visible(text, site.file)
    inner = unwrapped(text, site)
    if inner is not None:
        return passages(inner, site, depth + 1) if depth < _MOST_DEPTH else Answer((), ())
    lines = _on_lines_of_their_own(_unquoted(cut(text)), site)
    tagged = in_tags(lines, site) if depth < _MOST_DEPTH else None
    if tagged is not None:
        found = []
        for name, body in tagged:
            within = passages("\n".join(body), site, depth + 1)
            named = label(name.replace("_", " ").replace("-", " "))
            found += [evolve(p, label=named or p.label, fenced=True) for p in within.passages]
        return Answer(tuple(found), ())
    fenced = any(FENCE.match(line) for line in lines)
    answer = _fenced(lines, site, depth) if fenced else _bare(lines, site)
    split = [part for passage in answer.passages for part in _versions(passage, site)]
    return evolve(answer, passages=tuple(split))


def _versions(passage: Passage, site: Site) -> list[Passage]:
    """Split a passage at comments that say which version follows."""
    own = {plain(line) for line in site.target}
    starts = [
        i for i, line in enumerate(passage.lines) if names_version(line) and plain(line) not in own
    ]
    if not starts:
        return [passage]
    found = []
    for start, end in pairwise([-1, *starts, len(passage.lines)]):
        body = trimmed(passage.lines[start + 1 : end])
        if body:
            named = label(passage.lines[start]) if start >= 0 else passage.label
            found.append(evolve(passage, lines=tuple(body), label=named))
    return found


def _on_lines_of_their_own(lines: list[str], site: Site) -> list[str]:
    """Put fences that stand behind words, or around code, on lines of their own."""
    if "```" in site.original or not any("```" in line for line in lines):
        return lines
    found: list[str] = []
    inside = False
    for line in lines:
        around = _INLINE_FENCE.match(line)
        behind = _LATE_FENCE.match(line)
        if around and not inside:
            found += [around.group(1), "```" + (around.group(2) or ""), around.group(3), "```"]
        elif behind and not inside:
            found += [behind.group(1), behind.group(2)]
            inside = True
        else:
            found.append(line)
            inside ^= FENCE.match(line) is not None
    return found


def _unquoted(lines: list[str]) -> list[str]:
    """Take the marks of a quotation off blocks that stand in one."""
    if not any(re.match(r"[ \t]*>[ \t]?(?:`{3,}|~{3,})", line) for line in lines):
        return lines
    return [re.sub(r"^[ \t]*> ?", "", line) for line in lines]


def _fenced(lines: list[str], site: Site, depth: int) -> Answer:
    found: list[Passage] = []
    prose: list[str] = []
    own = any(FENCE.match(line) for line in site.target)
    index = 0
    while index < len(lines):
        fence = FENCE.match(lines[index])
        if fence is None:
            prose.append(lines[index])
            index += 1
            continue
        body, index, closed = _block(lines, index, fence, own)
        tag = re.split(r"[\s:{,]", fence.group(3).strip(), maxsplit=1)[0].lower()
        passage = Passage(tuple(body), tag, _label(prose), closed=closed)
        opening = next((line for line in body if line.strip()), "")
        nested = (tag and language_named(tag).name == "markdown") or (
            FENCE.match(opening) and not own
        )
        if nested and site.grammar.known and depth < _MOST_DEPTH:
            within = passages("\n".join(body), site, depth + 1)
            found += within.passages or [passage]
        elif (inner := unwrapped("\n".join(body), site)) is not None and depth < _MOST_DEPTH:
            found += passages(inner, site, depth + 1).passages
        else:
            found.append(passage)
    if len(found) == 1 and not found[0].closed and _says_nothing(found[0].lines):
        first = next(i for i, line in enumerate(lines) if FENCE.match(line))
        before = _bare(lines[:first], site)
        if before.passages:
            return before  # The fence ends what none began.
    return Answer(tuple(p for p in found if any(map(str.strip, p.lines))), tuple(prose))


def _says_nothing(lines: Sequence[str]) -> bool:
    return all(not line.strip() or is_prose(line) for line in lines)


def _block(
    lines: list[str], start: int, fence: re.Match[str], own: bool
) -> tuple[list[str], int, bool]:
    """Return a block's lines, the index behind it, and whether it was closed."""
    mark, lead = fence.group(2), len(fence.group(1))
    end, depth = None, 0
    for index in range(start + 1, len(lines)):
        found = FENCE.match(lines[index])
        if found is None:
            glued = lines[index].rstrip()
            if glued.endswith(mark) and glued.count(mark) == 1 and not own and not depth:
                lines[index : index + 1] = [glued.removesuffix(mark), mark]
                return _inner(lines, start, index + 1, lead), index + 2, True
            continue
        same = found.group(2)[0] == mark[0] and len(found.group(2)) >= len(mark)
        if same and not found.group(3).strip():
            if depth:
                depth -= 1
                continue
            end = index
            if not own:
                break
        elif found.group(2).startswith(mark) and found.group(3).strip():
            depth += 1
    if end is None:
        return _inner(lines, start, len(lines), lead), len(lines), False
    return _inner(lines, start, end, lead), end + 1, True


def _inner(lines: list[str], start: int, end: int, lead: int) -> list[str]:
    """Return the lines between two fences without the fence's own indentation."""
    body = []
    for line in lines[start + 1 : end]:
        head = line[:lead]
        body.append(line[len(head) - len(head.lstrip()) :])
    return body


def _label(prose: Sequence[str]) -> Label:
    """Return what the nearest words in front of a block call it."""
    nearest = next((line for line in reversed(prose) if line.strip()), "")
    sentence = re.split(r"(?<=[.!?。！？])\s*", nearest.strip())
    said = next((part for part in reversed(sentence) if part.strip()), "")
    return label(said) or label(nearest)


def _bare(lines: Sequence[str], site: Site) -> Answer:
    """Find code that stands in no fence: between, or without, lines of prose."""
    known = {plain(line) for line in site.target} | site.known()
    prose: list[str] = []
    found: list[Passage] = []
    language = language_named(site.grammar.language)
    if language.prose or not language.name:
        return _of_words(lines, known)
    part: list[str] = []
    start = next((i for i, line in enumerate(lines) if _PATCH.match(line)), None)
    if start is not None:
        end = len(lines)
        while end > start and (is_prose(lines[end - 1]) or not lines[end - 1].strip()):
            end -= 1
        return Answer((Passage(tuple(lines[start:end]), fenced=False),), tuple(lines[:start]))
    for line in [*lines, None]:
        if (
            line is None
            or line.startswith("+import:")
            or (is_prose(line) and (not line.strip() or plain(line) not in known))
        ):
            if code := trimmed(part):
                found.append(Passage(tuple(code), "", _label(prose), fenced=False))
            part = []
            if line is not None:
                prose.append(line)
        else:
            part.append(line)
    return Answer(tuple(p for p in found if _is_code(p.lines, known)), tuple(prose))


def _of_words(lines: Sequence[str], known: set[str]) -> Answer:
    """Without a grammar that sets code apart, only the prose at both ends is not the answer."""
    start, end = 0, len(lines)
    while start < end and not (lines[start].strip() and plain(lines[start]) in known):
        start += 1
    if start == end:
        return Answer((), tuple(lines))
    while end > start and (
        not lines[end - 1].strip()
        or (is_prose(lines[end - 1]) and plain(lines[end - 1]) not in known)
    ):
        end -= 1
    return Answer((Passage(tuple(lines[start:end]), fenced=False),), ())


def _is_code(lines: Sequence[str], known: set[str]) -> bool:
    """Tell whether lines without a fence show in any way that they are code."""
    full = [line for line in lines if line.strip()]
    coded = sum(
        looks_like_code(line) or plain(line) in known or _NUMBERED.match(line) is not None
        for line in full
    )
    return 2 * coded >= len(full)
