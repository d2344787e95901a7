"""Next edits: where the change that the user has just made waits to be made again.

Found without a model, so nothing is sent and nothing costs. Three ways lead to it: a code action
that carries the edit, for every editor; the request that Copilot's clients send; and our own. To
another file leads a code action or the command, by `window/showDocument`; there it is an edit.

Invariant: an edit is for the version of the document that it names, and for no other; a listing of
code actions looks at what was found already, and looks for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from glm_lsp.actions.offers import short
from glm_lsp.context.gather import display_path
from glm_lsp.lsp.documents.positions import to_range
from glm_lsp.lsp.extension import NEXT_EDIT, range_json
from glm_lsp.next_edits.foresee import TRIGGERS
from glm_lsp.text import Span, Text

if TYPE_CHECKING:
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.work.next_edits import Elsewhere, NextEdits
    from glm_lsp.next_edits.foresee import Trigger
    from glm_lsp.next_edits.waiting_line import WaitingLine
    from glm_lsp.text import Snapshot

COPILOT = "textDocument/copilotInlineEdit"
COPILOT_SHOWN = "textDocument/didShowInlineEdit"
COPILOT_FOCUS = "textDocument/didFocus"
SHOW = "glm.nextEdit"
REFUSE = "glm.refuseNextEdit"
ACCEPTED = "glm.nextEditAccepted"
REPORT = "glm.reportNextEdit"

_LONGEST_TITLE = 40


class Offers:
    """Next edits in the terms of LSP."""

    def __init__(self, server: Server, edits: NextEdits) -> None:
        self._server = server
        self._edits = edits

    def listed(self, snapshot: Snapshot, range_: types.Range) -> list[types.CodeAction]:
        """Return the code actions for what waits, as far as it has been looked for."""
        found = self._edits.found(snapshot)
        if found is None:
            return []
        actions = []
        if found.here:
            ahead, *_ = found.from_line(range_.start.line)
            same = [c for c in found.here if (c.old, c.new) == (ahead.old, ahead.new)]
            what = _what(ahead)
            title = f"GLM: Next edit, line {ahead.line + 1}: {what}"
            actions.append(self._action(title, snapshot, [ahead]))
            if len(same) > 1:
                title = f"GLM: Next edits, all {len(same)}: {what}"
                actions.append(self._action(title, snapshot, same))
        if found.elsewhere:
            actions.append(self._jump(found.elsewhere[0]))
        return actions

    def edit(self, snapshot: Snapshot, candidate: WaitingLine) -> types.TextEdit:
        """Return a candidate as an edit of its lines."""
        text = snapshot.text
        last = candidate.end - 1
        length = len(candidate.before.rpartition("\n")[2])
        span = Span(text.line_start(candidate.line), text.line_start(last) + length)
        return types.TextEdit(
            to_range(text, span, self._server.documents.encoding),
            candidate.after.replace("\n", snapshot.newline),
        )

    def there(self, each: Elsewhere) -> types.Range:
        """Return where a line of another document stands."""
        text = Text.of(each.waiting.before)
        range_ = to_range(text, Span(0, len(text)), self._server.documents.encoding)
        line = each.waiting.line
        return types.Range(types.Position(line, 0), types.Position(line, range_.end.character))

    def _action(
        self, title: str, snapshot: Snapshot, candidates: list[WaitingLine]
    ) -> types.CodeAction:
        document = types.OptionalVersionedTextDocumentIdentifier(snapshot.uri, snapshot.version)
        edits = [self.edit(snapshot, candidate) for candidate in candidates]
        edit = types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, edits)])
        return types.CodeAction(title, kind=types.CodeActionKind.RefactorRewrite, edit=edit)

    def _jump(self, each: Elsewhere) -> types.CodeAction:
        name = display_path(each.uri)
        title = f"GLM: Next edit, {name} line {each.waiting.line + 1}: {_what(each.waiting)}"
        argument = {"to": {"uri": each.uri, "range": range_json(self.there(each))}}
        command = types.Command(title, SHOW, arguments=[argument])
        return types.CodeAction(title, kind=types.CodeActionKind.RefactorRewrite, command=command)


def register(server: Server, edits: NextEdits) -> Offers:
    """Serve next edits; return who lists them."""
    offers = Offers(server, edits)

    @server.feature(NEXT_EDIT)
    async def next_edit(params: Any) -> dict[str, Any]:
        uri, line = _place(params)
        found = await edits.find(uri)
        if found is None:
            return {"edits": []}
        snapshot = found.snapshot
        listed = [_described(offers.edit(snapshot, w), w) for w in found.from_line(line)]
        others = [
            {"uri": each.uri, **_described(_as_edit(offers, each), each.waiting)}
            for each in found.elsewhere
        ]
        foreseen = await edits.foresee(found, line, _trigger(params))
        if foreseen is not None:
            listed.append({**_described(offers.edit(snapshot, foreseen), foreseen), "model": True})
        return {"version": snapshot.version, "edits": listed, "elsewhere": others}

    def announce(capabilities: types.ServerCapabilities) -> None:
        capabilities.experimental = {"glm": {"nextEdit": True}}

    server.advertise(announce)
    _register_copilot(server, edits, offers)
    _register_commands(server, edits, offers)
    return offers


def _register_copilot(server: Server, edits: NextEdits, offers: Offers) -> None:
    @server.feature(COPILOT)
    async def copilot(params: Any) -> dict[str, Any]:
        uri, line = _place(params)
        found = await edits.find(uri)
        if found is None:
            return {"edits": []}
        snapshot = found.snapshot
        candidate = next(iter(found.from_line(line)), None)
        candidate = candidate or await edits.foresee(found, line, "asked")
        if candidate is None:
            return {"edits": []}
        edit = offers.edit(snapshot, candidate)
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

    @server.feature(COPILOT_SHOWN)
    @server.feature(COPILOT_FOCUS)
    def noted(_: Any) -> None:
        """Take the notification, and nothing from it."""

    @server.command(ACCEPTED)
    def accepted(*_: Any) -> None:
        """Take note of nothing: what was accepted is seen in the document."""


def _register_commands(server: Server, edits: NextEdits, offers: Offers) -> None:
    @server.command(SHOW)
    async def show(argument: Any) -> None:
        to = _field(argument, "to")
        if to is not None:
            await _show(server, *_target(to), "")
            return
        uri, line = _place(argument)
        found = await edits.find(uri)
        waiting = found.from_line(line) if found is not None else []
        if found is not None and not waiting:
            foreseen = await edits.foresee(found, line, "asked")
            waiting = [foreseen] if foreseen is not None else []
        if found is not None and waiting:
            range_ = offers.edit(found.snapshot, waiting[0]).range
            said = f"Line {waiting[0].line + 1} waits: {_reason(waiting[0])}"
            await _show(server, found.snapshot.uri, range_, said)
        elif found is not None and found.elsewhere:
            each, *_ = found.elsewhere
            place = f"Line {each.waiting.line + 1} of {display_path(each.uri)}"
            said = f"{place} waits: {_reason(each.waiting)}"
            await _show(server, each.uri, offers.there(each), said)
        else:
            server.show("Nothing waits for the change that you made last.")

    @server.command(REPORT)
    async def report(_: Any = None) -> None:
        try:
            path = await edits.report()
        except OSError as error:
            server.show(f"The report could not be written: {error.strerror}.")
            return
        if path is None:
            server.show("GLM has foreseen nothing yet.")
            return
        start = types.Position(0, 0)
        await _show(server, path.as_uri(), types.Range(start, start), f"It is in {path}.")

    @server.command(REFUSE)
    def refuse(argument: Any) -> None:
        uri, before, after = (_field(argument, name) for name in ("uri", "before", "after"))
        if not (isinstance(uri, str) and isinstance(before, str) and isinstance(after, str)):
            raise JsonRpcInvalidParams("The argument is an object with `uri`, `before`, `after`.")
        edits.refuse(uri, before, after)


async def _show(server: Server, uri: str, range_: types.Range, said: str) -> None:
    """Lead to a place, where the client can be led; else say which it is."""
    window = server.client_capabilities.window
    if window is None or not window.show_document or not window.show_document.support:
        server.show(said or "This editor cannot be led to another file.")
        return
    shown = types.ShowDocumentParams(uri, take_focus=True, selection=range_)
    try:
        await server.request(types.WINDOW_SHOW_DOCUMENT, shown, types.ShowDocumentResult)
    except JsonRpcException:
        server.show(said or "The editor did not show the other file.")


def _target(to: Any) -> tuple[str, types.Range]:
    """Return the place that a code action of ours leads to.

    Raises:
        JsonRpcInvalidParams: it is none.
    """
    uri, range_ = _field(to, "uri"), _field(to, "range")
    line = _field(_field(range_, "start"), "line")
    end = _field(_field(range_, "end"), "character")
    if not isinstance(uri, str) or not isinstance(line, int) or not isinstance(end, int):
        raise JsonRpcInvalidParams("`to` is an object with `uri` and `range`.")
    return uri, types.Range(types.Position(line, 0), types.Position(line, end))


def _as_edit(offers: Offers, each: Elsewhere) -> types.TextEdit:
    return types.TextEdit(offers.there(each), each.waiting.after)


def _described(edit: types.TextEdit, candidate: WaitingLine) -> dict[str, Any]:
    return {
        "range": range_json(edit.range),
        "text": edit.new_text,
        "before": candidate.before,
        "reason": _reason(candidate),
    }


def _trigger(params: Any) -> Trigger:
    """Return what made the client ask: by itself, unless it says more."""
    said = _field(_field(params, "context"), "trigger")
    return next((each for each in TRIGGERS if each == said), "typed")


def _reason(candidate: WaitingLine) -> str:
    """Say why a line is to be changed."""
    if not candidate.done:
        return "GLM foresees it."
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
