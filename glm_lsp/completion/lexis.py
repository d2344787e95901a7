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
    last = next(iter(deque(_tokens(language).finditer(before), maxlen=1)), None)
    if last is None or last.end() != len(before):
        return False
    token = last.group()
    if token.startswith("/*"):
        return not token.endswith("*/") or len(token) < 4
    for quote in ('"""', "'''"):
        if token.startswith(quote):
            return len(token) < 6 or not token.endswith(quote)
    if token[0] in "\"'`":
        return len(token) == 1 or token[-1] != token[0] or token[-2] == "\\"
    return True


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
