"""Code from other open documents that speaks of the same things as the code at the cursor.

Invariants: what is chosen stays the same while the user types in one region, so that the
prompt keeps its beginning; a passage much like the text at the cursor is not chosen, for
models would only repeat it; a document that may not be sent is not even read.
"""

from __future__ import annotations

import asyncio
import re
from itertools import islice
from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.context.gather import display_path
from glm_lsp.prompts.completion import Related

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from glm_lsp.text import Snapshot

PASSAGES = 2
PASSAGE_LINES = 30
_DOCUMENTS = 8
_MOST_LINES = 3_000
_LONGEST = 1_600
_LINES_BEFORE, _LINES_AFTER = 40, 15
_LEAST_SHARED = 4
_ECHO = 0.5
_REGION = 30
_WORD = re.compile(r"[^\W\d]\w{3,}")


@frozen
class _Choice:
    line: int
    related: tuple[Related, ...]


class RelatedCode:
    """Finds passages for prompts, and keeps to its choice while the cursor stays near."""

    def __init__(
        self,
        documents: Callable[[], Iterable[Snapshot]],
        allowed: Callable[[Snapshot, Snapshot], bool],
    ) -> None:
        """Look at `documents`; `allowed`, called in a thread, tells which go along with another."""
        self._documents = documents
        self._allowed = allowed
        self._choices: dict[str, _Choice] = {}

    async def gather(self, snapshot: Snapshot, offset: int) -> tuple[Related, ...]:
        """Return passages for a cursor; searching runs in a thread, for documents can be long."""
        line, _ = snapshot.text.position(offset)
        choice = self._choices.get(snapshot.uri)
        if choice is None or abs(choice.line - line) > _REGION:
            others = [
                document
                for document in self._documents()
                if document.uri != snapshot.uri
                and document.language == snapshot.language
                and not document.notebook  # Cells help those below them, and nobody else.
            ]
            chosen = asyncio.to_thread(self._choose, snapshot, line, others) if others else None
            related = await chosen if chosen is not None else ()
            choice = self._choices[snapshot.uri] = _Choice(line, related)
        return choice.related

    def _choose(
        self, snapshot: Snapshot, line: int, others: Iterable[Snapshot]
    ) -> tuple[Related, ...]:
        allowed = (other for other in others if self._allowed(other, snapshot))
        return choose(snapshot, line, islice(allowed, _DOCUMENTS))


def choose(snapshot: Snapshot, line: int, others: Iterable[Snapshot]) -> tuple[Related, ...]:
    """Return the passages that share most words with the lines around `line`, by path."""
    wanted = _words(snapshot.text.lines(line - _LINES_BEFORE, line + _LINES_AFTER))
    found: list[tuple[float, str, str, str]] = []
    for other in others:
        best = max(_passages(other, wanted), default=None)
        if best is not None:
            found.append((best[0], display_path(other.uri), best[1], other.uri))
    found.sort(reverse=True)
    return tuple(Related(*one[1:]) for one in sorted(found[:PASSAGES], key=_by_path))


def _passages(other: Snapshot, wanted: frozenset[str]) -> Iterable[tuple[float, str]]:
    """Yield a score and the code of each passage that would help."""
    last = min(other.text.line_count, _MOST_LINES)
    for start in range(0, last, PASSAGE_LINES):
        lines = list(other.text.lines(start, start + PASSAGE_LINES))
        words = _words(lines)
        shared = len(wanted & words)
        code = "".join(lines).strip("\r\n").replace("\r\n", "\n")
        if shared < _LEAST_SHARED or len(code) > _LONGEST:
            continue
        if shared / max(1, len(wanted | words)) <= _ECHO:
            yield shared / (len(words) + PASSAGE_LINES), code


def _by_path(entry: tuple[float, str, str, str]) -> str:
    return entry[1]


def _words(lines: Iterable[str]) -> frozenset[str]:
    return frozenset(word for line in lines for word in _WORD.findall(line[:_LONGEST]))
