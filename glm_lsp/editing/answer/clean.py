"""Takes off what answers put on top of code: numbers, quote marks, spaces without a width.

Invariant: nothing is taken off that the file itself has; what may be code is only taken off
as a repair, which somebody else must find better than the lines as they came.
"""

from __future__ import annotations

import html
import json
import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from glm_lsp.editing.answer.lines import ALIKE, cut, filled, plain, similarity, trimmed
from glm_lsp.editing.answer.prose import is_file_name
from glm_lsp.languages import recorded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glm_lsp.editing.answer.values import Site

WIDTHLESS = re.compile("[\u00ad\u200b\u2060\ufeff]")
"""What tokenisers and web pages leave in text, and what means nothing in code."""
_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f]")
_NUMBER = re.compile(
    r"[ \t]*(?:[-=]?>[ \t]*)?(?:L|\[|line )?(\d{1,6})"
    r"(?:\]?[ \t]*(?:[|│→┃]|[:.)](?= |$))|\]?\t|(?=  )|\]?$|(?= \S))"
)
_MARKS = (
    re.compile(r"(?:>>>|\.\.\.)(?: |$)"),
    re.compile(r"[ \t]*> ?"),
    _NUMBER,
    re.compile(r"\+"),
)
"""What may stand in front of every line: prompts, a quotation, numbers, signs of a diff."""

_TYPOGRAPHIC = str.maketrans("“”„‘’′（），：；\u2212", "\"\"\"'''(),:;-")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|#\d+|#x[0-9a-fA-F]+|nbsp);")
_NAMED = re.compile(r"\A[A-Z][\w ]{0,30}: (?=[^`\n]*$)", re.MULTILINE)


def visible(text: str, file: str) -> str:
    """Return a text without the characters without a width that the file has not.

    Others that nobody sees are left for the judge to refuse: somebody may have meant them.
    """
    if text.isascii():
        return text
    own = _odd_ones(file)
    text = WIDTHLESS.sub(lambda found: found.group() if found.group() in own else "", text)
    return _SPACES.sub(lambda found: found.group() if found.group() in own else " ", text)


@lru_cache(maxsize=4)
def _odd_ones(file: str) -> frozenset[str]:
    """Return which of the characters looked for a file has; it is read once, not for each."""
    return frozenset(WIDTHLESS.findall(file) + _SPACES.findall(file))


def cleaned(lines: Sequence[str], site: Site) -> list[str]:
    """Return lines without what stands in front of each, and without a file's name on top."""
    own = {plain(line) for line in site.target}
    lines = _unticked(lines, site)
    for mark in _MARKS:
        lines = _unmarked(lines, mark, site)
    lines = _closed_up([line for line in lines if not line.startswith("+import:")], site)
    if site.grammar.known and not any(line != line.rstrip() for line in site.target):
        lines = [line.rstrip() for line in lines]
    lines = trimmed(lines)
    while lines and plain(lines[0]) not in own and _is_name(lines[0]):
        lines = trimmed(lines[1:])
    return lines


def repairs(lines: Sequence[str], site: Site) -> Iterator[list[str]]:
    """Yield what lines may have been meant to be, when they do not do as they are."""
    text = "\n".join(lines)
    versions = (
        text if _ENTITY.search(site.original) else html.unescape(text),
        text.translate(_TYPOGRAPHIC),
        _unescaped(text.strip()) if "\\n" in text else text,
        _NAMED.sub("", text, count=1),
        re.sub(r"\\([_*#<>\[\]`])", r"\1", text),
    )
    yield from (cut(version) for version in dict.fromkeys(versions) if version != text)


def _is_name(line: str) -> bool:
    """Tell whether a line is the name of a file or of a language."""
    return is_file_name(line) or recorded(line.strip()) is not None


def _unticked(lines: Sequence[str], site: Site) -> list[str]:
    """Take off single backticks around each of the lines."""
    full = [line.strip() for line in lines if line.strip()]
    ticked = all(len(line) > 2 and line[0] == line[-1] == "`" != line[1] for line in full)
    if not ticked or site.original.lstrip().startswith("`"):
        return list(lines)
    return [line.strip()[1:-1] for line in lines]


def _unmarked(lines: list[str], mark: re.Pattern[str], site: Site) -> list[str]:
    """Take off marks that stand in front of every line, and before none of the target's."""
    full = filled(lines)
    found = [mark.match(lines[i]) for i in full]
    if not all(found) or any(map(mark.match, site.target)):
        return lines
    bare = [line[match.end() :] if (match := mark.match(line)) else line for line in lines]
    if mark is _NUMBER:
        numbers = [int(match.group(1)) for match in found if match is not None]
        ascend = all(a < b for a, b in pairwise(numbers))
        if not ascend or (len(full) == 1 and not _is_numbered(lines[full[0]], bare[full[0]], site)):
            return lines
    return bare


def _is_numbered(line: str, bare: str, site: Site) -> bool:
    """Tell whether the number in front of the one line is that of a line and no code."""
    marked = "→" in line or " | " in line
    return marked or any(similarity(bare, own) >= ALIKE for own in site.target)


def _closed_up(lines: list[str], site: Site) -> list[str]:
    """Take out the blank line behind every line."""

    def spread(full: list[int]) -> bool:
        return len(full) > 2 and all(b - a == 2 for a, b in pairwise(full))

    full = filled(lines)
    return [lines[i] for i in full] if spread(full) and not spread(filled(site.target)) else lines


def _unescaped(text: str) -> str:
    r"""Return a text whose line ends were written as `\n`."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
