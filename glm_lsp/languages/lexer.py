"""Strings, comments and brackets of source text, told without a grammar.

Invariant: what is looked at may start and end anywhere, as the text around a cursor does;
nothing here fails on any text, and masking keeps every length.
"""

from __future__ import annotations

import re
from collections import deque
from functools import lru_cache

from glm_lsp.languages import Language, language_named

PAIRS = {")": "(", "]": "[", "}": "{"}


def masked(code: str, language: str) -> str:
    """Return `code` with the insides of its strings and comments blanked out."""
    return _tokens(language).sub(lambda match: re.sub(r"[^\n]", " ", match.group()), code)


def is_text(before: str, language: str) -> bool:
    """Tell whether the cursor after `before` stands in a string or a comment."""
    record = language_named(language)
    token = _last_token(before, language)
    if record.prose or token is None:
        return record.prose
    return _is_comment(token, record) or not _is_closed(token, record)


def is_word(character: str) -> bool:
    """Tell whether a character belongs to a word; "" does not."""
    return character.isalnum() or character == "_"


def has_open_string(code: str, language: str) -> bool:
    """Tell whether `code` ends inside a string."""
    record, token = language_named(language), _last_token(code, language)
    return token is not None and not _is_comment(token, record) and not _is_closed(token, record)


def unopened(text: str, language: str, before: str = "") -> list[int]:
    """Return where the brackets stand that close what was opened before `text`.

    `before` is what stands before it, which tells where comments and strings begin.
    """
    waiting: list[str] = []
    found: list[int] = []
    for index, character in enumerate(masked(before + text, language)[len(before) :]):
        if character in "([{":
            waiting.append(character)
        elif character in PAIRS:
            if waiting and waiting[-1] == PAIRS[character]:
                waiting.pop()
            elif not waiting:
                found.append(index)
    return found


def unclosed(text: str, language: str) -> list[str]:
    """Return the brackets that are open at the end of `text`, the outermost first."""
    waiting: list[str] = []
    for character in masked(text, language):
        if character in "([{":
            waiting.append(character)
        elif character in PAIRS and waiting and waiting[-1] == PAIRS[character]:
            waiting.pop()
    return waiting


def _last_token(code: str, language: str) -> str | None:
    """Return the string or comment that reaches to the end of `code`."""
    last = next(iter(deque(_tokens(language).finditer(code), maxlen=1)), None)
    if last is None or last.end() != len(code):
        return None
    names = language_named(language).names
    return None if names and re.fullmatch(names, last.group()) else last.group()


def _is_comment(token: str, record: Language) -> bool:
    """Tell whether a string or comment is a comment that goes on behind it."""
    if token.startswith((*record.quotes, *record.long_quotes)):
        return False
    return not (_is_block(token, record) and _is_closed(token, record))


def _is_block(token: str, record: Language) -> bool:
    return any(token.startswith(opening) for opening, _ in record.block_comments)


def _is_closed(token: str, record: Language) -> bool:
    """Tell whether a string or block comment has its closing mark."""
    triple = [(quote, quote) for quote in record.long_quotes if len(quote) > 1]
    for opening, closing in (*record.block_comments, *triple):
        if token.startswith(opening):
            return len(token) >= len(opening + closing) and token.endswith(closing)
    escaped = len(token) - 1 - len(token[:-1].rstrip("\\"))
    return len(token) > 1 and token[-1] == token[0] and escaped % 2 == 0


@lru_cache(maxsize=64)
def _tokens(language: str) -> re.Pattern[str]:
    """Compile what matches one string, comment or bracket that is a name, closed or not."""
    record = language_named(language)
    triple = [re.escape(quote) for quote in record.long_quotes if len(quote) > 1]
    single = [re.escape(quote) for quote in record.long_quotes if len(quote) == 1]
    parts = [part for part in (record.manual, record.names) if part]
    parts += [rf"{quote}[\s\S]*?(?:{quote}|\Z)" for quote in triple]
    parts += [rf"{re.escape(mark)}[^\n]*" for mark in record.line_comments]
    for opening, closing in record.block_comments:
        parts.append(rf"{re.escape(opening)}[\s\S]*?(?:{re.escape(closing)}|\Z)")
    for quote in record.quotes:
        if quote == "'" and record.apostrophes:
            parts.append(r"'(?:\\.|[^'\\\n])'")
        else:
            parts.append(rf"{quote}(?:\\.|[^{quote}\\\n])*(?:{quote}|\\?(?=\n|\Z))")
    parts += [rf"{quote}(?:\\[\s\S]|[^{quote}\\])*(?:{quote}|\Z)" for quote in single]
    return re.compile("|".join(parts))
