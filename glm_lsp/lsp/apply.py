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

Invariants: one edit is in flight at a time, and carries the version last seen. A reply is not
believed: an edit counts once the mirror holds exactly what it makes of the text. Every loop
ends: when the editor does not take the change it is taken back or offered. A change that was
asked again about and is still at fault is never written, only offered.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from enum import Enum
from typing import TYPE_CHECKING, Literal

from attrs import frozen
from lsprotocol import types

from glm_lsp.editing.answer import Whole
from glm_lsp.editing.diff import StreamingDiff
from glm_lsp.editing.lines import contents, line_edit
from glm_lsp.editing.live.session import EditSession
from glm_lsp.errors import EditError, FaultyAnswerError
from glm_lsp.lsp.convert import to_offset, to_position, to_range
from glm_lsp.lsp.documents import Changed, Opened
from glm_lsp.text import Change

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
    from typing import Any

    from glm_lsp.editing.lines import LineEdit
    from glm_lsp.lsp.documents import DocumentEvent, Documents
    from glm_lsp.text import Snapshot, Span, Text

    Piece = str | Whole | Change
    Send = Callable[[types.WorkspaceEdit, bool], Awaitable["Answer"]]
    Ask = Callable[[str | None], AsyncGenerator[Piece, None]]
    Check = Callable[[str, str], Awaitable[str | None]]

logger = logging.getLogger(__name__)

_TICK = 1e-3  # What is left of a wait, in seconds, when it is over: clocks are not exact.
_SPARE_EDITS = 32

Mode = Literal["stream", "once", "offer"]
"""How a change is delivered; "offer" never sends it: see `Applier.proposal`."""


class Outcome(Enum):
    """How a run ended when it did not raise."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"  # The replacement is the original.
    OFFERED = "offered"  # It is not in the document: `proposal` has it.


@frozen
class Answer:
    """An editor's answer to an edit.

    `version` is the document's that holds exactly this edit; None from editors that do not say.
    """

    applied: bool
    version: int | None = None


@frozen
class Pace:
    """How long to wait for an editor, in seconds, and how often to try.

    Attributes:
        reply: for the answer to an edit; Neovim gives none while a command is being typed.
        echo: for an accepted edit to be seen in the document.
        grace: the same, once something else was seen that the editor did after accepting.
        pause: before an edit that was not taken is tried again, when nothing changed.
        take_back: for all that restores the text.
        reopen: for a document to be opened again.
        attempts: how often in a row an edit is tried that the user's typing overtakes, where
            the editor acknowledges; elsewhere it is `once_attempts`.
        flat_attempts: how often in a row it is tried while nothing changes.
    """

    reply: float = 60.0
    echo: float = 3.0
    grace: float = 0.6
    pause: float = 0.15
    take_back: float = 20.0
    reopen: float = 2.0
    attempts: int = 60
    once_attempts: int = 4
    flat_attempts: int = 4


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
        session: what is whose in the document.
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
        self._send = send
        self._mode = delivery
        self._check = check
        self._guard = guard
        self._pace = pace or Pace()
        self._news = asyncio.Event()  # Something to look at: a part, a change, an end.
        self._seen = 0  # How many changes of the document were seen.
        self._streams = False
        self._acknowledges = True
        self._ended = False
        self._in_document = False  # An edit of this undo step is in the document.
        self._reopened = False  # The document was closed and opened again, with the same text,
        self._replaced = False  # or it is not the one that was followed.
        self._writer: asyncio.Future[None] | None = None
        self.session = self._new_session()
        self._unsubscribe = documents.subscribe(self._on_event)

    @property
    def uri(self) -> str:
        """The document's."""
        return self._snapshot.uri

    @property
    def over(self) -> bool:
        """Whether nothing of the change is left to keep or undo: the user undid it, or reopened."""
        return self._replaced or self.session.lost or self.session.undone

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
            self.session = self._new_session()
            mode: Mode = "offer" if self._mode == "offer" else "once"
            fault = self.fault = await self._deliver(ask(fault), mode)
        if not self.session.part_count:
            return Outcome.UNCHANGED
        return Outcome.APPLIED if self.session.in_effect else Outcome.OFFERED

    async def take_back(self, hunk: int | None = None) -> list[int]:
        """Restore the original text, of one hunk or all; what the user typed since stays.

        Returns the lines (0-based) of hunks that could not be restored whole, because the user
        changed some of their lines.

        Raises:
            EditError: the editor did not take the edit.
        """
        self._in_document = False
        self.session.withdraw(hunk)
        await _finished(asyncio.ensure_future(self._bounded(self._write_rest())))
        return self.session.left_out()

    async def apply_offered(self) -> None:
        """Bring an offered change into the document, since the user wants it.

        Raises:
            EditError: the editor did not take it.
        """
        self._in_document = False
        await _finished(asyncio.ensure_future(self._bounded(self._write_rest())))

    def proposal(self) -> types.WorkspaceEdit | None:
        """Return what is still to be done as one edit of the document as it is now.

        It goes out in a code action, and is recognised when the user picks it. None when there
        is nothing to do.
        """
        self.session.dropped()
        version, text = self._current()
        changes = self.session.send()
        return self._edit(version, text, changes) if changes else None

    def close(self) -> None:
        """Stop following the document."""
        self._unsubscribe()

    # The journey of one answer.

    def _new_session(self) -> EditSession:
        session = EditSession(self._snapshot, self._locate)
        current = self._documents.get(self._snapshot.uri)
        if current is not None:
            session.catch_up(current.text)
        return session

    async def _deliver(self, answer: AsyncGenerator[Piece, None], mode: Mode) -> str | None:
        """Bring one answer into the document; return its fault, if it has one.

        A faulty answer is not in the document then; the session holds it.
        """
        self._ended = self._in_document = False
        self._streams = mode == "stream"
        self._writer = asyncio.ensure_future(self._write()) if self._streams else None
        try:
            whole, apart = await self._read(answer)
            if whole is not None:
                await self._start_over(whole)
            self.session.add(apart, apart=True)
            self.session.release()
            fault = await self._find_fault()
            if fault is None and mode != "offer":
                await self._complete()
            elif self._writer is not None:
                await self._restore()
        except BaseException as error:
            await self._restore()
            if self._reopened and isinstance(error, asyncio.CancelledError):
                raise _reopened() from error  # That is why: the user did not cancel it.
            raise
        return fault

    async def _read(self, answer: AsyncGenerator[Piece, None]) -> tuple[str | None, list[LineEdit]]:
        """Take an answer as it comes, unless writing it fails meanwhile."""
        reader = asyncio.ensure_future(self._collect(answer))
        waited: set[asyncio.Future[Any]] = {reader}
        if self._writer is not None:
            waited.add(self._writer)
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if self._writer and self._writer.done():
                self._writer.result()
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
                    session.release()
                    self._news.set()
        session.add(difference.finish() if whole is None else ())
        session.close()
        return whole, apart

    async def _start_over(self, whole: str) -> None:
        """Have a text replace the lines, whatever was streamed."""
        if self._writer is not None:
            await self._restore()
        self._writer = None
        self.session = self._new_session()
        difference = self._difference()
        self.session.add([*difference.feed(whole), *difference.finish()])
        self.session.close()

    def _difference(self) -> StreamingDiff:
        text = self._snapshot.text
        first, last = (text.position(at)[0] for at in (self.target.start, self.target.end))
        return StreamingDiff(contents(text, first, last + 1), first)

    async def _find_fault(self) -> str | None:
        if self._check is None:
            return None
        return await self._check(str(self._snapshot.text), self.session.intended())

    async def _complete(self) -> None:
        """Write what is not written yet, and look at what stands there in the end.

        Raises:
            EditError: the user's typing forbids the change, or does not go together with it.
        """
        self._ended = True
        self._news.set()
        try:
            await asyncio.shield(self._writer or asyncio.ensure_future(self._write()))
        except _NotTakenError:
            if self._in_document:
                raise
            return  # Nothing of it is there: it is offered.
        session = self.session
        if session.left_out() and not session.in_effect:
            raise EditError(
                "You edited the lines that GLM was rewriting, so your text was kept and GLM's"
                " change taken back. Run it again when you are done."
            )
        if self._guard is None or str(session.text) == session.intended():
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
            self._ended = True
            self._news.set()
            if self._writer is not None:
                await asyncio.wait({self._writer})  # What is in flight must be seen first.
            await self._write()

        try:
            await _finished(asyncio.ensure_future(self._bounded(restore())))
        except EditError as error:
            logger.warning("The text could not be restored: %s", error)

    async def _write_rest(self) -> None:
        self._ended = True
        await self._write()

    async def _bounded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await asyncio.wait_for(work, self._pace.take_back)
        except asyncio.TimeoutError:
            raise EditError(
                "The editor did not take GLM's change back in time; undo it there."
            ) from None

    # The conversation with the editor.

    async def _write(self) -> None:
        """Bring the document to what the session wants, until that has ended.

        Raises:
            EditError: that is not possible.
        """
        failures = flat = 0
        while True:
            self._news.clear()
            await self._look()
            todo = self._ended or self._streams
            if not todo or not self.session.edits():
                if self._ended:
                    return
                await self._news.wait()
                continue
            seen = self._seen
            if await self._step():
                failures = flat = 0
                continue
            failures += 1
            flat = flat + 1 if self._seen == seen else 0
            if self._gives_up(failures, flat):
                raise _NotTakenError(
                    "The editor did not take GLM's change. Check that the file can be edited,"
                    ' or set glm.edits.delivery to "confirm".'
                )
            await self._change_or(self._pace.pause * min(failures, 6))

    def _gives_up(self, failures: int, flat: int) -> bool:
        """Tell whether an edit was tried often enough; taking back is bounded by its time."""
        if self.session.withdrawn:
            return False
        most = self._pace.attempts if self._acknowledges else self._pace.once_attempts
        refuses = flat >= self._pace.flat_attempts and not self.session.misplaced
        return failures >= most or refuses

    async def _look(self) -> None:
        """Raise when the change must not go on; wait for a closed document to come back."""
        if self._documents.get(self.uri) is None:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._opened_again(), self._pace.reopen)
            if self._documents.get(self.uri) is None:
                raise EditError("The file was closed while GLM was changing it.")
        if self._replaced or self.session.lost:
            raise EditError(
                "The file was opened anew while GLM was changing it: look at what stands there,"
                " and run it again."
            )
        if self._reopened and not self.session.withdrawn:
            raise _reopened()
        if self.session.undone and not self.session.withdrawn:
            raise EditError("You undid GLM's change, so it was stopped.")

    async def _opened_again(self) -> None:
        while self._documents.get(self.uri) is None:
            self._news.clear()
            await self._news.wait()

    async def _step(self) -> bool:
        """Send what is to be done now; tell whether it is in the document.

        Raises:
            EditError: there is no end of it.
        """
        session = self.session
        if session.landed > 2 * session.part_count + _SPARE_EDITS:
            raise EditError("GLM's change did not come to an end, so it was stopped.")
        version, text = self._current()
        landed = session.landed
        changes = session.send(awaited=True)
        answer: Answer | None = None
        try:
            answer = await self._answer(self._edit(version, text, changes))
        finally:
            session.answered(*((answer.applied, answer.version) if answer else (None, None)))
        if answer is None or answer.applied:
            await self._echo(None if answer is None else answer.version)
        if session.in_flight:
            session.dropped()
        if session.landed == landed:
            return False
        self._in_document = True
        return True

    async def _answer(self, edit: types.WorkspaceEdit) -> Answer | None:
        """Return what the editor answers; an error is a no, silence is None."""
        try:
            sending = self._send(edit, not self._in_document)
            answer = await asyncio.wait_for(sending, self._pace.reply)
        except asyncio.TimeoutError:
            logger.warning("The editor did not answer to an edit.")
            return None  # What counts is what is seen in the document.
        except Exception as error:  # An editor's error has no one type.
            logger.info("The editor refused an edit: %s", type(error).__name__)
            return Answer(applied=False)
        if answer.applied and answer.version is None:
            self._acknowledges = self._streams = False  # The rest goes in one edit.
        return answer

    async def _echo(self, version: int | None) -> None:
        """Wait until the edit in flight is seen, or the time for that is over.

        An editor that acknowledged shows it with that version, or not at all.
        """
        clock = asyncio.get_running_loop()
        deadline = clock.time() + self._pace.echo
        while self.session.in_flight and self._documents.get(self.uri) is not None:
            left = deadline - clock.time()
            seen, now = self._seen, self._current()[0]
            if left <= _TICK or (version is not None and now is not None and now >= version):
                return
            await self._change_or(left)
            if self._seen != seen and version is None:
                deadline = min(deadline, clock.time() + self._pace.grace)

    async def _change_or(self, seconds: float) -> None:
        """Wait for the next change of the document, at most some seconds."""
        seen = self._seen
        clock = asyncio.get_running_loop()
        deadline = clock.time() + seconds
        while self._seen == seen and (left := deadline - clock.time()) > _TICK:
            self._news.clear()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), left)

    def _current(self) -> tuple[int | None, Text]:
        snapshot = self._documents.get(self.uri)
        if snapshot is None:
            return None, self.session.text
        return snapshot.version, snapshot.text

    def _edit(
        self, version: int | None, text: Text, changes: Sequence[Change]
    ) -> types.WorkspaceEdit:
        encoding = self._documents.encoding
        edits: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = [
            types.TextEdit(to_range(text, change.span, encoding), change.text) for change in changes
        ]
        identifier = types.OptionalVersionedTextDocumentIdentifier(uri=self.uri, version=version)
        return types.WorkspaceEdit(
            document_changes=[types.TextDocumentEdit(text_document=identifier, edits=edits)]
        )

    def _locate(self, base: Text, offset: int, text: Text) -> int:
        encoding = self._documents.encoding
        return to_offset(text, to_position(base, offset, encoding), encoding)

    def _on_event(self, event: DocumentEvent) -> None:
        """Follow the document; called by the mirror within the notification."""
        snapshot = event.after if isinstance(event, Changed) else event.snapshot
        if snapshot.uri != self.uri:
            return
        if isinstance(event, Changed):
            self._replaced = self._replaced or _runs_backwards(event)
            self.session.observe(event.after.text, event.changes, event.after.version)
        elif isinstance(event, Opened):
            self.session.dropped()
            self._reopened = True
            self._replaced = self._replaced or event.snapshot.text != self.session.text
        self._seen += 1
        self._news.set()


def _runs_backwards(event: Changed) -> bool:
    before, after = event.before.version, event.after.version
    return before is not None and after is not None and after < before


def _reopened() -> EditError:
    return EditError(
        "The file was closed and opened again while GLM was changing it, so the change was taken"
        " back. Run it again."
    )


class _NotTakenError(EditError):
    """The editor refuses edits although the text does not change under them."""


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
