"""Keep, Undo, Retry and Apply where GLM changed something: code actions, and lenses.

Invariant: a lens offers nothing that the code actions do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.lsp.documents.positions import to_span
from glm_lsp.lsp.features.changes import range_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glm_lsp.editing.live.change_set import HunkState
    from glm_lsp.lsp.features.changes import Change, Changes
    from glm_lsp.lsp.server import Server
    from glm_lsp.text import Snapshot

_ENTRIES = (("Keep", "glm.accept"), ("Undo", "glm.reject"), ("Retry", "glm.retry"))
_MOST_FAULT = 100


class ChangeMenu:
    """The menu of one client's changes."""

    def __init__(self, server: Server, changes: Changes) -> None:
        self._server = server
        self._changes = changes

    def nearby(self, snapshot: Snapshot, range_: types.Range) -> list[types.CodeAction]:
        """List what can be done with the changes and the jobs at a place."""
        where = to_span(snapshot.text, range_, self._server.documents.encoding)
        first, last = (snapshot.text.position(at)[0] for at in (where.start, where.end))

        def here(hunk: HunkState) -> bool:
            return hunk.first <= last and first <= max(hunk.first, hunk.end - 1)

        actions = [
            _action("GLM: Cancel", "glm.cancel", {"job": job.id})
            for job in self._server.jobs.running(snapshot.uri)
        ]
        for change in self._changes.of(snapshot.uri):
            hunks = change.hunks
            if not hunks or not hunks[0].first <= last or not first <= hunks[-1].end:
                continue
            actions += self._offered(change) if change.offered else []
            actions += [
                _action(f"GLM: {title}", command, argument)
                for title, command, argument in _entries(change, [*filter(here, hunks)], hunks)
            ]
        return actions

    def lenses(self, snapshot: Snapshot) -> Iterator[types.CodeLens]:
        """Yield the lenses: of each change above its first hunk, and of each of several hunks."""
        encoding = self._server.documents.encoding
        for change in self._changes.of(snapshot.uri):
            hunks = change.hunks
            for index, hunk in enumerate(hunks):
                start = range_of(snapshot.text, hunk.first, hunk.first, encoding)
                for title, command, argument in _entries(change, [hunk], hunks):
                    if index == 0 or "hunk" in argument:
                        yield types.CodeLens(
                            start, types.Command(f"GLM: {title}", command, arguments=[argument])
                        )

    def _offered(self, change: Change) -> list[types.CodeAction]:
        """Return what applies an offered change: an edit that any editor can make."""
        fault = " ".join((change.fault or "").split())
        short = fault if len(fault) <= _MOST_FAULT else fault[: _MOST_FAULT - 1] + "…"
        title = f"GLM: Apply the change, although: {short}" if fault else "GLM: Apply the change"
        edit = change.applier.proposal()
        kind = types.CodeActionKind.RefactorRewrite
        action = types.CodeAction(title, kind=kind, edit=edit, is_preferred=not fault)
        return [action] if edit is not None else []


def register(
    server: Server, menu: ChangeMenu, on_change: Callable[[Callable[[], None]], None]
) -> None:
    """Serve lenses, and have the editor ask again when changes come and go."""

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=False))
    def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        snapshot = server.documents.get(params.text_document.uri)
        return list(menu.lenses(snapshot)) if snapshot is not None else []

    async def refresh() -> None:
        try:
            await server.request(types.WORKSPACE_CODE_LENS_REFRESH)
        except (JsonRpcException, ConnectionError):
            return

    def changed() -> None:
        workspace = server.client_capabilities.workspace
        lenses = workspace.code_lens if workspace is not None else None
        if lenses is not None and lenses.refresh_support:
            server.spawn(refresh())

    on_change(changed)


def _entries(
    change: Change, here: list[HunkState], hunks: list[HunkState]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield title, command and argument: for the whole change, and for those of several hunks."""
    entries = _ENTRIES if not change.offered else (("Discard", "glm.reject"), _ENTRIES[2])
    for title, command in entries:
        yield title, command, {"job": change.job}
    for hunk in here if len(hunks) > 1 and not change.offered else []:
        for title, command in entries:
            yield f"{title} this part", command, {"job": change.job, "hunk": hunk.number}


def _action(title: str, command: str, argument: dict[str, Any]) -> types.CodeAction:
    return types.CodeAction(
        title,
        kind=types.CodeActionKind.RefactorRewrite,
        command=types.Command(title, command, arguments=[argument]),
    )
