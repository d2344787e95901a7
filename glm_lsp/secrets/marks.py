"""Marks that stand for secrets: struck out on the way to a model, put back on the way back.

Invariants: a secret has the same mark for as long as the `Marks` live, so that a prompt keeps
its beginning; a mark says nothing of its secret to who does not have the `Marks`. An answer
gets back only what was struck out of the question's own document, character for character.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from threading import Lock
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.errors import ExcludedError
from glm_lsp.secrets.assigned import named_secrets, passwords_in_addresses
from glm_lsp.secrets.private_keys import private_keys
from glm_lsp.secrets.shapes import joined_keys, known_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MARK = "STRUCK_OUT_"
_WITHIN = "The cursor stands within what looks like a secret: it stays on your machine."
_DIGITS = 10
_LEAST = 12  # Characters; a shorter secret is struck where it was found, and nowhere else.
_MOST_KNOWN = 128  # Secrets that are looked for again wherever they stand.


def find_secrets(text: str) -> list[tuple[int, int]]:
    """Return the spans of what looks like a secret, in order, none within another."""
    finders = (known_keys, joined_keys, private_keys, named_secrets, passwords_in_addresses)
    found = sorted({span for finder in finders for span in finder(text)}, key=_outer_first)
    spans: list[tuple[int, int]] = []
    for start, end in found:
        if not spans or start >= spans[-1][1]:
            spans.append((start, end))
        elif end > spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
    return spans


@frozen
class Struck:
    """Texts without their secrets.

    Attributes:
        texts: in the order of the given ones.
        marks: what each mark stands for that may be put back.
        count: how many secrets were struck out.
    """

    texts: tuple[str, ...] = field(repr=False)
    marks: Mapping[str, str] = field(repr=False)
    count: int


class Marks:
    """The marks of one connection to a service; `own` are secrets whatever they look like."""

    def __init__(self, own: Iterable[str] = ()) -> None:
        self._salt = secrets.token_bytes(16)
        self._own = tuple(secret for secret in own if len(secret) >= _LEAST)
        self._known: dict[str, None] = {}
        self._lock = Lock()

    def strike(
        self, texts: Sequence[str], *, foreign: Sequence[str] = (), hole: str = ""
    ) -> Struck:
        """Replace secrets by marks; those of `foreign` parts of the texts are not put back.

        `hole` is the mark of a cursor in the texts. May be called from several threads.

        Raises:
            ExcludedError: a cursor stands within a secret.
        """
        values = dict.fromkeys(value for text in texts for value in _values(text, hole))
        with self._lock:
            self._remember(value for value in values if len(value) >= _LEAST)
            values.update(self._known)
        values.update(dict.fromkeys(self._own))
        if hole and any(_crosses(text, hole, (*values, *self._own)) for text in texts):
            raise ExcludedError(_WITHIN)
        present = [v for v in values if any(v in text for text in texts)]
        present.sort(key=len, reverse=True)
        marks = {self._mark(value): value for value in present}
        struck = tuple(_replaced(text, marks) for text in texts)
        own = {m: v for m, v in marks.items() if _is_own(v, texts, foreign)}
        return Struck(struck, own, len(present))

    def _remember(self, values: Iterable[str]) -> None:
        for value in values:
            self._known.pop(value, None)
            self._known[value] = None
        for value in list(self._known)[: max(0, len(self._known) - _MOST_KNOWN)]:
            del self._known[value]

    def _mark(self, value: str) -> str:
        digest = hashlib.blake2b(value.encode("utf-8", "replace"), key=self._salt, digest_size=8)
        return MARK + digest.hexdigest()[:_DIGITS]


class Restorer:
    """Puts secrets back into a text that comes in pieces."""

    def __init__(self, marks: Mapping[str, str]) -> None:
        self._marks = marks
        self._kept = ""

    def feed(self, piece: str) -> str:
        """Return what is certain by now; the beginning of a mark is kept until it is whole."""
        text = self._kept + piece
        held = _unfinished(text)
        self._kept = text[len(text) - held :]
        return self._whole(text[: len(text) - held])

    def rest(self) -> str:
        """Return what was kept, once nothing more comes."""
        kept, self._kept = self._kept, ""
        return self._whole(kept)

    def _whole(self, text: str) -> str:
        if MARK not in text:
            return text
        return _MARKED.sub(lambda found: self._marks.get(found.group(), found.group()), text)


_MARKED = re.compile(rf"{MARK}[0-9a-f]{{{_DIGITS}}}")
_BEGUN = re.compile(rf"{MARK}[0-9a-f]{{0,{_DIGITS - 1}}}\Z")


def _unfinished(text: str) -> int:
    """Return how many characters at a text's end may be the beginning of a mark."""
    at = text.rfind(MARK)
    if at >= 0 and _BEGUN.match(text, at):
        return len(text) - at
    return next((n for n in range(len(MARK) - 1, 0, -1) if text.endswith(MARK[:n])), 0)


def _values(text: str, hole: str) -> Iterator[str]:
    """Yield what is to be struck out of a text."""
    cursor = text.find(hole) if hole else -1
    whole = text.replace(hole, "") if cursor >= 0 else text
    for start, end in find_secrets(whole):
        if start < cursor < end:
            raise ExcludedError(_WITHIN)
        if end - start < _LEAST:  # With what stands around it: as a word it may stand elsewhere.
            start, end = max(0, start - 1), end + 1
        yield whole[start:end]


def _crosses(text: str, hole: str, secrets_: Iterable[str]) -> bool:
    """Tell whether the cursor stands within one of some secrets, whatever they look like."""
    before, cursor, behind = text.partition(hole)
    if not cursor:
        return False
    return any(
        secret in before[1 - len(secret) :] + behind[: len(secret) - 1] for secret in secrets_
    )


def _replaced(text: str, marks: Mapping[str, str]) -> str:
    for mark, value in marks.items():
        text = text.replace(value, mark)
    return text


def _is_own(value: str, texts: Sequence[str], foreign: Sequence[str]) -> bool:
    """Tell whether a secret stands anywhere but in the foreign parts."""
    return _count(value, texts) > _count(value, foreign)


def _count(value: str, texts: Sequence[str]) -> int:
    return sum(text.count(value) for text in texts)


def _outer_first(span: tuple[int, int]) -> tuple[int, int]:
    return span[0], -span[1]
