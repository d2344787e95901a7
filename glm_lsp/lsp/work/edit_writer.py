"""Brings a document to what a session wants, edit by edit, and learns what really happened.

Invariants: one edit is in flight at a time, and carries the version last seen. A reply is not
believed: an edit counts once the mirror holds exactly what it makes of the text. Every loop
ends: an edit is tried a bounded number of times, and each wait has an end.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from attrs import frozen
from lsprotocol import types

from glm_lsp.errors import EditError
from glm_lsp.lsp.documents.mirror import Changed, Opened
from glm_lsp.lsp.documents.positions import to_offset, to_position, to_range
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from glm_lsp.editing.live.session import EditSession
    from glm_lsp.lsp.documents.mirror import DocumentEvent, Documents
    from glm_lsp.text import Change, Snapshot, Text

    Send = Callable[[types.WorkspaceEdit, bool], Awaitable["EditAnswer"]]

logger = logging.getLogger(__name__)

_TICK = 1e-3  # What is left of a wait, in seconds, when it is over: clocks are not exact.
_SPARE_EDITS = 32


@frozen
class EditAnswer:
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


class EditWriter:
    """Writes one session's edits into the editor's document.

    Attributes:
        session: what is wanted; may be replaced between edits.
        streams: it writes before the session has ended; false once an editor turns out not to
            acknowledge.
        ended: the session will want no more than it does.
        in_document: an edit of this undo step is in the document.
        reopened: the document was closed and opened again, with the same text,
        replaced: or it is not the one that was followed.
    """

    def __init__(
        self, documents: Documents, snapshot: Snapshot, send: Send, pace: Pace | None
    ) -> None:
        self.session: EditSession
        self.streams = self.ended = self.in_document = self.reopened = self.replaced = False
        self._documents = documents
        self._uri = snapshot.uri
        self._send = send
        self._pace = pace or Pace()
        self._news = asyncio.Event()  # Something to look at: a part, a change, an end.
        self._seen = 0  # How many changes of the document were seen.
        self._acknowledges = True

    def notice(self) -> None:
        """Look again at what the session wants."""
        self._news.set()

    def end(self) -> None:
        """Take the session for ended: `write` returns when nothing is left to be done."""
        self.ended = True
        self._news.set()

    async def finish(self) -> None:
        """Bring the document to what the session wants, in a time that is bounded.

        Raises:
            EditError: that is not possible.
        """
        self.end()
        try:
            async with timeout(self._pace.take_back):
                await self.write()
        except asyncio.TimeoutError:
            raise EditError(
                "The editor did not take GLM's change back in time; undo it there."
            ) from None

    async def write(self) -> None:
        """Bring the document to what the session wants, until that has ended.

        Raises:
            EditError: that is not possible.
        """
        failures = flat = 0
        while True:
            self._news.clear()
            await self._look()
            todo = self.ended or self.streams
            if not todo or not self.session.edits():
                if self.ended:
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
                raise NotTakenError(
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
        if self._documents.get(self._uri) is None:
            with suppress(asyncio.TimeoutError):
                async with timeout(self._pace.reopen):
                    await self._opened_again()
            if self._documents.get(self._uri) is None:
                raise EditError("The file was closed while GLM was changing it.")
        if self.replaced or self.session.lost:
            raise EditError(
                "The file was opened anew while GLM was changing it: look at what stands there,"
                " and run it again."
            )
        if self.reopened and not self.session.withdrawn:
            raise opened_anew()
        if self.session.undone and not self.session.withdrawn:
            raise EditError("You undid GLM's change, so it was stopped.")

    async def _opened_again(self) -> None:
        while self._documents.get(self._uri) is None:
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
        snapshot = self._documents.get(self._uri)
        if snapshot is None or snapshot.text != session.text:
            session.dropped()  # Offsets in a text that is not the mirror's must not go out.
            return False
        landed = session.landed
        edit = self.edit(session.send(awaited=True))
        answer: EditAnswer | None = None
        try:
            answer = await self._answer(edit)
        finally:
            session.answered(*((answer.applied, answer.version) if answer else (None, None)))
        if answer is None or answer.applied:
            await self._echo(None if answer is None else answer.version)
        if session.in_flight:
            session.dropped()
        if session.landed == landed:
            return False
        self.in_document = True
        return True

    async def _answer(self, edit: types.WorkspaceEdit) -> EditAnswer | None:
        """Return what the editor answers; an error is a no, silence is None."""
        try:
            async with timeout(self._pace.reply):
                answer = await self._send(edit, not self.in_document)
        except asyncio.TimeoutError:
            logger.warning("The editor did not answer to an edit.")
            return None  # What counts is what is seen in the document.
        except Exception as error:  # An editor's error has no one type.
            logger.info("The editor refused an edit: %s", type(error).__name__)
            return EditAnswer(applied=False)
        if answer.applied and answer.version is None:
            self._acknowledges = self.streams = False  # The rest goes in one edit.
        return answer

    async def _echo(self, version: int | None) -> None:
        """Wait until the edit in flight is seen, or the time for that is over.

        An editor that acknowledged shows it with that version, or not at all.
        """
        clock = asyncio.get_running_loop()
        deadline = clock.time() + self._pace.echo
        while self.session.in_flight and self._documents.get(self._uri) is not None:
            left = deadline - clock.time()
            seen, snapshot = self._seen, self._documents.get(self._uri)
            now = snapshot.version if snapshot is not None else None
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
                async with timeout(left):
                    await self._news.wait()

    def edit(self, changes: Sequence[Change]) -> types.WorkspaceEdit:
        """Return changes of the document as it is now as LSP has them."""
        snapshot = self._documents.get(self._uri)
        version, text = (snapshot.version, snapshot.text) if snapshot else (None, self.session.text)
        encoding = self._documents.encoding
        edits: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = [
            types.TextEdit(to_range(text, change.span, encoding), change.text) for change in changes
        ]
        identifier = types.OptionalVersionedTextDocumentIdentifier(uri=self._uri, version=version)
        return types.WorkspaceEdit(
            document_changes=[types.TextDocumentEdit(text_document=identifier, edits=edits)]
        )

    def locate(self, base: Text, offset: int, text: Text) -> int:
        """Return where an offset's line and column, as the editor counts, are in another text."""
        encoding = self._documents.encoding
        return to_offset(text, to_position(base, offset, encoding), encoding)

    def on_event(self, event: DocumentEvent) -> None:
        """Follow the document; called by the mirror within the notification."""
        snapshot = event.after if isinstance(event, Changed) else event.snapshot
        if snapshot.uri != self._uri:
            return
        if isinstance(event, Changed):
            self.replaced = self.replaced or _runs_backwards(event)
            self.session.observe(event.after.text, event.changes, event.after.version)
        elif isinstance(event, Opened):
            self.session.dropped()
            self.reopened = True
            self.replaced = self.replaced or event.snapshot.text != self.session.text
        self._seen += 1
        self._news.set()


def _runs_backwards(event: Changed) -> bool:
    before, after = event.before.version, event.after.version
    return before is not None and after is not None and after < before


def opened_anew() -> EditError:
    """Return why a change ended whose document was closed and opened again."""
    return EditError(
        "The file was closed and opened again while GLM was changing it, so the change was taken"
        " back. Run it again."
    )


class NotTakenError(EditError):
    """The editor refuses edits although the text does not change under them."""
