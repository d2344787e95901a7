"""The workspace's index: when it begins, what it hears of, and what completions ask of it.

Invariant: it knows of no document that must stay on this machine. Editors that watch files tell
of them; for others the folders are looked through again, at most twice a minute.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from glm_lsp.context.prompt_files import FOLDER as PROMPTS
from glm_lsp.languages import LANGUAGES
from glm_lsp.lsp.documents.mirror import Changed, Closed
from glm_lsp.lsp.features.registration import ask_to_announce
from glm_lsp.project.knowledge import Folders, Knowledge
from glm_lsp.project.process import IndexProcess
from glm_lsp.prompts.completion import ProjectContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from glm_lsp.lsp.documents.mirror import DocumentEvent
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.project.sought import FoundLine, Sought
    from glm_lsp.project.wanted import Excerpt, Wanted
    from glm_lsp.text import Snapshot

_LOOKS_AFTER = 30.0  # Seconds.


class Project:
    """What one client's server knows of its workspace."""

    def __init__(self, server: Server, session: ClientSession) -> None:
        self._server = server
        self._session = session
        self._knowledge = Knowledge(IndexProcess)
        self._watched = False
        self._looked = 0.0
        server.documents.subscribe(self._on_document)
        server.resources.callback(self._knowledge.close)
        session.on_change(self._configure)

    async def consult(self, snapshot: Snapshot, offset: int, characters: int) -> ProjectContext:
        """Return what the workspace defines for a completion.

        Its documents are judged once more when the question is sent, in a thread: there are many.
        """
        if snapshot.notebook or self._session.excludes(snapshot):
            return ProjectContext()
        known = await self._knowledge.ask(snapshot, offset, characters)
        return ProjectContext(known.sheet, known.fresh, known.uris)

    def extent(self) -> dict[str, Any] | None:
        """Return how much is indexed, as JSON; None while that is not known."""
        found = self._knowledge.extent
        if found is None:
            return None
        return {"files": found.files, "leftOut": found.left_out, "message": found.said()}

    async def show(self, snapshot: Snapshot, wanted: Wanted) -> tuple[Excerpt, ...]:
        """Return what the workspace has for an action; see `consult`."""
        if snapshot.notebook or self._session.excludes(snapshot):
            return ()
        return await self._knowledge.consult(snapshot, wanted)

    async def lines(
        self, snapshot: Snapshot, wanted: Sequence[tuple[Snapshot, Sought]]
    ) -> list[FoundLine]:
        """Return lines of the workspace; see `Knowledge.lines`."""
        if snapshot.notebook or self._session.excludes(snapshot):
            return []
        return await self._knowledge.lines(snapshot, wanted)

    async def watch(self) -> None:
        """Have the editor tell of changed files, where it does."""
        workspace = self._server.client_capabilities.workspace
        watching = workspace.did_change_watched_files if workspace is not None else None
        if watching is None or not watching.dynamic_registration:
            return
        suffixes = sorted(
            {s.lstrip(".") for each in LANGUAGES if not each.prose for s in each.suffixes}
        )
        patterns = (f"**/*.{{{','.join(suffixes)}}}", f"**/{PROMPTS}/*.md")
        watchers = [types.FileSystemWatcher(pattern) for pattern in patterns]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        self._watched = await ask_to_announce(
            self._server, "glm-files", method, options, "changed files"
        )

    def changed_on_disk(self, uris: Iterable[str]) -> None:
        """Take what the editor tells of files."""
        self._knowledge.changed_on_disk(uris)

    def _configure(self) -> None:
        session = self._session
        if not session.settings.context.related_files or not session.settings.context.project:
            self._knowledge.configure(None)
            return
        files = session.files
        patterns = tuple(map(tuple, files.patterns))
        self._knowledge.configure(Folders(files.roots, files.left, patterns))

    def _on_document(self, event: DocumentEvent) -> None:
        if isinstance(event, Closed):
            self._knowledge.closed(event.snapshot.uri)
        elif isinstance(event, Changed):
            if not self._session.excludes(event.after):
                self._knowledge.edited(event.after)
        elif not event.snapshot.notebook and not self._session.excludes(event.snapshot):
            self._knowledge.opened(event.snapshot)
            self._look_again()

    def _look_again(self) -> None:
        now = asyncio.get_running_loop().time()
        if not self._watched and now - self._looked > _LOOKS_AFTER:
            if self._looked:
                self._knowledge.look_again()
            self._looked = now


def register(
    server: Server, session: ClientSession, heard: Callable[[Iterable[str]], None]
) -> Project:
    """Serve what editors tell of files, `heard` too; return what is known of the workspace."""
    project = Project(server, session)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed(params: types.DidChangeWatchedFilesParams) -> None:
        uris = [event.uri for event in params.changes]
        project.changed_on_disk(uri for uri in uris if not uri.endswith(".md"))
        heard(uris)

    return project
