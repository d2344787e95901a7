"""What the index keeps of one file, and how it is written down.

Invariant: facts come from a text and its language alone, so that they may be kept under the
text's hash; they hold no text but names and signatures.
"""

from __future__ import annotations

import hashlib
import re
import struct
import sys
from array import array
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.context.syntax import parse
from glm_lsp.project import LONGEST
from glm_lsp.project.definitions import Reader
from glm_lsp.project.missed import missed
from glm_lsp.project.named import BLANKS
from glm_lsp.project.rows import MOST, definition_of, row_of
from glm_lsp.project.rules import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glm_lsp.languages import Language
    from glm_lsp.project.definitions import Definition

WORD = re.compile(r"[A-Za-z_]\w{3,}")
PASSAGE = 20
"""Lines of a passage."""
_MOST_PASSAGES = 500
_FORM = f"8 {sys.byteorder}"
_LENGTHS = struct.Struct("=4I")


class Facts(NamedTuple):
    """One file.

    Attributes:
        rows: what it defines, a row each, in order.
        statements: its import statements, a line each.
        spelled: the words of its passages, each once, with blanks between.
        held: for each passage of 20 lines how many places of words there are up to its end, then
            all the places; the first number says how many passages there are.
    """

    rows: bytes
    statements: str
    spelled: str
    held: array[int]

    @classmethod
    def of(
        cls,
        definitions: Sequence[Definition],
        imports: Sequence[str],
        passages: Iterable[Iterable[str]],
    ) -> Facts:
        """Return the facts of a file: what it defines and imports, and its passages' words."""
        numbers: dict[str, int] = {}
        ends, places = array("H"), array("H")
        for passage in passages:
            places.extend(numbers.setdefault(word, len(numbers)) for word in passage)
            ends.append(len(places))
        held = array("H", (len(ends),)) + ends + places
        rows = b"\n".join(map(row_of, definitions[:MOST]))
        return cls(rows, "\n".join(imports), " ".join(numbers), held)

    @property
    def definitions(self) -> list[Definition]:
        """What it defines, in order; their `path` is ""."""
        return [definition_of(row.decode(), "") for row in self.rows.split(b"\n") if row]

    @property
    def imports(self) -> list[str]:
        """Its import statements, each on one line."""
        return self.statements.split("\n") if self.statements else []

    @property
    def words(self) -> list[str]:
        """The words of its passages, each once."""
        return self.spelled.split()

    def written(self) -> bytes:
        """Return the facts as bytes."""
        statements, spelled = self.statements.encode(), self.spelled.encode()
        parts = (self.rows, statements, spelled, self.held.tobytes())
        return _LENGTHS.pack(*map(len, parts)) + b"".join(parts)

    @classmethod
    def read(cls, given: bytes) -> Facts:
        """Return the facts that bytes say.

        Raises:
            ValueError, TypeError, struct.error: they are none of ours.
        """
        ends = list(accumulate(_LENGTHS.unpack_from(given), initial=_LENGTHS.size))
        if ends[-1] != len(given):
            raise ValueError("cut off")
        rows, statements, spelled, places = (given[a:b] for a, b in pairwise(ends))
        held = array("H")
        held.frombytes(places)
        return cls(rows, statements.decode(), spelled.decode(), held)


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
    passages = _passages(text.split("\n"))
    if reader is None:
        return Facts.of((), (), passages)
    statements = [BLANKS.sub(" ", each) for each in reader.imports[:300]]
    return Facts.of(reader.found, statements, passages)


def _passages(lines: list[str]) -> Iterator[dict[str, None]]:
    for start in range(0, min(len(lines), _MOST_PASSAGES * PASSAGE), PASSAGE):
        yield words_of(lines[start : start + PASSAGE])


def words_of(lines: Iterable[str]) -> dict[str, None]:
    """Return the words of lines, each once, in order."""
    return dict.fromkeys(WORD.findall("\n".join(lines)))
