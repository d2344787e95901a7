"""A simulated editor: every way in which real ones were seen to treat an edit.

It keeps a log of who changed what, for the judge of the fuzz.

It has a buffer, a version and an undo stack; it answers edits late, reports changes late,
joined, trimmed or as a whole text, and refuses edits in the three forms that exist. The
mirror gets its reports through the same `didChange` parameters as from a real editor.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from attrs import Factory, define, frozen
from lsprotocol import types

from glm_lsp.lsp.documents.mirror import Documents
from glm_lsp.lsp.documents.positions import to_range, to_span
from glm_lsp.lsp.work.edit_writer import EditAnswer
from glm_lsp.text import Span, Text, common_ends
from tests.editors.fuzz.changes import Change

if TYPE_CHECKING:
    from random import Random

URI = "file:///work.py"

Stale = Literal["no", "silent", "error", "apply"]
Report = Literal["exact", "trimmed", "joined", "whole", "apart"]


@frozen
class Manners:
    """How an editor behaves.

    Attributes:
        stale: what it does with an edit of an older version: answer no, drop it but answer
            yes (Neovim), answer with an error (eglot), or apply it all the same (Kate).
        report: how it describes changes: one by one, without the ends that stayed, as one
            change, or as the whole text.
        reply_after, report_after: the longest delays, in seconds.
        refusals: how often it refuses for no reason, in any form.
        undo: whether it makes one undo step of each edit, or joins those of a job.
        acknowledges: whether it answers with the version that holds the edit.
    """

    stale: Stale = "no"
    report: Report = "exact"
    reply_after: float = 0.01
    report_after: float = 0.01
    refusals: float = 0.0
    joins_undo: bool = False
    acknowledges: bool = True
    encoding: str = "utf-16"


@define
class Sighting:
    """What happened in a run, to know that the runs cover what they should."""

    edits: int = 0
    refused: int = 0
    stale: int = 0
    misplaced: int = 0
    typed: int = 0
    pasted: int = 0
    deleted: int = 0
    undone: int = 0
    reopened: int = 0
    typed_in_flight: int = 0
    trace: list[str] = Factory(list)  # In which order things happened, one letter each.


class RefusedError(Exception):
    """The editor answers an edit with an error."""


@define
class SimulatedEditor:
    """One buffer that is open, and the mirror that hears of it.

    Attributes:
        log: every change of the buffer, with who made it.
        requests: how many edits were sent.
    """

    rng: Random
    manners: Manners
    buffer: str
    documents: Documents = Factory(Documents)
    seen: Sighting = Factory(Sighting)
    version: int = 1
    log: list[Change] = Factory(list)
    requests: int = 0
    _undo: list[tuple[str, bool]] = Factory(list)
    _unreported: list[tuple[str, str, Span, str]] = Factory(list)
    _reporting: bool = False
    _in_flight: int = 0
    _marks: int = 0
    _tasks: set[asyncio.Task[None]] = Factory(set)

    def __attrs_post_init__(self) -> None:
        self.documents.encoding = self.manners.encoding
        self._open()

    def _open(self) -> None:
        item = types.TextDocumentItem(URI, "python", self.version, self.buffer)
        self.documents.open(types.DidOpenTextDocumentParams(item))

    # What the server may do.

    async def send(self, edit: types.WorkspaceEdit, first: bool) -> EditAnswer:
        """Take an edit as the server sends it."""
        self._in_flight += 1
        self.requests += 1
        self.seen.trace.append("s")
        try:
            await self._pass(self.manners.reply_after)
            answer = self._take(edit, first)
            version = self.version if answer and self.manners.acknowledges else None
            self.seen.trace.append({True: "y", False: "n", None: "e"}[answer])
            await self._pass(self.manners.reply_after)
        finally:
            self._in_flight -= 1
            self.seen.trace.append("r")
        if answer is None:
            raise RefusedError("refused")
        return EditAnswer(answer, version)

    def _take(self, edit: types.WorkspaceEdit, first: bool) -> bool | None:
        assert edit.document_changes is not None
        (change,) = edit.document_changes
        assert isinstance(change, types.TextDocumentEdit)
        if self.rng.random() < self.manners.refusals:
            self.seen.refused += 1
            return False if self.manners.acknowledges else self.rng.choice([True, False, None])
        if change.text_document.version != self.version:
            self.seen.stale += 1
            if self.manners.stale != "apply":
                return {"no": False, "silent": True, "error": None}[self.manners.stale]
            self.seen.misplaced += 1
        text = Text.of(self.buffer)
        spans = [
            (to_span(text, item.range, self.manners.encoding), item.new_text)
            for item in change.edits
            if not isinstance(item, types.SnippetTextEdit)
        ]
        if not (self.manners.joins_undo and not first and self._undo and self._undo[-1][1]):
            self._undo.append((self.buffer, True))
        for span, new in sorted(spans, key=lambda item: item[0], reverse=True):
            self._replace(span, new, "glm")
        self.seen.edits += 1
        return True

    # What the user may do.

    def type(self, offset: int, text: str | None = None) -> str:
        """Type one character, by default one that was never typed before; return it."""
        mark = text if text is not None else self._mark()
        self._user(Span(offset, offset), mark)
        self.seen.typed += 1
        self.seen.trace.append("t")
        self.seen.typed_in_flight += self._in_flight > 0
        return mark

    def paste(self, offset: int) -> None:
        """Paste two lines."""
        self._user(Span(offset, offset), f"{self._mark()}\n{self._mark()}")
        self.seen.pasted += 1
        self.seen.trace.append("p")

    def delete(self, span: Span) -> None:
        """Delete a selection."""
        self._user(span, "")
        self.seen.deleted += 1
        self.seen.trace.append("d")

    def undo(self) -> bool:
        """Undo the last step; tell whether there was one."""
        if not self._undo:
            return False
        before, _ = self._undo.pop()
        start, end_new, end_old = common_ends(self.buffer, before)
        self._replace(Span(start, end_new), before[start:end_old], "undo")
        self.seen.undone += 1
        self.seen.trace.append("u")
        return True

    def close_and_open(self) -> None:
        """Close the document with its text and open it again."""
        self._report()
        self.documents.close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(URI)))
        self.version = 0
        self._open()
        self.seen.reopened += 1
        self.seen.trace.append("o")

    @property
    def is_busy(self) -> bool:
        """Whether an edit is under way, or was made and is not reported."""
        return self._in_flight > 0 or self._reporting

    def settle(self) -> None:
        """Report what was not reported yet."""
        self._report()

    def _mark(self) -> str:
        self._marks += 1
        return chr(0xE000 + self._marks)

    def _user(self, span: Span, text: str) -> None:
        self._undo.append((self.buffer, False))
        self._replace(span, text, "user")

    # What the mirror hears.

    def _replace(self, span: Span, text: str, who: Literal["user", "glm", "undo"]) -> None:
        if not span and not text:
            return
        before = self.buffer
        old = before[span.start : span.end]
        request = self.requests if who == "glm" else 0
        self.log.append(Change(who, span.start, old, text, request))
        self.buffer = before[: span.start] + text + before[span.end :]
        self.version += 1
        self.seen.trace.append("+")
        self._unreported.append((before, self.buffer, span, text))
        if not self._reporting:
            self._reporting = True
            task = asyncio.get_running_loop().create_task(self._report_later())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _report_later(self) -> None:
        await self._pass(self.manners.report_after)
        self._report()

    def _report(self) -> None:
        self._reporting = False
        changes, self._unreported = self._unreported, []
        if not changes:
            return
        if self.manners.report == "whole":
            self._tell([types.TextDocumentContentChangeWholeDocument(self.buffer)], self.version)
        elif self.manners.report == "joined":
            self._tell([self._trimmed(changes[0][0], self.buffer)], self.version)
        elif self.manners.report == "apart":
            first = self.version - len(changes)
            for number, (before, _, span, text) in enumerate(changes, start=1):
                self._tell([self._event(before, span, text)], first + number)
        else:
            trim = self.manners.report == "trimmed"
            events = [
                self._trimmed(before, after) if trim else self._event(before, span, text)
                for before, after, span, text in changes
            ]
            self._tell(events, self.version)

    def _tell(self, events: list[types.TextDocumentContentChangeEvent], version: int) -> None:
        self.seen.trace.append("c")
        identifier = types.VersionedTextDocumentIdentifier(uri=URI, version=version)
        self.documents.change(types.DidChangeTextDocumentParams(identifier, events))

    def _trimmed(self, before: str, after: str) -> types.TextDocumentContentChangeEvent:
        start, end_before, end_after = common_ends(before, after)
        return self._event(before, Span(start, end_before), after[start:end_after])

    def _event(self, before: str, span: Span, text: str) -> types.TextDocumentContentChangeEvent:
        range_ = to_range(Text.of(before), span, self.manners.encoding)
        return types.TextDocumentContentChangePartial(range_, text)

    async def _pass(self, most: float) -> None:
        await asyncio.sleep(self.rng.uniform(0, most) if most else 0)
