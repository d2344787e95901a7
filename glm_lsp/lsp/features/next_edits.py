"""Next edits: where the change that the user has just made waits to be made again.

Found without a model, so nothing is sent and nothing costs. Three ways lead to it: a code action
that carries the edit, for every editor; the request that Copilot's clients send; and our own.

Invariant: an edit is for the version of the document that it names, and for no other; a listing of
code actions looks at what was found already, and looks for nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from attrs import frozen
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from glm_lsp.actions.offers import short
from glm_lsp.languages import code_named
from glm_lsp.lsp.documents.mirror import Changed, Opened
from glm_lsp.lsp.documents.positions import to_range
from glm_lsp.lsp.extension import NEXT_EDIT, range_json
from glm_lsp.next_edits.history import DocumentHistory
from glm_lsp.next_edits.suggest import LONGEST, waiting
from glm_lsp.text import Span

if TYPE_CHECKING:
    from glm_lsp.lsp.documents.mirror import DocumentEvent
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.next_edits.waiting_line import WaitingLine
    from glm_lsp.text import Snapshot

COPILOT = "textDocument/copilotInlineEdit"
COPILOT_SHOWN = "textDocument/didShowInlineEdit"
COPILOT_FOCUS = "textDocument/didFocus"
SHOW = "glm.nextEdit"
REFUSE = "glm.refuseNextEdit"
ACCEPTED = "glm.nextEditAccepted"

_REST = 0.2
"""Seconds without a keystroke after which it is looked for, so that a menu can list it."""

_LONGEST_TITLE = 40


@frozen
class _Found:
    snapshot: Snapshot
    candidates: list[WaitingLine]


class NextEdits:
    """What waits in the open documents of one client."""

    def __init__(self, server: Server, session: ClientSession) -> None:
        self._server = server
        self._session = session
        self._histories: dict[str, DocumentHistory] = {}
        self._refused: dict[str, set[tuple[str, str]]] = {}
        self._found: dict[str, _Found] = {}
        self._soon: asyncio.TimerHandle | None = None
        server.documents.subscribe(self._on_document)
        server.resources.callback(self._rest)

    async def next(self, uri: str, line: int) -> tuple[Snapshot, list[WaitingLine]] | None:
        """Return what waits in a document: from a line on, then from the top."""
        found = await self._look(uri)
        if found is None:
            return None
        candidates = sorted(found.candidates, key=lambda each: (each.line < line, each.line))
        return found.snapshot, candidates

    def listed(self, snapshot: Snapshot, range_: types.Range) -> list[types.CodeAction]:
        """Return the code actions for what waits, as far as it has been looked for."""
        found = self._found.get(snapshot.uri)
        if found is None or found.snapshot is not snapshot or not found.candidates:
            return []
        line = range_.start.line
        ahead = min(found.candidates, key=lambda each: (each.line < line, each.line))
        same = [c for c in found.candidates if (c.old, c.new) == (ahead.old, ahead.new)]
        what = _what(ahead)
        title = f"GLM: Next edit, line {ahead.line + 1}: {what}"
        actions = [self._action(title, snapshot, [ahead])]
        if len(same) > 1:
            title = f"GLM: Next edits, all {len(same)}: {what}"
            actions.append(self._action(title, snapshot, same))
        return actions

    def refuse(self, uri: str, before: str, after: str) -> None:
        """Offer a change no more in a document."""
        self._refused.setdefault(uri, set()).add((before, after))
        self._found.pop(uri, None)

    def edit(self, snapshot: Snapshot, candidate: WaitingLine) -> types.TextEdit:
        """Return a candidate as an edit of its line."""
        start = snapshot.text.line_start(candidate.line)
        span = Span(start, start + len(candidate.before))
        return types.TextEdit(
            to_range(snapshot.text, span, self._server.documents.encoding), candidate.after
        )

    def _action(
        self, title: str, snapshot: Snapshot, candidates: list[WaitingLine]
    ) -> types.CodeAction:
        document = types.OptionalVersionedTextDocumentIdentifier(snapshot.uri, snapshot.version)
        edits = [self.edit(snapshot, candidate) for candidate in candidates]
        edit = types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, edits)])
        return types.CodeAction(title, kind=types.CodeActionKind.RefactorRewrite, edit=edit)

    async def _look(self, uri: str) -> _Found | None:
        snapshot = self._server.documents.get(uri)
        if snapshot is None or not self._is_served(snapshot):
            return None
        known = self._found.get(snapshot.uri)
        if known is not None and known.snapshot is snapshot:
            return known
        history = self._histories.get(snapshot.uri)
        if history is None:
            return _Found(snapshot, [])
        changes = history.line_changes()
        unwanted = history.taken_back() | self._refused.get(snapshot.uri, set())
        candidates: list[WaitingLine] = []
        if changes:
            arguments = (snapshot.text, snapshot.language, changes, unwanted)
            candidates = await asyncio.to_thread(waiting, *arguments)
        found = _Found(snapshot, candidates)
        if self._server.documents.get(uri) is snapshot:
            self._found[snapshot.uri] = found
        return found

    def _is_served(self, snapshot: Snapshot) -> bool:
        settings = self._session.settings
        return settings.next_edits.local and not self._session.excludes(snapshot)

    def _on_document(self, event: DocumentEvent) -> None:
        if isinstance(event, Opened):
            snapshot = event.snapshot
            if code_named(snapshot.language) is not None and len(snapshot.text) <= LONGEST:
                self._histories[snapshot.uri] = DocumentHistory(snapshot.text)
        elif isinstance(event, Changed):
            history = self._histories.get(event.after.uri)
            if history is not None:
                history.changed(event.after.text, event.changes)
                self._look_soon(event.after.uri)
        else:
            for kept in (self._histories, self._refused, self._found):
                kept.pop(event.snapshot.uri, None)

    def _look_soon(self, uri: str) -> None:
        self._rest()
        loop = asyncio.get_running_loop()
        self._soon = loop.call_later(_REST, lambda: self._server.spawn(self._look(uri)))

    def _rest(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None


def register(server: Server, session: ClientSession) -> NextEdits:
    """Serve next edits; return who finds them."""
    edits = NextEdits(server, session)

    @server.feature(NEXT_EDIT)
    async def next_edit(params: Any) -> dict[str, Any]:
        uri, line = _place(params)
        found = await edits.next(uri, line)
        if found is None:
            return {"edits": []}
        snapshot, candidates = found
        listed = [_described(edits.edit(snapshot, each), each) for each in candidates]
        return {"version": snapshot.version, "edits": listed}

    @server.feature(COPILOT)
    async def copilot(params: Any) -> dict[str, Any]:
        uri, line = _place(params)
        found = await edits.next(uri, line)
        if found is None or not found[1]:
            return {"edits": []}
        snapshot, (candidate, *_) = found
        edit = edits.edit(snapshot, candidate)
        argument = {"uri": snapshot.uri, "before": candidate.before, "after": candidate.after}
        return {
            "edits": [
                {
                    "text": edit.new_text,
                    "range": range_json(edit.range),
                    "textDocument": {"uri": snapshot.uri, "version": snapshot.version},
                    "command": {"title": "Accepted", "command": ACCEPTED, "arguments": [argument]},
                }
            ]
        }

    def announce(capabilities: types.ServerCapabilities) -> None:
        capabilities.experimental = {"glm": {"nextEdit": True}}

    server.advertise(announce)
    _register_commands(server, edits)
    return edits


def _register_commands(server: Server, edits: NextEdits) -> None:
    @server.feature(COPILOT_SHOWN)
    @server.feature(COPILOT_FOCUS)
    def noted(_: Any) -> None:
        """Take the notification, and nothing from it."""

    @server.command(ACCEPTED)
    def accepted(*_: Any) -> None:
        """Take note of nothing: what was accepted is seen in the document."""

    @server.command(SHOW)
    async def show(argument: Any) -> None:
        uri, line = _place(argument)
        found = await edits.next(uri, line)
        if found is None or not found[1]:
            server.show("Nothing waits for the change that you made last.")
            return
        snapshot, (candidate, *_) = found
        window = server.client_capabilities.window
        if window is None or not window.show_document or not window.show_document.support:
            server.show(f"Line {candidate.line + 1} waits: {_reason(candidate)}")
            return
        range_ = edits.edit(snapshot, candidate).range
        shown = types.ShowDocumentParams(snapshot.uri, take_focus=True, selection=range_)
        await server.request(types.WINDOW_SHOW_DOCUMENT, shown, types.ShowDocumentResult)

    @server.command(REFUSE)
    def refuse(argument: Any) -> None:
        uri, before, after = (_field(argument, name) for name in ("uri", "before", "after"))
        if not (isinstance(uri, str) and isinstance(before, str) and isinstance(after, str)):
            raise JsonRpcInvalidParams("The argument is an object with `uri`, `before`, `after`.")
        edits.refuse(uri, before, after)


def _described(edit: types.TextEdit, candidate: WaitingLine) -> dict[str, Any]:
    return {
        "range": range_json(edit.range),
        "text": edit.new_text,
        "before": candidate.before,
        "reason": _reason(candidate),
    }


def _reason(candidate: WaitingLine) -> str:
    """Say why a line is to be changed."""
    places = "one place" if candidate.done == 1 else f"{candidate.done} places"
    if not candidate.old:
        return f"You added “{candidate.new}” in {places}."
    if not candidate.new:
        return f"You removed “{candidate.old}” in {places}."
    return f"You changed “{candidate.old}” to “{candidate.new}” in {places}."


def _what(line: WaitingLine) -> str:
    """Say what is to be changed in a line, as a title shows it."""
    old, new = (short(words, _LONGEST_TITLE) for words in (line.old, line.new))
    if not old:
        return f"add {new}"
    return f"{old} → {new}" if new else f"remove {old}"


def _place(params: Any) -> tuple[str, int]:
    """Return the document and the line of a request's `textDocument` and `position`.

    Raises:
        JsonRpcInvalidParams: there is no document.
    """
    uri = _field(_field(params, "textDocument"), "uri") or _field(params, "uri")
    line = _field(_field(params, "position"), "line")
    if not isinstance(uri, str):
        raise JsonRpcInvalidParams("The document is named by `textDocument.uri`, or by `uri`.")
    return uri, line if isinstance(line, int) else 0


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)
