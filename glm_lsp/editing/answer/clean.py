"""Takes off what answers put on top of code: numbers, quote marks, invisible characters.

Invariant: nothing is taken off that the file itself has; what may be code is only taken off
as a repair, which somebody else must find better than the lines as they came.
"""

from __future__ import annotations

import html
import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from glm_lsp.editing.answer.lines import cut, filled, plain, similarity
from glm_lsp.editing.answer.prose import is_file_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glm_lsp.editing.answer.values import Site

INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
)
_JOINER = "\u200d"
_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f]")
_NUMBER = re.compile(
    r"^[ \t]*(?:[-=]?> ?)?[ \t]*(?:L|\[|line )?(\d{1,6})"
    r"(?:\]?[ \t]*(?:[|│→┃]|[:.)](?= |$))|\]?\t|(?=  )|\]?$|(?= \S))"
)
_PROMPT = re.compile(r"(?:>>>|\.\.\.)(?: |$)")
_TAGS = frozenset(
    "python py javascript js typescript ts tsx jsx go golang rust rs c cpp c++ java".split()
)
_QUOTE = re.compile(r"^[ \t]*>(?: |$)?")
_TYPOGRAPHIC = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "„": '"',
        "‘": "'",
        "’": "'",
        "′": "'",
        "（": "(",
        "）": ")",
        "，": ",",
        "：": ":",
        "；": ";",
        "\u2212": "-",
    }
)
_ESCAPES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&#39;": "'", "&#x27;": "'"}
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|#\d+|#x[0-9a-fA-F]+|nbsp);")


def visible(text: str, file: str) -> str:
    """Return a text without the invisible characters that the file has not."""
    if text.isascii():
        return text

    def instead(found: re.Match[str]) -> str:
        char = found.group()
        if char in file:
            return char
        if char == _JOINER:
            at = found.start()
            around = text[at - 1 : at] + text[at + 1 : at + 2]
            if len(around) == 2 and all(ord(each) > 0x2000 for each in around):
                return char  # It joins what is one picture.
        return ""

    text = INVISIBLE.sub(instead, text)
    return _SPACES.sub(lambda found: found.group() if found.group() in file else " ", text)


def cleaned(lines: Sequence[str], site: Site) -> list[str]:
    """Return lines without what stands in front of each, and without a file's name on top."""
    lines = list(lines)
    for strip in (_unticked, _unprompted, _unquoted, _unnumbered, _unadded):
        lines = strip(lines, site)
    own = {plain(line) for line in site.target}
    lines = [line for line in lines if not line.startswith("+import:")]
    if lines and lines[0].strip().lower() in _TAGS and plain(lines[0]) not in own:
        del lines[0]
    lines = _closed_up(lines, site)
    if site.grammar.known and not any(line != line.rstrip() for line in site.target):
        lines = [line.rstrip() for line in lines]
    while lines and (
        not lines[0].strip() or (is_file_name(lines[0]) and plain(lines[0]) not in own)
    ):
        del lines[0]
    while lines and not lines[-1].strip():
        lines.pop()
    if _escaped(lines, site):
        lines = [html.unescape(line) for line in lines]
    return lines


def repairs(lines: Sequence[str], site: Site) -> Iterator[list[str]]:
    """Yield what lines may have been meant to be, when they do not do as they are."""
    text = "\n".join(lines)
    if _ENTITY.search(text) and not _ENTITY.search(site.original):
        yield [html.unescape(line) for line in lines]
    if (straight := text.translate(_TYPOGRAPHIC)) != text:
        yield straight.split("\n")
    if "\\n" in text and (meant := _unescaped(text)) is not None:
        yield cut(meant)
    if '\\"' in text:
        yield text.replace('\\"', '"').split("\n")
    opened = re.match(r"[A-Z][\w ]{0,30}: (?=[^`]*$)", lines[0] if lines else "")
    if opened is not None:
        yield [lines[0][opened.end() :], *lines[1:]]
    if re.search(r"\\[_*#<>\[\]`]", text):
        yield re.sub(r"\\([_*#<>\[\]`])", r"\1", text).split("\n")


def _unticked(lines: list[str], site: Site) -> list[str]:
    """Take off single backticks around all of the lines, or around each."""
    full = filled(lines)
    text = "".join(lines[i].strip() for i in full)
    if len(text) < 3 or text[0] != "`" or text[-1] != "`" or "```" in text:
        return lines
    if site.original.lstrip().startswith("`"):
        return lines
    if text.count("`") == 2:
        return [line.replace("`", "") for line in lines]
    if all(lines[i].strip()[0] == lines[i].strip()[-1] == "`" for i in full):
        return [line.strip()[1:-1] for line in lines]
    return lines


def _unprompted(lines: list[str], site: Site) -> list[str]:
    """Take off the prompts of an interactive session."""
    full = filled(lines)
    if not full or not lines[full[0]].startswith(">>> ") or site.original.startswith(">>>"):
        return lines
    if not all(_PROMPT.match(lines[i]) for i in full):
        return lines
    return [_PROMPT.sub("", line) for line in lines]


def _closed_up(lines: list[str], site: Site) -> list[str]:
    """Take out the blank line behind every line."""
    full = filled(lines)
    spread = len(full) > 2 and all(b - a == 2 for a, b in pairwise(full))
    own = filled(site.target)
    if not spread or (len(own) > 2 and all(b - a == 2 for a, b in pairwise(own))):
        return lines
    return [lines[i] for i in full]


def _unquoted(lines: list[str], site: Site) -> list[str]:
    """Take off the marks of a quotation when every line has one."""
    full = filled(lines)
    if not full or not all(_QUOTE.match(lines[i]) for i in full):
        return lines
    if any(_QUOTE.match(line) for line in site.target):
        return lines
    return [_QUOTE.sub("", line, count=1) for line in lines]


def _unnumbered(lines: list[str], site: Site) -> list[str]:
    """Take off line numbers when they ascend from line to line."""
    full = filled(lines)
    found = [_NUMBER.match(lines[i]) for i in full]
    if not found or not all(found) or any(_NUMBER.match(line) for line in site.target):
        return lines
    numbers = [int(match.group(1)) for match in found if match is not None]
    if any(b <= a for a, b in pairwise(numbers)):
        return lines
    bare = [_NUMBER.sub("", line, count=1) for line in lines]
    if len(full) == 1 and not _is_number(numbers[0], lines[full[0]], bare[full[0]], site):
        return lines
    return bare


def _is_number(number: int, line: str, bare: str, site: Site) -> bool:
    """Tell whether the one line's number is that of a line and no code."""
    if any(similarity(bare, own) >= 0.5 for own in site.target) or "→" in line or " | " in line:
        return True
    return len(site.above) < number <= len(site.above) + len(site.target)


def _unadded(lines: list[str], site: Site) -> list[str]:
    """Take off the plus signs of added lines when every line is one."""
    full = filled(lines)
    if not full or not all(lines[i].startswith("+") for i in full):
        return lines
    if any(line.startswith("+") for line in site.target):
        return lines
    return [line.removeprefix("+") for line in lines]


def _escaped(lines: Sequence[str], site: Site) -> bool:
    """Tell whether characters of the original come as entities and no other way."""
    text, original = "\n".join(lines), site.original
    for entity, char in _ESCAPES.items():
        if entity in text and entity not in original and char in original:
            bare = text.replace("&", "") if char == "&" else text
            if char == "&":
                bare = re.sub(_ENTITY, "", text)
            if char not in bare:
                return True
    return False


def _unescaped(text: str) -> str | None:
    r"""Return a text whose line ends were written as `\n`; None when it is not one."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    if text.count("\n") > text.count("\\n"):
        return None
    if not re.search(r'(?<!\\)"', text):
        try:
            meant = json.loads(f'"{text}"', strict=False)
        except ValueError:
            pass
        else:
            return str(meant)
    return text.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
