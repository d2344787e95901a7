"""A long message, read while it arrives: a document of megabytes costs no moment of its own.

Invariants: what an arrival costs grows with its own length alone. Long texts are decoded piece by
piece as they come, and what is beyond the bounds is passed over, never held: of a message that is
too long, what it is about is known, so that it can be answered or its document be left out.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = 256 * 1024
"""Bytes of a message that is read in this way."""

_SHORT = 512  # Bytes of a text that is left where it is.
_REST = 16 * 2**20  # Bytes of all but the long texts.
_EDGE = 64 * 1024  # Bytes at either end in which it is looked for what a message is about.
_VALUES = 1_000_000  # Brackets and commas in them; each can become a value.

_BETWEEN = re.compile(
    rb'[^"]*(?:"[^"\\]{0,512}(?:\\.[^"\\]{0,512}){0,8}"[^"]*)*', re.DOTALL
)  # With the short texts there.
_WITHIN = re.compile(rb'[^"\\]*(?:\\(?:[^u]|u.{4})[^"\\]*)*', re.DOTALL)
_METHOD = re.compile(rb'"method"\s*:\s*"([^"\\]*)"')
_ID = re.compile(rb'[^\[]{0,200}?"id"\s*:\s*(\d{1,15}|"[^"\\]*")')
_URI = re.compile(rb'"uri"\s*:\s*"([^"\\]*)"')
_NOTEBOOK = re.compile(rb'"notebookDocument"\s*:\s*\{([^{}]{0,4096})')  # Its URI is within.


class Cut(dict[str, Any]):
    """A message that is too long: what it is about, and not all that it says."""


class LongMessage:
    """One message; `done` is called with it once it is here."""

    def __init__(self, done: Callable[[LongMessage], object], most: int) -> None:
        """Hold texts of `most` characters together."""
        self._done = done
        self._most = most
        self._rest = bytearray()  # The message, with a constant for each long text.
        self._values = 0
        self._is_much = False
        self._texts: list[list[str]] = []
        self._characters = 0
        self._within = False
        self._head: bytearray | None = None  # A text that may be short yet.
        self._bytes = codecs.getincrementaldecoder("utf-8")()
        self._torn = b""  # An escape that the arrival cut.
        self._broken = False

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        data, self._torn = self._torn + data, b""
        at = 0
        while at < len(data):
            if self._within:
                at = self._read_text(data, at)
                continue
            found = _BETWEEN.match(data, at)
            end = found.end() if found is not None else len(data)
            self._keep(data[at:end])
            if end < len(data):  # A text begins that is long, or cut.
                self._within, self._head = True, bytearray()
            at = end + 1

    def end(self) -> None:
        """Note that all of it is here."""
        self._done(self)

    def read(self) -> Any:
        """Return the message; a `Cut` when it is beyond the bounds.

        Raises:
            ValueError: it is not JSON.
            RecursionError: it is nested too deeply.
        """
        if self._broken or self._within:
            raise ValueError
        if self._is_much:
            return self._guessed()
        texts = iter(["".join(pieces) for pieces in self._texts])

        def text(_: str) -> str:
            if (given := next(texts, None)) is None:
                raise ValueError
            return given

        message = json.loads(self._rest.decode(), parse_constant=text)
        if next(texts, None) is not None:
            raise ValueError
        is_cut = self._characters > self._most and isinstance(message, dict)
        return Cut(message) if is_cut else message

    def _read_text(self, data: bytes, at: int) -> int:
        """Take what there is of a text; return where to go on."""
        found = _WITHIN.match(data, at)
        end = found.end() if found is not None else len(data)
        piece = data[at:end]
        if self._head is not None:
            self._head += piece
            if len(self._head) > _SHORT:
                piece, self._head = bytes(self._head), None
                self._texts.append([])
                self._bytes.reset()
                self._say(piece)
        else:
            self._say(piece)
        if data[end : end + 1] == b"\\":
            self._torn = data[end:]
            return len(data)
        if end < len(data):
            self._within = False
            self._keep(b"NaN" if self._head is None else b'"%b"' % bytes(self._head))
        return end + 1

    def _say(self, piece: bytes) -> None:
        """Add to the text that is being read."""
        pieces = self._texts[-1]
        if self._broken or self._characters > self._most:
            return
        try:
            said = json.loads(f'"{self._bytes.decode(piece)}"')
        except ValueError:
            self._broken = True
            return
        if pieces and said[:1] >= "\udc00" and "\ud800" <= pieces[-1][-1:] <= "\udbff":
            pair = (pieces[-1][-1:] + said[:1]).encode("utf-16-le", "surrogatepass")
            pieces[-1] = pieces[-1][:-1]
            said = pair.decode("utf-16-le", "surrogatepass") + said[1:]
        if said:
            pieces.append(said)
        self._characters += len(said)
        if self._characters > self._most:
            self._texts = [[] for _ in self._texts]

    def _keep(self, rest: bytes) -> None:
        self._values += rest.count(b",") + rest.count(b"[") + rest.count(b"{")
        self._rest += rest
        self._is_much = self._is_much or len(self._rest) > _REST or self._values > _VALUES
        if self._is_much:  # Its ends tell what it is about.
            del self._rest[_EDGE : max(_EDGE, len(self._rest) - _EDGE)]

    def _guessed(self) -> Cut:
        """Return what a message is about that is too much to be parsed."""
        edges = bytes(self._rest[:_EDGE] + self._rest[-_EDGE:])
        self._rest.clear()
        method, id_, uri = (pattern.search(edges) for pattern in (_METHOD, _ID, _URI))
        notebook = _NOTEBOOK.search(edges)
        message = Cut(params={})
        if method is not None:
            message["method"] = method[1].decode("utf-8", "replace")
        if id_ is not None and id_.start() == 0:
            message["id"] = json.loads(id_[1])
        if notebook is not None:
            uri = _URI.search(notebook[1])
        if uri is not None:
            about = "textDocument" if notebook is None else "notebookDocument"
            message["params"] = {about: {"uri": uri[1].decode("utf-8", "replace")}}
        return message
