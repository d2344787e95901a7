"""Brings a change into the editor's document, and learns what really happened to it.

How an action uses it:

    applier = Applier(server.documents, snapshot, span, send, delivery="stream")
    outcome = await applier.run(ask)      # in the job; cancel the job to take it back
    await applier.take_back()             # glm.reject, at any later time
    applier.close()                       # glm.accept, or when the document is closed

`snapshot` is the document the prompt was made of, `span` the whole lines that GLM rewrites.
`ask(fault)` returns an async generator: each `str` it yields is the next piece of the lines'
replacement; a `Whole` is all of it, in place of the pieces; a `Change`, in the snapshot's
coordinates, is a change elsewhere, such as an import. It is asked a second time, with a
sentence about the fault, when the answer has one. `send(edit, first)` hands a WorkspaceEdit to
the editor; whoever made the applier ends the undo step that a `first` edit begins.

Invariants: the document ends with all of the change that the user's hand left room for, or
without any of it. When the editor does not take the change it is taken back or offered. A
change that was asked again about and is still at fault is never written, only offered.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from enum import Enum
from typing import TYPE_CHECKING, Literal

from glm_lsp.editing.answer import Whole
from glm_lsp.editing.diff import StreamingDiff
from glm_lsp.editing.lines import contents, line_edit
from glm_lsp.editing.live.session import EditSession
from glm_lsp.errors import EditError, FaultyAnswerError
from glm_lsp.lsp.work.edit_writer import EditWriter, NotTakenError, opened_anew
from glm_lsp.text import Change

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from typing import Any

    from lsprotocol import types

    from glm_lsp.editing.lines import LineEdit
    from glm_lsp.lsp.documents.mirror import Documents
    from glm_lsp.lsp.work.edit_writer import Pace, Send
    from glm_lsp.text import Snapshot, Span

    Piece = str | Whole | Change
    Ask = Callable[[str | None], AsyncGenerator[Piece, None]]
    Check = Callable[[str, str], Awaitable[str | None]]

logger = logging.getLogger(__name__)

_AT_ONCE = 200  # Line edits that are taken before others have their turn.

Mode = Literal["stream", "once", "offer"]
"""How a change is delivered; "offer" never sends it: see `Applier.proposal`."""


class Outcome(Enum):
    """How a run ended when it did not raise."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"  # The replacement is the original.
    OFFERED = "offered"  # It is not in the document: `proposal` has it.


class Applier:
    """One change of GLM's in one document, from its first word to its acceptance.

    Args:
        documents: the mirror.
        snapshot: what the prompt was made of; the document may have moved on since.
        span: what the replacement replaces: whole lines, without the last one's end.
        send: hands an edit to the editor; may raise.
        check: given the snapshot's text without and with the change, what is wrong with it in
            words for the model, or None.
        guard: the same of the document as it is in the end, with what the user typed.

    Attributes:
        target: `span`.
        fault: what is wrong with a change that is offered for that reason.
    """

    def __init__(
        self,
        documents: Documents,
        snapshot: Snapshot,
        span: Span,
        send: Send,
        *,
        delivery: Mode = "stream",
        check: Check | None = None,
        guard: Check | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.fault: str | None = None
        self.target = span
        self._documents = documents
        self._snapshot = snapshot
        self._mode = delivery
        self._check = check
        self._guard = guard
        self._writer = EditWriter(documents, snapshot, send, pace)
        self._writing: asyncio.Future[None] | None = None
        self._begin_session()
        self._unsubscribe = documents.subscribe(self._writer.on_event)

    @property
    def uri(self) -> str:
        """The document's."""
        return self._snapshot.uri

    @property
    def session(self) -> EditSession:
        """What is whose in the document."""
        return self._writer.session

    @property
    def over(self) -> bool:
        """Whether nothing of the change is left to keep or undo: the user undid it, or reopened."""
        gone = self.session.landed > 0 and not self.session.in_effect
        return self._writer.replaced or self.session.lost or gone

    async def run(self, ask: Ask) -> Outcome:
        """Ask for the replacement and bring it into the document.

        On any error, and when cancelled, the document is restored before it is raised.

        Raises:
            EditError: the editor did not take the change, or the user's typing forbids it.
            GlmError: whatever `ask` raises.
        """
        try:
            fault = await self._deliver(ask(None), self._mode)
        except FaultyAnswerError as error:
            fault = error.fault
        if fault is not None:
            self._begin_session()
            mode: Mode = "offer" if self._mode == "offer" else "once"
            fault = self.fault = await self._deliver(ask(fault), mode)
        if not self.session.part_count:
            return Outcome.UNCHANGED
        return Outcome.APPLIED if self.session.landed else Outcome.OFFERED

    async def take_back(self, hunk: int | None = None) -> list[int]:
        """Restore the original text, of one hunk or all; what the user typed since stays.

        Returns the lines (0-based) of hunks that could not be restored whole, because the user
        changed some of their lines.

        Raises:
            EditError: the editor did not take the edit.
        """
        self._writer.in_document = False
        self.session.withdraw(hunk)
        await _finished(asyncio.ensure_future(self._writer.finish()))
        return self.session.left_out()

    async def apply_offered(self) -> None:
        """Bring an offered change into the document, since the user wants it.

        Raises:
            EditError: the editor did not take it.
        """
        self._writer.in_document = False
        await _finished(asyncio.ensure_future(self._writer.finish()))

    def proposal(self) -> types.WorkspaceEdit | None:
        """Return what is still to be done as one edit of the document as it is now.

        It goes out in a code action, and is recognised when the user picks it. None when there
        is nothing to do.
        """
        self.session.dropped()
        changes = self.session.send()
        return self._writer.edit(changes) if changes else None

    def close(self) -> None:
        """Stop following the document."""
        self._unsubscribe()

    # The journey of one answer.

    def _begin_session(self) -> None:
        self._writer.session = EditSession(self._snapshot, self._writer.locate)
        current = self._documents.get(self.uri)
        if current is not None:
            self.session.catch_up(current.text)

    async def _deliver(self, answer: AsyncGenerator[Piece, None], mode: Mode) -> str | None:
        """Bring one answer into the document; return its fault, if it has one.

        A faulty answer is not in the document then; the session holds it.
        """
        writer = self._writer
        writer.ended = writer.in_document = False
        writer.streams = mode == "stream"
        self._writing = asyncio.ensure_future(writer.write()) if writer.streams else None
        try:
            whole, apart = await self._read(answer)
            if whole is not None:
                await self._start_over(whole)
            self.session.add(apart, apart=True)
            fault = await self._find_fault()
            if fault is None and mode != "offer":
                await self._complete()
            elif self._writing is not None:
                await self._restore()
        except BaseException as error:
            await self._restore()
            if writer.reopened and isinstance(error, asyncio.CancelledError):
                raise opened_anew() from error  # That is why: the user did not cancel it.
            raise
        return fault

    async def _read(self, answer: AsyncGenerator[Piece, None]) -> tuple[str | None, list[LineEdit]]:
        """Take an answer as it comes, unless writing it fails meanwhile."""
        reader = asyncio.ensure_future(self._collect(answer))
        waited: set[asyncio.Future[Any]] = {reader}
        if self._writing is not None:
            waited.add(self._writing)
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if self._writing and self._writing.done():
                self._writing.result()
            return await reader
        finally:
            reader.cancel()
            await asyncio.wait({reader})

    async def _collect(
        self, answer: AsyncGenerator[Piece, None]
    ) -> tuple[str | None, list[LineEdit]]:
        """Turn an answer into line edits; return what replaces its pieces, and edits elsewhere."""
        session, difference = self.session, self._difference()
        whole: str | None = None
        apart: list[LineEdit] = []
        async with aclosing(answer):
            async for piece in answer:
                if isinstance(piece, Whole):
                    whole = piece.text
                elif isinstance(piece, Change):
                    edit = line_edit(self._snapshot.text, piece)
                    apart += [edit] if edit else []
                else:
                    session.add(difference.feed(piece))
                    self._writer.notice()
        session.add(difference.finish() if whole is None else ())
        session.close()
        return whole, apart

    async def _start_over(self, whole: str) -> None:
        """Have a text replace the lines, whatever was streamed."""
        if self._writing is not None:
            await self._restore()
        self._writing = None
        self._begin_session()
        difference = self._difference()
        edits = await asyncio.to_thread(
            lambda: [
                least
                for edit in [*difference.feed(whole), *difference.finish()]
                for least in edit.divided()
            ]
        )
        for start in range(0, len(edits), _AT_ONCE):
            self.session.add(edits[start : start + _AT_ONCE])
            await asyncio.sleep(0)  # It is the others' turn.
        self.session.close()

    def _difference(self) -> StreamingDiff:
        text = self._snapshot.text
        first, last = (text.position(at)[0] for at in (self.target.start, self.target.end))
        return StreamingDiff(contents(text, first, last + 1), first)

    async def _find_fault(self) -> str | None:
        if self._check is None:
            return None
        intended = await asyncio.to_thread(self.session.intended)
        return await self._check(str(self._snapshot.text), intended)

    async def _complete(self) -> None:
        """Write what is not written yet, and look at what stands there in the end.

        Raises:
            EditError: the user's typing forbids the change, or does not go together with it.
        """
        self._writer.end()
        try:
            await asyncio.shield(self._writing or asyncio.ensure_future(self._writer.write()))
        except NotTakenError:
            if self._writer.in_document:
                raise
            return  # Nothing of it is there: it is offered.
        session = self.session
        if session.left_out() and not session.in_effect:
            raise EditError(
                "You edited the lines that GLM was rewriting, so your text was kept and GLM's"
                " change taken back. Run it again when you are done."
            )
        if self._guard is None or str(session.text) == await asyncio.to_thread(session.intended):
            return
        if await self._guard(session.without_change(), str(session.text)) is not None:
            raise EditError(
                "GLM's change does not go together with what you typed meanwhile, so it was"
                " taken back. Run it again when you are done."
            )

    async def _restore(self) -> None:
        """Take the change back, whatever happens meanwhile, and within bounds."""

        async def restore() -> None:
            self.session.withdraw()
            self._writer.end()
            if self._writing is not None:
                await asyncio.wait({self._writing})  # What is in flight must be seen first.
            await self._writer.finish()

        try:
            await _finished(asyncio.ensure_future(restore()))
        except EditError as error:
            logger.warning("The text could not be restored: %s", error)


async def _finished(task: asyncio.Future[None]) -> None:
    """Wait for a task to end even when the waiting is cancelled."""
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                break
            cancelled = True
        except Exception:  # noqa: S110  # Raised below.
            pass
    if cancelled:
        if not task.cancelled():
            task.exception()
        raise asyncio.CancelledError
    task.result()
