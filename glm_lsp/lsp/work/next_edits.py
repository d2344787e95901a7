"""Finds next edits in the documents of one client, and in the other files of its workspace.

Invariant: what is found is for the snapshot that it names, and for no other; nothing is looked for
in a document that stays on this machine, nor shown of one. A listing looks at what was found
already. Whoever asks waits for the index no longer than `_DEADLINE`.
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.editing.lines import content, contents
from glm_lsp.languages import code_named
from glm_lsp.lsp.documents.mirror import Changed, Opened
from glm_lsp.next_edits.elsewhere import ChangedDocument, waiting_in, wishes
from glm_lsp.next_edits.history import DocumentHistory
from glm_lsp.next_edits.suggest import LONGEST, waiting
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from glm_lsp.lsp.documents.mirror import DocumentEvent
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.lsp.work.foresight import ForeseenEdits
    from glm_lsp.next_edits.elsewhere import Wish
    from glm_lsp.next_edits.foresee import Trigger
    from glm_lsp.next_edits.waiting_line import WaitingLine
    from glm_lsp.project.sought import FoundLine, Sought
    from glm_lsp.text import Snapshot

    FindLines = Callable[
        [Snapshot, Sequence[tuple[Snapshot, Sought]]], Awaitable[Sequence[FoundLine]]
    ]

_REST = 0.2
"""Seconds without a keystroke after which it is looked for, so that a menu can list it."""
_DEADLINE = 0.15
_NOTHING = "Nothing waits for the change that you made last."
_MOST_SOURCES = 4
"""Documents that were changed last, of which others may wait for something."""


@frozen
class Elsewhere:
    """What waits in another document."""

    uri: str
    waiting: WaitingLine


@frozen
class Found:
    """What waits in one document, and, because of it and others, in files of the workspace.

    Attributes:
        complete: the index has answered; who asks again for the same text asks it again, else.
    """

    snapshot: Snapshot
    here: list[WaitingLine]
    elsewhere: list[Elsewhere]
    complete: bool = True

    def from_line(self, line: int) -> list[WaitingLine]:
        """Return what waits here: from a line on, then from the top."""
        return sorted(self.here, key=lambda each: (each.line < line, each.line))


class NextEdits:
    """What waits in the open documents of one client."""

    def __init__(
        self, server: Server, session: ClientSession, lines: FindLines, model: ForeseenEdits
    ) -> None:
        """Know no changes; `lines` finds lines of the workspace, `model` asks GLM."""
        self._server = server
        self._session = session
        self._lines = lines
        self._model = model
        self._moments = count(1)
        self._histories: dict[str, DocumentHistory] = {}
        self._changed: dict[str, None] = {}  # The last one last.
        self._refused: dict[str, set[tuple[str, str]]] = {}
        self._found: dict[str, Found] = {}
        self._soon: asyncio.TimerHandle | None = None
        server.documents.subscribe(self._on_document)
        server.resources.callback(self._rest)

    async def find(self, uri: str) -> Found | None:
        """Return what waits for the changes so far; None in a document that is not served."""
        snapshot = self._server.documents.get(uri)
        if snapshot is None or self._session.excludes(snapshot):
            return None
        if not self._session.settings.next_edits.local:
            return Found(snapshot, [], [])
        known = self._found.get(snapshot.uri)
        if known is not None and known.snapshot is snapshot and known.complete:
            return known
        found = await self._look(snapshot)
        if self._server.documents.get(uri) is snapshot:
            self._found[snapshot.uri] = found
        return found

    async def foresee(self, found: Found, line: int, trigger: Trigger) -> WaitingLine | None:
        """Return what GLM foresees where nothing waits; None, too, when the text has changed."""
        snapshot = found.snapshot
        if found.here or found.elsewhere:
            return None
        edit = await self._model.next(snapshot, line, trigger, self._unwanted(snapshot.uri))
        return edit if self._server.documents.get(snapshot.uri) is snapshot else None

    def silent(self, uri: str) -> str:
        """Return why nothing is shown in a document; "" when something is."""
        snapshot = self._server.documents.get(uri)
        if snapshot is None or self._session.excludes(snapshot):
            return "The document is not open, or stays on this machine."
        found = self.found(snapshot)
        if found is not None and (found.here or found.elsewhere):
            return ""
        switched_off = not self._session.settings.next_edits.local
        local = "Next edits without a model are switched off." if switched_off else _NOTHING
        silent = self._model.silent
        return f"{local} {silent}" if silent else ""

    async def report(self) -> Path | None:
        """Write what GLM last foresaw as a scenario; see `ForeseenEdits.report`."""
        return await self._model.report()

    def found(self, snapshot: Snapshot) -> Found | None:
        """Return what was found already of a snapshot."""
        found = self._found.get(snapshot.uri)
        return found if found is not None and found.snapshot is snapshot else None

    def refuse(self, uri: str, before: str, after: str) -> None:
        """Offer a change no more in a document."""
        self._refused.setdefault(uri, set()).add((before, after))
        self._found.clear()
        self._model.refuse()

    async def _look(self, snapshot: Snapshot) -> Found:
        uris = [uri for uri in reversed(self._changed) if uri != snapshot.uri]
        others = [each for uri in uris[:_MOST_SOURCES] if (each := self._source(uri, snapshot))]
        own = self._histories.get(snapshot.uri)
        changes, blocks = (own.line_changes(), tuple(own.blocks())) if own else ((), ())
        unwanted = self._unwanted(snapshot.uri)
        theirs = [change for _, history in others for change in history.line_changes()]
        if not changes and not blocks and not theirs:
            return Found(snapshot, [], [])
        arguments = (snapshot.text, snapshot.language, changes, unwanted, blocks, theirs)
        here = await asyncio.to_thread(waiting, *arguments)
        if here:  # What is near goes first: other files are looked at once nothing waits here.
            return Found(snapshot, here, [])
        sources = [*([(snapshot, own)] if own else []), *others]
        found: list[tuple[str, WaitingLine]] = []
        complete = True
        try:
            async with timeout(_DEADLINE):
                found = await self._look_elsewhere(snapshot, sources)
        except asyncio.TimeoutError:
            complete = False
        here = [each for uri, each in found if uri == snapshot.uri]
        elsewhere = [Elsewhere(uri, each) for uri, each in found if uri != snapshot.uri]
        return Found(snapshot, sorted(here, key=lambda each: each.line), elsewhere, complete)

    def _source(self, uri: str, snapshot: Snapshot) -> tuple[Snapshot, DocumentHistory] | None:
        """Return another document that was changed, and its history, if it speaks for this one."""
        other, history = self._server.documents.get(uri), self._histories.get(uri)
        if other is None or history is None or not self._is_served(other):
            return None
        one, same = code_named(other.language), code_named(snapshot.language)
        if one is None or same is None or one.family != same.family:
            return None
        return other, history

    async def _look_elsewhere(
        self, snapshot: Snapshot, sources: Sequence[tuple[Snapshot, DocumentHistory]]
    ) -> list[tuple[str, WaitingLine]]:
        told = [history.line_changes() for _, history in sources]

        def look() -> list[tuple[int, Wish]]:
            return wishes(
                [
                    ChangedDocument(contents(history.text), other.language, changes)
                    for (other, history), changes in zip(sources, told, strict=True)
                ]
            )

        given = await asyncio.to_thread(look)
        if not given:
            return []
        wanted = [(sources[number][0], wish.sought) for number, wish in given]
        lines = await self._lines(snapshot, wanted)
        found = list(waiting_in(lines, [wish for _, wish in given]))
        return [(uri, each) for uri, each in found if self._is_there(uri, each)]

    def _is_there(self, uri: str, each: WaitingLine) -> bool:
        """Tell whether a line may be shown, is wanted, and says what it said when it was found."""
        if self._session.exclusions.excludes(uri):
            return False
        if (each.before, each.after) in self._unwanted(uri):
            return False
        snapshot = self._server.documents.get(uri)
        if snapshot is None:
            return True
        there = each.line < snapshot.text.line_count
        return there and content(snapshot.text.line(each.line)) == each.before

    def _unwanted(self, uri: str) -> set[tuple[str, str]]:
        own = self._histories.get(uri)
        taken_back = own.taken_back() if own is not None else frozenset()
        return set(taken_back | self._refused.get(uri, set()))

    def _is_served(self, snapshot: Snapshot) -> bool:
        settings = self._session.settings
        return settings.next_edits.local and not self._session.excludes(snapshot)

    def _on_document(self, event: DocumentEvent) -> None:
        if isinstance(event, Opened):
            snapshot = event.snapshot
            if code_named(snapshot.language) is not None and len(snapshot.text) <= LONGEST:
                self._histories[snapshot.uri] = DocumentHistory(snapshot.text, self._moments)
        elif isinstance(event, Changed):
            uri = event.after.uri
            history = self._histories.get(uri)
            if history is not None:
                history.changed(event.after.text, event.changes)
                self._changed.pop(uri, None)
                self._changed[uri] = None
                self._found.clear()  # Others may wait for it, too.
                self._look_soon(uri)
        else:
            for kept in (self._histories, self._refused, self._found, self._changed):
                kept.pop(event.snapshot.uri, None)

    def _look_soon(self, uri: str) -> None:
        self._rest()
        loop = asyncio.get_running_loop()
        self._soon = loop.call_later(_REST, lambda: self._server.spawn(self._find_quietly(uri)))

    async def _find_quietly(self, uri: str) -> None:
        await self.find(uri)

    def _rest(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
