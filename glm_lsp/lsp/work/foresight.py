"""What GLM foresees of next edits, for one client: asked through its session, learnt from its user.

Invariant: nothing is asked unless the user switched it on, nothing of a document that stays on this
machine, and of other documents only what may be shown beside it. A failure is said nowhere but in
`glm.status`: nobody waits for what was not asked for.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from glm_lsp import private_files
from glm_lsp.context.gather import display_path
from glm_lsp.llm import catalogue
from glm_lsp.lsp.documents.mirror import Changed, Opened
from glm_lsp.next_edits.eagerness import data_folder, open_eagerness
from glm_lsp.next_edits.foresee import CursorPlace, Foresight
from glm_lsp.next_edits.report import report
from glm_lsp.prompts.next_edit import FEATURE

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from glm_lsp.lsp.documents.mirror import DocumentEvent
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.lsp.work.diagnostics import Remembered
    from glm_lsp.next_edits.foresee import Trigger
    from glm_lsp.next_edits.waiting_line import WaitingLine
    from glm_lsp.text import Snapshot

_NEAR = 20
_MOST_PROBLEMS, _LONGEST_PROBLEM = 3, 160
_LINES, _CHARACTERS = 60, 6_000
_SMALL_LINES, _SMALL_CHARACTERS = 20, 1_500
_LONGEST = 500_000


class ForeseenEdits:
    """GLM's next edits in one client's documents."""

    def __init__(self, server: Server, session: ClientSession, remembered: Remembered) -> None:
        self._server = server
        self._session = session
        self._remembered = remembered
        self._eagerness = open_eagerness()
        self._dirty: dict[str, None] = {}
        self._foresight = Foresight(session, self._eagerness, _now, taken=self._taken)
        session.on_change(self._settings_changed)
        server.documents.subscribe(self._on_document)
        server.resources.push_async_callback(self._foresight.stop)

    @property
    def silent(self) -> str:
        """Why nothing is shown; "" when something is."""
        if not self._session.settings.next_edits.model:
            return "GLM is not asked (`nextEdits.model`)."
        return self._foresight.silent

    async def next(
        self, snapshot: Snapshot, line: int, trigger: Trigger, unwanted: Collection[tuple[str, str]]
    ) -> WaitingLine | None:
        """Return what GLM foresees; see `Foresight.foresee`."""
        settings = self._session.settings.next_edits
        if not settings.model or snapshot.notebook or self._session.excludes(snapshot):
            return None
        if trigger != "typed":
            await self._tell_others(snapshot)
        roots = self._session.roots
        place = CursorPlace(
            snapshot=snapshot,
            line=line,
            path=display_path(snapshot.uri, roots),
            trigger=trigger,
            problems=self._problems(snapshot, line),
            unwanted=unwanted,
        )
        model = self._session.model_name(completion=True)
        return await self._foresight.foresee(place, model, settings.per_hour)

    def refuse(self) -> None:
        """Take note that what is shown is refused."""
        if self._foresight.refuse():
            self._keep()

    async def report(self) -> Path | None:
        """Write a scenario of the last answer, for the user alone; return where it is.

        Raises:
            OSError: it cannot be written.
        """
        foreseen = self._foresight.last
        if foreseen is None:
            return None

        def write() -> Path:
            text = report(foreseen)
            name = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=4).hexdigest()
            path = data_folder() / "reports" / f"next-edit-{name}.txt"
            private_files.write(path, text)
            return path

        return await asyncio.to_thread(write)

    async def _tell_others(self, snapshot: Snapshot) -> None:
        """Tell of edits in documents that may be shown beside this one."""
        self._dirty.pop(snapshot.uri, None)
        for uri in list(self._dirty):
            other = self._server.documents.get(uri)
            del self._dirty[uri]
            if other is None or other.notebook or self._session.excludes(other):
                continue
            files = self._session.files
            if await asyncio.to_thread(files.belongs, uri, beside=snapshot.file):
                path = display_path(uri, self._session.roots)
                self._foresight.edited_elsewhere(other, path)

    def _problems(self, snapshot: Snapshot, line: int) -> tuple[str, ...]:
        known = [
            (abs(at - line), at, each.message)
            for each in self._remembered.known(snapshot)
            if abs((at := snapshot.text.position(each.span.start)[0]) - line) <= _NEAR
        ]
        return tuple(
            f"{at + 1}: {' '.join(message.split())[:_LONGEST_PROBLEM]}"
            for _, at, message in sorted(known)[:_MOST_PROBLEMS]
        )

    def _taken(self) -> None:
        self._session.accepted(FEATURE)
        self._keep()

    def _keep(self) -> None:
        self._server.spawn(asyncio.to_thread(self._eagerness.write))

    def _settings_changed(self) -> None:
        small = self._session.model_name(completion=True) == catalogue.EMBEDDED
        if small:
            self._foresight.show(_SMALL_LINES, _SMALL_CHARACTERS)
        else:
            self._foresight.show(_LINES, _CHARACTERS)

    def _on_document(self, event: DocumentEvent) -> None:
        if isinstance(event, Opened):
            if len(event.snapshot.text) <= _LONGEST:
                self._foresight.opened(event.snapshot)
        elif isinstance(event, Changed):
            self._dirty[event.after.uri] = None
            if event.changes:
                last = event.changes[-1]
                end = last.span.start + len(last.text)
                line, _ = event.after.text.position(min(end, len(event.after.text)))
                self._foresight.changed(event.after, line)
        else:
            self._dirty.pop(event.snapshot.uri, None)
            self._foresight.closed(event.snapshot.uri)


def _now() -> float:
    return asyncio.get_running_loop().time()
