"""What the index keeps of one file, and how it is written down.

Invariant: facts come from a text and its language alone, so that they may be kept under the
text's hash; they hold no text but names and signatures.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from glm_lsp.context.syntax import parse
from glm_lsp.project import LONGEST
from glm_lsp.project.definitions import Definition, Reader
from glm_lsp.project.missed import missed
from glm_lsp.project.rules import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glm_lsp.languages import Language

WORD = re.compile(r"[A-Za-z_]\w{3,}")
PASSAGE = 20
"""Lines of a passage."""
_MOST_PASSAGES = 500
_FORM = "6"


class Facts(NamedTuple):
    """One file.

    Attributes:
        definitions: what it defines, in order; their `path` is "".
        imports: its import statements, each on one line.
        words: the words of its passages, each once.
        passages: for each passage of 20 lines the numbers of its words in `words`.
    """

    definitions: list[Definition]
    imports: list[str]
    words: list[str]
    passages: list[list[int]]

    def written(self) -> str:
        """Return the facts as a text."""
        return json.dumps([self.definitions, self.imports, " ".join(self.words), self.passages])

    @classmethod
    def read(cls, text: str) -> Facts:
        """Return the facts that a text says.

        Raises:
            ValueError, TypeError: it is none of ours.
        """
        definitions, imports, words, passages = json.loads(text)
        return cls([_definition(each) for each in definitions], imports, words.split(), passages)


def _definition(row: list[Any]) -> Definition:
    name, kind, owner, line, last, signature, parameters, is_a, bases, doc, *_ = row
    rest = (tuple(parameters), is_a, tuple(bases), doc)
    return Definition(name, kind, owner, line, last, signature, *rest)


def key_of(language: str, text: bytes) -> bytes:
    """Return the name under which facts of a text are kept."""
    return hashlib.blake2b(f"{_FORM} {language} ".encode() + text, digest_size=16).digest()


def facts_of(language: Language, text: str) -> Facts:
    """Read one text; whoever calls bounds the time, for a parser may take long."""
    text = text[:LONGEST]
    reader = None
    rules = rules_of(language.grammar)
    if rules is not None and (tree := parse(language.name, text)) is not None:
        reader = Reader(rules, text.encode("utf-8", "replace"))
        reader.read(tree.root)
        if tree.has_error:
            reader.found += missed(rules, text, reader.found)
    words, passages = _passages(text.split("\n"))
    if reader is None:
        return Facts([], [], words, passages)
    return Facts(reader.found, reader.imports[:300], words, passages)


def _passages(lines: list[str]) -> tuple[list[str], list[list[int]]]:
    numbers: dict[str, int] = {}
    passages: list[list[int]] = []
    for start in range(0, min(len(lines), _MOST_PASSAGES * PASSAGE), PASSAGE):
        found = words_of(lines[start : start + PASSAGE])
        passages.append([numbers.setdefault(word, len(numbers)) for word in found])
    return list(numbers), passages


def words_of(lines: Iterable[str]) -> dict[str, None]:
    """Return the words of lines, each once, in order."""
    return dict.fromkeys(WORD.findall("\n".join(lines)))
