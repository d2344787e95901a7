"""Tells words about code from code, line by line.

All of these are judgements about how models write. Each errs towards calling a line code:
prose left in the file is seen at once, code lost is not.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_QUOTED = re.compile(r"`[^`]*`|\*\*[^*]*\*\*")
_CODE = re.compile(r"[={}\[\];<>\\]|\w\(|\(\)|^\s*(?:#|//|/\*|--|\"|')")
_HEADING = re.compile(r"^(?:#{2,6}\s+|[-*]\s+|\d+\.\s+)(?=[A-Z*`])")
_NUMBER = re.compile(r"^[ \t]*(\d{1,6})(?:[ \t]?[|:│→][ \t]?|\t)", re.MULTILINE)
_PATH = r"[\w@~./\\-]*[\w-]\.[A-Za-z]\w{0,4}"
_FILE_NAME = re.compile(
    rf"^\s*(?:(?:#+|//|--|;+|%|/\*+|<!--|\"|')\s*(?:file(?:name|path)?|path)?\s*:?\s*`?{_PATH}`?"
    rf"|(?:file(?:name|path)?|path)\s*:\s*`?{_PATH}`?)\s*(?:\*/|-->)?\s*:?$",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"^\s*(?:#|//|/\*|\*|--|<!--|;|%|\{/\*)\s*(.*)$")
_LEFT_OUT = re.compile(
    r"(?:\.{3}|…).*\b(?:rest|remain\w*|existing|unchanged|other|same|previous|omitted|code)\b"
    r"|\b(?:rest|remain\w*|existing|unchanged|other|same|previous|omitted|code)\b.*(?:\.{3}|…)"
    r"|\brest of (?:the |your )?(?:code|function|class|file|method|implementation)\b"
    r"|\b(?:remains?|stays?) (?:unchanged|the same)\b"
    r"|\b(?:existing|unchanged) code(?: here| continues)?\W*$",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"^\W*(?:I['’]?m sorry|I am sorry|Sorry|I can(?:no|['’])t|I can not|I['’]?m (?:unable|not able)"
    r"|I am (?:unable|not able)|I won['’]t|As an AI|Unfortunately,? I)\b",
    re.IGNORECASE,
)


def is_prose(line: str) -> bool:
    """Tell whether a line is a sentence, a heading or an item of a list, not code."""
    text = line.strip()
    item = _HEADING.match(text)
    if item:
        text = text[item.end() :]
    plain = _QUOTED.sub("x", text)
    words = _WORD.findall(plain)
    if len(words) < (2 if item else 3) or _CODE.search(plain) or line[:1] in " \t":
        return False
    if not (plain[0].isupper() or plain[0] == "x"):
        return False
    return item is not None or plain[-1] in ".:!?" or len(words) >= 6


def looks_like_code(line: str) -> bool:
    """Tell whether a line has punctuation that sentences have not."""
    return _CODE.search(line) is not None


def without_prose(lines: list[str], original: str) -> list[str]:
    """Return lines without the prose they start and end with; the original's own lines stay."""
    known = {line.strip() for line in original.splitlines()}

    def says_nothing(line: str) -> bool:
        return not line.strip() or (is_prose(line) and line.strip() not in known)

    start, end = 0, len(lines)
    while start < end and says_nothing(lines[start]):
        start += 1
    for index in range(start, end):  # Prose that follows a blank line ends the code.
        if is_prose(lines[index]) and not lines[index - 1].strip() and says_nothing(lines[index]):
            end = index
            break
    while end > start and says_nothing(lines[end - 1]):
        end -= 1
    return lines[start:end]


def is_file_name(line: str) -> bool:
    """Tell whether a line is nothing but the name of a file, as a comment or after "File:"."""
    return _FILE_NAME.match(line) is not None


def without_number(line: str) -> tuple[int | None, str]:
    """Return the line number that a line starts with, None if there is none, and the rest."""
    found = _NUMBER.match(line)
    return (int(found.group(1)), line[found.end() :]) if found else (None, line)


def has_numbers(text: str) -> bool:
    """Tell whether any line of a text starts like one that has its number in front."""
    return _NUMBER.search(text) is not None


def is_elision(line: str) -> bool:
    """Tell whether a line is a comment that stands for code left out."""
    comment = _COMMENT.match(line)
    return comment is not None and _LEFT_OUT.search(comment.group(1)) is not None


def refuses(reply: str) -> bool:
    """Tell whether a reply without code declines the task."""
    return _REFUSAL.match(reply) is not None
