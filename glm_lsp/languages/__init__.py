"""What is known about each language, one record each; nobody else keeps a table of languages.

Invariant: every name has a record: one that nobody has recorded gets the plainest. Grammars
load when a text is parsed (`glm_lsp.context.syntax`), never here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.languages.parsed import PARSED
from glm_lsp.languages.plain import PLAIN
from glm_lsp.languages.record import Language

if TYPE_CHECKING:
    from pathlib import PurePath

__all__ = ["LANGUAGES", "Language", "code_named", "language_named", "language_of_file", "recorded"]

LANGUAGES = (*PARSED, *PLAIN)
_BY_NAME = {name: each for each in LANGUAGES for name in (each.name, *each.aliases)}
_BY_SUFFIX = {suffix: each for each in LANGUAGES for suffix in each.suffixes}


def recorded(name: str) -> Language | None:
    """Return the record of a language by any of its names; None when there is none."""
    return _BY_NAME.get(name.lower())


def language_named(name: str) -> Language:
    """Return the record of a language by any of its names; the plainest when there is none."""
    return recorded(name) or Language(name=name.lower())


def code_named(name: str) -> Language | None:
    """Return the record of a language that is code; None for one of prose, or of nobody's."""
    language = recorded(name)
    return None if language is None or language.prose else language


def language_of_file(path: PurePath) -> Language:
    """Return the record of a file's language, told by its suffix; plain text when by none."""
    return _BY_SUFFIX.get(path.suffix.lower()) or _BY_NAME["plaintext"]
