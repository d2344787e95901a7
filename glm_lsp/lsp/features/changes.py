"""Keep, Undo, Retry and Apply where GLM changed something: commands, code actions, lenses.

Invariant: a lens offers nothing that the code actions do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from glm_lsp.actions.registry import FIX
from glm_lsp.lsp.documents.positions import to_range, to_span
from glm_lsp.lsp.extension import CHANGES
from glm_lsp.lsp.work.after_edit import TITLE
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glm_lsp.editing.live.change_set import HunkState
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.lsp.work.action_jobs import ActionJobs
    from glm_lsp.lsp.work.after_edit import AfterEdit
    from glm_lsp.lsp.work.changes import Changes, DocumentChange
    from glm_lsp.lsp.work.failures import Failures
    from glm_lsp.text import Snapshot, Text

_ENTRIES = (("Keep", "glm.accept"), ("Undo", "glm.reject"), ("Retry", "glm.retry"))
_MOST_FAULT = 100


class ChangeMenu:
    """The menu of one client's changes."""

    def __init__(
        self, server: Server, changes: Changes, failures: Failures, after: AfterEdit
    ) -> None:
        self._server = server
        self._changes = changes
        self._failures = failures
        self._after = after

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
        for failed in self._failures.of(snapshot.uri):
            selection = failed.now.selection
            lines = [snapshot.text.position(at)[0] for at in (selection.start, selection.end)]
            if lines[0] <= last and first <= lines[1]:
                title = f"GLM: Retry what failed: {failed.task.action.title}"
                actions.append(_action(title, "glm.retry", {"job": failed.job}))
        actions += self._mending(snapshot, first, last)
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
                start = _range_of(snapshot.text, hunk.first, hunk.first, encoding)
                for title, command, argument in _entries(change, [hunk], hunks):
                    if index == 0 or "hunk" in argument:
                        yield types.CodeLens(
                            start, types.Command(f"GLM: {title}", command, arguments=[argument])
                        )

    def _mending(self, snapshot: Snapshot, first: int, last: int) -> Iterator[types.CodeAction]:
        """Yield what mends a change that broke something, on its lines and on the broken ones."""
        changes = {change.job: change for change in self._changes.of(snapshot.uri)}
        for job, broken in self._after.of(snapshot.uri):
            hunks = changes[job].hunks if job in changes else []
            places = [(hunk.first, max(hunk.first, hunk.end - 1)) for hunk in hunks]
            for each in broken:
                ends = (each.span.start, each.span.end)
                start, end = (snapshot.text.position(at)[0] for at in ends)
                places.append((start, end))
            if any(start <= last and first <= end for start, end in places):
                argument = {"uri": snapshot.uri, "job": job}
                kind = types.CodeActionKind.QuickFix
                yield _action(f"GLM: {TITLE}", FIX.command, argument, kind)

    def _offered(self, change: DocumentChange) -> list[types.CodeAction]:
        """Return what applies an offered change: an edit that any editor can make."""
        fault = " ".join((change.fault or "").split())
        short = fault if len(fault) <= _MOST_FAULT else fault[: _MOST_FAULT - 1] + "…"
        title = f"GLM: Apply the change, although: {short}" if fault else "GLM: Apply the change"
        edit = change.applier.proposal()
        kind = types.CodeActionKind.RefactorRewrite
        action = types.CodeAction(title, kind=kind, edit=edit, is_preferred=not fault)
        return [action] if edit is not None else []


def register(
    server: Server, session: ClientSession, changes: Changes, jobs: ActionJobs
) -> ChangeMenu:
    """Serve commands and lenses, and tell the client of changes; `jobs` ask again."""
    menu = ChangeMenu(server, changes, jobs.failures, jobs.after)
    _register_commands(server, changes, jobs)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=False))
    def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        snapshot = server.documents.get(params.text_document.uri)
        return list(menu.lenses(snapshot)) if snapshot is not None else []

    async def refresh() -> None:
        try:
            await server.request(types.WORKSPACE_CODE_LENS_REFRESH)
        except (JsonRpcException, ConnectionError):
            return

    def changed(uri: str) -> None:
        workspace = server.client_capabilities.workspace
        lenses = workspace.code_lens if workspace is not None else None
        if lenses is not None and lenses.refresh_support:
            server.spawn(refresh())
        snapshot = server.documents.get(uri)
        if session.extensions.changes and snapshot is not None:
            encoding = server.documents.encoding
            listed = [_described(change, snapshot.text, encoding) for change in changes.of(uri)]
            params = {"uri": uri, "version": snapshot.version, "changes": listed}
            server.notify(CHANGES, params)

    changes.on_change(changed)
    return menu


def _register_commands(server: Server, changes: Changes, jobs: ActionJobs) -> None:
    @server.command("glm.accept")
    def accept(argument: Any) -> None:
        changes.keep(*_named(argument))

    @server.command("glm.reject")
    async def reject(argument: Any) -> None:
        await changes.undo(*_named(argument))

    @server.command("glm.retry")
    async def retry(argument: Any) -> dict[str, str]:
        job, hunk = _named(argument)
        failed = jobs.failures.again(job)
        return failed if failed is not None else jobs.run(await changes.undo(job, hunk))

    @server.command("glm.apply")
    async def apply(argument: Any) -> None:
        job, _ = _named(argument)
        await changes.apply(job)
        jobs.after.applied(job)


def _named(argument: Any) -> tuple[str, int | None]:
    job = argument.get("job") if isinstance(argument, dict) else None
    hunk = argument.get("hunk") if isinstance(argument, dict) else None
    if not isinstance(job, str) or not isinstance(hunk, int | None):
        raise JsonRpcInvalidParams("The argument is an object with `job`, and perhaps `hunk`.")
    return job, hunk


def _entries(
    change: DocumentChange, here: list[HunkState], hunks: list[HunkState]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield title, command and argument: for the whole change, and for those of several hunks."""
    entries = _ENTRIES if not change.offered else (("Discard", "glm.reject"), _ENTRIES[2])
    for title, command in entries:
        yield title, command, {"job": change.job}
    for hunk in here if len(hunks) > 1 and not change.offered else []:
        for title, command in entries:
            yield f"{title} this part", command, {"job": change.job, "hunk": hunk.number}


def _action(
    title: str,
    command: str,
    argument: dict[str, Any],
    kind: types.CodeActionKind = types.CodeActionKind.RefactorRewrite,
) -> types.CodeAction:
    return types.CodeAction(
        title,
        kind=kind,
        command=types.Command(title, command, arguments=[argument]),
    )


def _range_of(text: Text, first: int, end: int, encoding: str) -> types.Range:
    """Return the range of whole lines, up to the start of the line after them if there is one."""
    start = text.line_start(first) if first < text.line_count else len(text)
    stop = text.line_start(end) if end < text.line_count else len(text)
    return to_range(text, Span(start, max(start, stop)), encoding)


def _described(change: DocumentChange, text: Text, encoding: str) -> dict[str, Any]:
    """Return a change as `glm/changes` tells it."""
    return {
        "job": change.job,
        "title": change.title,
        "state": "offered" if change.offered else "made",
        "fault": change.fault,
        "hunks": [
            {
                "hunk": hunk.number,
                "range": _range_of(text, hunk.first, hunk.end, encoding),
                "before": "".join(line + "\n" for line in hunk.before),
                "after": "".join(line + "\n" for line in hunk.after),
            }
            for hunk in change.hunks
        ],
    }
