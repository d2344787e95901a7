"""An answer cut into passages of code, and what its words say about each.

Invariant: a line belongs to one passage or to the prose; nothing is judged here but the form.
"""

from __future__ import annotations

import re
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from glm_lsp.editing.answer.clean import visible
from glm_lsp.editing.answer.lines import cut, filled, plain, trimmed
from glm_lsp.editing.answer.prose import is_prose, label, looks_like_code, names_version
from glm_lsp.editing.answer.wrappings import in_tags, thoughtless, unwrapped
from glm_lsp.languages import language_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.prose import Label
    from glm_lsp.editing.answer.values import Site

FENCE = re.compile(
    r"^([ \t]*(?:(?:[-*+•]|\d+[.)])[ \t]+)?)(`{3,}|~{3,}(?!~))[ \t]*((?![ \t])[^`]*)$"
)
_PATCH = re.compile(r"(?:diff --git |--- \S|\*\*\* Begin Patch|@@ |<{7}(?: |$)|-{7} SEARCH)")
_INLINE_FENCE = re.compile(r"^([^`]*)```([\w+#-]+(?= ))? ?([^`]+)```\s*$")
_LATE_FENCE = re.compile(r"^([^`]*[^`\s])[ \t]*(```)([\w+#-]*)$")
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


def passages(text: str, site: Site, depth: int = 0) -> list[Passage]:
    """Cut an answer into passages."""
    if depth > _MOST_DEPTH:
        return []
    text = visible(thoughtless(text, site.original), site.file)
    inner = unwrapped(text, site)
    if inner is not None:
        return passages(inner, site, depth + 1)
    lines = _on_lines_of_their_own(_unquoted(cut(text)), site)
    tagged = in_tags("\n".join(lines), site)
    if tagged:
        return [
            evolve(each, label=label(re.sub("[_-]", " ", tag)) or each.label, fenced=True)
            for tag, body in tagged
            for each in passages(body, site, depth + 1)
        ]
    fenced = any(FENCE.match(line) for line in lines)
    found = _fenced(lines, site, depth) if fenced else _bare(lines, site)
    return [part for passage in found for part in _versions(passage, site)]


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
    """Put fences that stand behind words or code, or around code, on lines of their own."""
    if "```" in site.original:
        return lines
    found: list[str] = []
    inside = False
    for line in lines:
        around = None if inside else _INLINE_FENCE.match(line)
        behind = _LATE_FENCE.match(line)
        if around:
            found += [around.group(1), "```" + (around.group(2) or ""), around.group(3), "```"]
        elif behind and not (inside and behind.group(3)):
            found += [behind.group(1), "```" + behind.group(3)]
            inside = not inside
        else:
            found.append(line)
            inside ^= FENCE.match(line) is not None
    return found


def _unquoted(lines: list[str]) -> list[str]:
    """Take the marks of a quotation off blocks that stand in one."""
    if not any(re.match(r"[ \t]*>[ \t]?(?:`{3,}|~{3,})", line) for line in lines):
        return lines
    return [re.sub(r"^[ \t]*> ?", "", line) for line in lines]


def _fenced(lines: list[str], site: Site, depth: int) -> list[Passage]:
    """Find the blocks between fences, and those within them."""
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
        end = _end(lines, index, fence, own)
        body = _without_lead(lines[index + 1 : end], len(fence.group(1)))
        tag = re.split(r"[\s:{,]", fence.group(3).strip(), maxsplit=1)[0].lower()
        block = Passage(tuple(body), tag, _label(prose), closed=end < len(lines))
        found += _opened(block, site, own, depth)
        index = end + 1
    if len(found) == 1 and not found[0].closed and not _says_something(found[0].lines):
        first = next(i for i, line in enumerate(lines) if FENCE.match(line))
        return _bare(lines[:first], site) or found  # The fence ends what none began.
    return [passage for passage in found if filled(passage.lines)]


def _opened(block: Passage, site: Site, own: bool, depth: int) -> list[Passage]:
    """Return what stands in the fences or the JSON within a block, or else the block."""
    text = "\n".join(block.lines)
    opening = next((line for line in block.lines if line.strip()), "")
    markdown = bool(block.tag) and language_named(block.tag).name == "markdown"
    if site.grammar.known and (markdown or (FENCE.match(opening) and not own)):
        return passages(text, site, depth + 1) or [block]
    inner = unwrapped(text, site)
    return [block] if inner is None else passages(inner, site, depth + 1)


def _says_something(lines: Sequence[str]) -> bool:
    return any(line.strip() and not is_prose(line) for line in lines)


def _end(lines: list[str], start: int, fence: re.Match[str], own: bool) -> int:
    """Return the line of the fence that closes a block, the last such one if blocks are code."""
    mark = fence.group(2)
    end, depth = len(lines), 0
    for index in range(start + 1, len(lines)):
        found = FENCE.match(lines[index])
        if found is None or not found.group(2).startswith(mark):
            continue
        if found.group(3).strip():
            depth += 1
        elif depth:
            depth -= 1
        else:
            end = index
            if not own:
                break
    return end


def _without_lead(lines: Sequence[str], lead: int) -> list[str]:
    """Return the lines of a block without the indentation of its fence."""
    return [line[:lead].lstrip() + line[lead:] for line in lines]


def _label(prose: Sequence[str]) -> Label:
    """Return what the nearest words in front of a block call it."""
    nearest = next((line for line in reversed(prose) if line.strip()), "")
    sentence = re.split(r"(?<=[.!?。！？])\s*", nearest.strip())
    said = next((part for part in reversed(sentence) if part.strip()), "")
    return label(said) or label(nearest)


def _bare(lines: Sequence[str], site: Site) -> list[Passage]:
    """Find code that stands in no fence: between, or without, lines of prose."""
    known = {plain(line) for line in site.target} | site.known()
    language = language_named(site.grammar.language)
    if language.prose or not language.name:
        return _of_words(lines, known)
    start = next((i for i, line in enumerate(lines) if _PATCH.match(line)), None)
    if start is not None:
        end = len(lines)
        while end > start and not _says_something(lines[end - 1 : end]):
            end -= 1
        return [Passage(tuple(lines[start:end]), fenced=False)]

    def words(line: str) -> bool:
        return line.startswith("+import:") or (is_prose(line) and plain(line) not in known)

    found: list[Passage] = []
    prose: list[str] = []
    for said, run in groupby(lines, key=words):
        if said:
            prose += run
        elif _is_code(code := trimmed(list(run)), known):
            found.append(Passage(tuple(code), "", _label(prose), fenced=False))
    return found


def _of_words(lines: Sequence[str], known: set[str]) -> list[Passage]:
    """Without a grammar that sets code apart, only the prose at both ends is not the answer."""
    start, end = 0, len(lines)
    while start < end and not (lines[start].strip() and plain(lines[start]) in known):
        start += 1
    if start == end:
        return []
    while end > start and (
        not lines[end - 1].strip()
        or (is_prose(lines[end - 1]) and plain(lines[end - 1]) not in known)
    ):
        end -= 1
    return [Passage(tuple(lines[start:end]), fenced=False)]


def _is_code(lines: Sequence[str], known: set[str]) -> bool:
    """Tell whether lines without a fence show in any way that they are code."""
    full = [line for line in lines if line.strip()]
    coded = sum(
        looks_like_code(line) or plain(line) in known or _NUMBERED.match(line) is not None
        for line in full
    )
    return 2 * coded >= len(full) > 0
