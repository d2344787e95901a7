"""Brings a change into the editor's document, and learns what really happened to it.

How an action uses it:

    applier = Applier(server.documents, snapshot, span, send, delivery="stream")
    outcome = await applier.run(ask)      # in the job; cancel the job to take it back
    await applier.take_back()             # glm.reject, at any later time
    applier.close()                       # glm.accept, or when the document is closed

`snapshot` is the document the prompt was made of, `span` what GLM rewrites. `ask(fault)`
returns an async iterator, usually an async generator: each `str` it yields is the next piece
of the span's replacement (`ReplyParser.feed`, and at the end what `finish` adds to that);
a `Hunk` it yields, in the snapshot's coordinates, is a change elsewhere, such as an import.
It is asked a second time, with a sentence about the fault, when `check` finds one.
`send(edit, first, last)` hands a WorkspaceEdit to the editor and returns `applied`.

Invariants: one edit is in flight at a time, and carries the version last seen (null when
the editor gives none). A reply is not believed: an edit counts once it is seen in the mirror.
The document ends with the whole change or without any of it; what the user typed is in both.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from enum import Enum
from typing import TYPE_CHECKING, Literal

from attrs import frozen
from lsprotocol import types

from glm_lsp.editing.diff import Hunk, StreamingDiff
from glm_lsp.editing.session import EditSession
from glm_lsp.errors import EditError
from glm_lsp.lsp.convert import to_offset, to_position, to_range
from glm_lsp.lsp.documents import Changed, Opened

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
    from typing import Any

    from glm_lsp.lsp.documents import DocumentEvent, Documents
    from glm_lsp.text import Change, Snapshot, Span, Text

    Send = Callable[[types.WorkspaceEdit, bool, bool], Awaitable[bool]]
    Ask = Callable[[str | None], AsyncGenerator[str | Hunk, None]]
    Check = Callable[[str, str], Awaitable[str | None]]

logger = logging.getLogger(__name__)

_TICK = 1e-3  # What is left of a wait, in seconds, when it is over: clocks are not exact.

Mode = Literal["stream", "once", "confirm", "offer"]
"""How a change is delivered; "offer" never sends it: see `Applier.proposal`."""


class Outcome(Enum):
    """How a run ended when it did not raise."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"  # The replacement is the original.
    OFFERED = "offered"  # The editor takes no edits of its own accord: `proposal` has it.
    DECLINED = "declined"  # The user did not confirm it.


@frozen
class Pace:
    """How long to wait for an editor, in seconds.

    Attributes:
        reply: for the answer to an edit, unless the user is asked to confirm it.
        echo: for an accepted edit to be seen in the document.
        grace: the same, once something else was seen that the editor did after accepting.
        pause: before an edit that was not taken is tried again, when nothing changed.
        take_back: for all that restores the text.
        reopen: for a document to be opened again.
        attempts: how often in a row an edit is tried while the user types.
        flat_attempts: how often in a row it is tried while nothing changes.
    """

    reply: float = 15.0
    echo: float = 3.0
    grace: float = 0.6
    pause: float = 0.15
    take_back: float = 20.0
    reopen: float = 2.0
    attempts: int = 60
    flat_attempts: int = 4


class Applier:
    """One change of GLM's in one document, from its first word to its acceptance.

    Args:
        documents: the mirror.
        snapshot: what the prompt was made of; the document may have moved on since.
        span: what the replacement replaces.
        send: hands an edit to the editor: (edit, first, last) -> applied; may raise.
        check: given the snapshot's text without and with the change, a sentence about what
            that breaks, or None.
        title: what the user is asked to confirm.
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
        pace: Pace | None = None,
        title: str = "GLM",
    ) -> None:
        self._documents = documents
        self._snapshot = snapshot
        self._span = span
        self._send = send
        self._mode = delivery
        self._check = check
        self._pace = pace or Pace()
        self._title = title
        self._news = asyncio.Event()  # Something to look at: a hunk, a change, an end.
        self._seen = 0  # How many changes of the document were seen.
        self._ended = False
        self._in_document = False  # An edit of this undo step is in the document.
        self._session = self._new_session()
        self._unsubscribe = documents.subscribe(self._on_event)

    @property
    def session(self) -> EditSession:
        """What is whose in the document."""
        return self._session

    @property
    def uri(self) -> str:
        """The document's."""
        return self._snapshot.uri

    @property
    def target(self) -> Span:
        """What is being replaced, in the snapshot's coordinates."""
        return self._span

    async def run(self, ask: Ask) -> Outcome:
        """Ask for the replacement and bring it into the document.

        On any error, and when cancelled, the document is restored before it is raised.

        Raises:
            EditError: the editor did not take the change, or the user's typing forbids it.
            GlmError: whatever `ask` raises.
        """
        mode: Mode = self._mode
        fault = await self._deliver(ask(None), mode)
        if fault is not None:
            self._session = self._new_session()
            retry: Mode = "once" if mode == "stream" else mode
            fault = await self._deliver(ask(fault), retry, give_up=False)
            mode = "confirm" if fault is not None and mode != "offer" else retry
            if fault is not None:
                return await self._conclude(mode)
        return await self._conclude(mode)

    async def take_back(self) -> None:
        """Restore the original text and keep what the user typed since.

        Raises:
            EditError: the editor did not take the edit.
        """
        self._session.withdraw()
        self._ended = True
        await _finished(asyncio.ensure_future(self._bounded(self._write("once"))))

    def proposal(self) -> types.WorkspaceEdit | None:
        """Return what is still to be done as one edit of the document as it is now.

        For editors that take no edits of the server's: it goes out in a code action, and is
        recognised when the user picks it. None when there is nothing to do.
        """
        self._session.dropped()
        version, text = self._current()
        changes = self._session.send()
        return self._edit(version, text, changes, confirm=False) if changes else None

    def close(self) -> None:
        """Stop following the document."""
        self._unsubscribe()

    # The journey of one reply.

    def _new_session(self) -> EditSession:
        session = EditSession(self._snapshot, self._locate)
        current = self._documents.get(self._snapshot.uri)
        if current is not None and current.text is not self._snapshot.text:
            session.resume(current.text)
        return session

    async def _deliver(
        self, replacement: AsyncGenerator[str | Hunk, None], mode: Mode, *, give_up: bool = True
    ) -> str | None:
        """Bring one reply into the document; return its fault, if `check` finds one.

        With `give_up` a faulty change is taken back; without, it waits for `_conclude`.
        """
        self._ended = self._in_document = False
        reader = asyncio.ensure_future(self._read(replacement, mode))
        writer = asyncio.ensure_future(self._write(mode)) if mode == "stream" else None
        try:
            await asyncio.wait(
                {reader, writer} if writer else {reader}, return_when=asyncio.FIRST_COMPLETED
            )
            if writer and writer.done():
                writer.result()
            fault = await reader
            if fault is not None and give_up:
                await self._restore(reader, writer)
                return fault
            if writer:
                self._session.release()
                self._ended = True
                self._news.set()
                await asyncio.shield(writer)
        except BaseException:
            await self._restore(reader, writer)
            raise
        return fault

    async def _read(self, replacement: AsyncGenerator[str | Hunk, None], mode: Mode) -> str | None:
        """Turn the replacement into hunks as it comes; return its fault, if there is one."""
        session = self._session
        difference = StreamingDiff(self._snapshot.slice(self._span))
        async with aclosing(replacement):
            async for piece in replacement:
                if isinstance(piece, Hunk):
                    session.add([piece])
                else:
                    session.add(difference.feed(piece), self._span.start)
                if mode == "stream":
                    # One is held back, so that the last edit can be marked as such.
                    session.release(hold_back=1 if self._in_document else 0)
                    self._news.set()
        session.add(difference.finish(), self._span.start)
        if self._check is None:
            return None
        return await self._check(str(self._snapshot.text), session.intended())

    async def _conclude(self, mode: Mode) -> Outcome:
        """Deliver a finished change as the mode says."""
        session = self._session
        session.release()
        self._ended = True
        if not self._in_document and not session.edits() and not session.conflicts:
            return Outcome.UNCHANGED
        if mode == "offer":
            return Outcome.OFFERED
        if mode == "confirm":
            return await self._confirm()
        if mode == "once":
            writer = asyncio.ensure_future(self._write(mode))
            try:
                await asyncio.shield(writer)
            except _NotTakenError:
                if self._in_document:
                    await self._restore(None, writer)
                    raise
                return Outcome.OFFERED
            except BaseException:
                await self._restore(None, writer)
                raise
        return Outcome.APPLIED

    async def _restore(
        self, reader: asyncio.Future[Any] | None, writer: asyncio.Future[Any] | None
    ) -> None:
        """Take the change back, whatever happens meanwhile, and within bounds."""

        async def restore() -> None:
            if reader is not None:
                reader.cancel()
                await asyncio.wait({reader})
            self._session.withdraw()
            self._ended = True
            self._news.set()
            if writer is not None:
                await asyncio.wait({writer})  # What is in flight must be seen first.
            await self._write("once")

        try:
            await _finished(asyncio.ensure_future(self._bounded(restore())))
        except EditError as error:
            logger.warning("The text could not be restored: %s", error)

    async def _bounded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await asyncio.wait_for(work, self._pace.take_back)
        except asyncio.TimeoutError:
            raise EditError(
                "The editor did not take GLM's change back in time; undo it there."
            ) from None

    # The conversation with the editor.

    async def _write(self, mode: Mode) -> None:
        """Bring the document to what the session wants, until that has ended.

        Raises:
            EditError: that is not possible.
        """
        failures = flat = 0
        while True:
            self._news.clear()
            await self._look(mode)

            if not self._session.edits():
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
            refuses = flat >= self._pace.flat_attempts and not self._session.misplaced
            hopeless = failures >= self._pace.attempts or refuses
            if hopeless and not self._session.withdrawn:
                raise _NotTakenError(
                    "The editor did not take GLM's change. Check that the file can be edited,"
                    ' or set glm.edits.delivery to "once".'
                )
            await self._change_or(self._pace.pause * min(failures, 6))

    async def _look(self, mode: Mode) -> None:
        """Raise when the change must not go on; wait for a closed document to come back."""
        if self._documents.get(self.uri) is None:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._reopened(), self._pace.reopen)
            if self._documents.get(self.uri) is None:
                raise EditError("The file was closed while GLM was changing it.")
        session = self._session
        if session.withdrawn:
            return
        if session.refused and (mode == "stream" or not self._ended):
            raise EditError("You undid part of GLM's change, so all of it was taken back.")
        done = not session.edits() or (mode == "once" and not self._in_document)
        if self._ended and session.conflicts and done:
            raise EditError(
                "You edited the lines that GLM was rewriting, so your text was kept and GLM's"
                " change taken back. Run it again when you are done."
            )

    async def _reopened(self) -> None:
        while self._documents.get(self.uri) is None:
            self._news.clear()
            await self._news.wait()

    async def _step(self, *, confirm: bool = False) -> bool:
        """Send what is to be done now; tell whether it is in the document."""
        session = self._session
        version, text = self._current()
        applied = session.applied
        changes = session.send(awaited=True)
        edit = self._edit(version, text, changes, confirm=confirm)
        accepted: bool | None = None
        try:
            accepted = await self._answer(edit, None if confirm else self._pace.reply)
        finally:
            session.answered(accepted)
        if accepted is not False:
            await self._echo()
        if session.in_flight or session.applied == applied:
            session.dropped()
            return False
        self._in_document = True
        return True

    async def _answer(self, edit: types.WorkspaceEdit, timeout: float | None) -> bool | None:
        """Return what the editor answers; an error is a no, silence is None."""
        sending = self._send(edit, not self._in_document, self._ended)
        try:
            return await asyncio.wait_for(sending, timeout)
        except asyncio.TimeoutError:
            logger.warning("The editor did not answer to an edit.")
            return None  # What counts is what is seen in the document.
        except Exception as error:  # An editor's error has no one type.
            logger.info("The editor refused an edit: %s", type(error).__name__)
            return False

    async def _echo(self) -> None:
        """Wait until the edit in flight is seen, or the time for that is over."""
        clock = asyncio.get_running_loop()
        deadline = clock.time() + self._pace.echo
        while self._session.in_flight and self._documents.get(self.uri) is not None:
            left = deadline - clock.time()
            seen = self._seen
            if left <= _TICK:
                return
            await self._change_or(left)
            if self._seen != seen:
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

    async def _confirm(self) -> Outcome:
        """Ask the user; try again only when the document moved on meanwhile."""
        for _ in range(self._pace.flat_attempts):
            await self._look("once")
            seen = self._seen
            if await self._step(confirm=True):
                return Outcome.APPLIED
            if self._seen == seen:
                break
        self._session.withdraw()
        await self._restore(None, None)
        return Outcome.DECLINED

    def _current(self) -> tuple[int | None, Text]:
        snapshot = self._documents.get(self.uri)
        if snapshot is None:
            return None, self._session.text
        return snapshot.version, snapshot.text

    def _edit(
        self, version: int | None, text: Text, changes: Sequence[Change], *, confirm: bool
    ) -> types.WorkspaceEdit:
        encoding = self._documents.encoding
        edits: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = []
        for change in changes:
            range_ = to_range(text, change.span, encoding)
            if confirm:
                edits.append(types.AnnotatedTextEdit("glm", range_, change.text))
            else:
                edits.append(types.TextEdit(range_, change.text))
        identifier = types.OptionalVersionedTextDocumentIdentifier(uri=self.uri, version=version)
        annotation = types.ChangeAnnotation(label=self._title, needs_confirmation=True)
        return types.WorkspaceEdit(
            document_changes=[types.TextDocumentEdit(text_document=identifier, edits=edits)],
            change_annotations={"glm": annotation} if confirm else None,
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
            self._session.observe(event.after.text, event.changes, _actions(event))
        elif isinstance(event, Opened):
            self._session.resume(event.snapshot.text)
        self._seen += 1
        self._news.set()


def _actions(event: Changed) -> int | None:
    """Return how many edits and strokes were made, as the document's version counts them.

    LSP: the version "will increase after each change, including undo/redo".
    """
    before, after = event.before.version, event.after.version
    return None if before is None or after is None or after <= before else after - before


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
