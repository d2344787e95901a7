"""Strings, comments and brackets of source text, told without a grammar.

Invariant: what is looked at may start and end anywhere, as the text around a cursor does;
nothing here fails on any text, and masking keeps every length.
"""

from __future__ import annotations

import re
from collections import deque
from functools import lru_cache

_HASH = frozenset(
    "bash coffeescript cmake dockerfile elixir fish gdscript ini julia just make makefile nim nix"
    " perl powershell python r ruby sh shellscript toml yaml zsh".split()
)
_DASH = frozenset("ada elm haskell lua sql vhdl".split())
_PERCENT = frozenset("erlang latex matlab prolog tex".split())
_SEMICOLON = frozenset("asm clojure commonlisp elisp emacs-lisp lisp racket scheme".split())
_TRIPLE = frozenset("python gdscript julia toml elixir nim kotlin scala swift".split())
_BACKTICK = frozenset(
    "javascript javascriptreact typescript typescriptreact go jsx tsx svelte vue".split()
)
_LONE_QUOTE = frozenset(
    "rust clojure commonlisp elisp emacs-lisp lisp scheme haskell racket verilog".split()
)
"""Languages in which an apostrophe need not open a string."""

WRITING = frozenset(
    "asciidoc git-commit gitcommit latex markdown mdx org plaintext restructuredtext rst tex text"
    " typst".split()
)
"""Languages that people, not compilers, read: prose and fences are at home there."""

PAIRS = {")": "(", "]": "[", "}": "{"}


def masked(code: str, language: str) -> str:
    """Return `code` with the insides of its strings and comments blanked out."""
    return _tokens(language).sub(lambda match: re.sub(r"[^\n]", " ", match.group()), code)


def is_text(before: str, language: str) -> bool:
    """Tell whether the cursor after `before` stands in a string or a comment."""
    if language in WRITING:
        return True
    token = _last_token(before, language)
    return token is not None and (_is_comment(token) or not _is_closed(token))


def has_open_string(code: str, language: str) -> bool:
    """Tell whether `code` ends inside a string."""
    token = _last_token(code, language)
    return token is not None and not _is_comment(token) and not _is_closed(token)


def _last_token(code: str, language: str) -> str | None:
    """Return the string or comment that reaches to the end of `code`."""
    last = next(iter(deque(_tokens(language).finditer(code), maxlen=1)), None)
    return last.group() if last is not None and last.end() == len(code) else None


def _is_comment(token: str) -> bool:
    return token[0] not in "\"'`" and not (token.startswith("/*") and _is_closed(token))


def _is_closed(token: str) -> bool:
    """Tell whether a string or block comment has its closing mark."""
    for opening, closing in (("/*", "*/"), ('"""', '"""'), ("'''", "'''")):
        if token.startswith(opening):
            return len(token) >= len(opening + closing) and token.endswith(closing)
    escaped = len(token) - 1 - len(token[:-1].rstrip("\\"))
    return len(token) > 1 and token[-1] == token[0] and escaped % 2 == 0


def unopened(text: str, language: str) -> list[int]:
    """Return where the brackets stand that close what was opened before `text`."""
    waiting: list[str] = []
    found: list[int] = []
    for index, character in enumerate(masked(text, language)):
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


@lru_cache(maxsize=64)
def _tokens(language: str) -> re.Pattern[str]:
    """Compile what matches one string or comment, closed or not."""
    parts: list[str] = []
    if language in _TRIPLE:
        parts += [r'"""[\s\S]*?(?:"""|\Z)', r"'''[\s\S]*?(?:'''|\Z)"]
    if language in _HASH:
        parts.append(r"#[^\n]*")
    elif language in _DASH:
        parts.append(r"--[^\n]*")
    elif language in _PERCENT:
        parts.append(r"%[^\n]*")
    elif language in _SEMICOLON:
        parts.append(r";[^\n]*")
    else:
        parts += [r"//[^\n]*", r"/\*[\s\S]*?(?:\*/|\Z)"]
    if language == "php":
        parts.append(r"#[^\n]*")
    parts.append(r'"(?:\\.|[^"\\\n])*(?:"|\\?(?=\n|\Z))')
    if language in _LONE_QUOTE:
        parts.append(r"'(?:\\.|[^'\\\n])'")
    else:
        parts.append(r"'(?:\\.|[^'\\\n])*(?:'|\\?(?=\n|\Z))")
    if language in _BACKTICK:
        parts.append(r"`(?:\\[\s\S]|[^`\\])*(?:`|\Z)")
    return re.compile("|".join(parts))
