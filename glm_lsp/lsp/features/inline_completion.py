"""textDocument/inlineCompletion: ghost text.

Invariant: every request is answered: with items, or, when a newer one took its place, with
-32800. The two notifications are those that Copilot's clients send; they are optional.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.completion.types import CompletionRequest, SelectedCompletion, Superseded
from glm_lsp.lsp.documents.positions import to_offset, to_range, to_span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from glm_lsp.completion.types import Suggestion
    from glm_lsp.lsp.server import Server
    from glm_lsp.text import Snapshot

    Complete = Callable[[CompletionRequest], Awaitable[list[Suggestion]]]

ACCEPTED = "glm.completionAccepted"
SHOWN = "textDocument/didShowCompletion"
PARTLY_ACCEPTED = "textDocument/didPartiallyAcceptCompletion"


def register(
    server: Server,
    complete: Complete,
    accepted: Callable[[str], None],
    partly_accepted: Callable[[str], None],
) -> None:
    """Serve inline completion from an engine's `complete`."""

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline_completion(
        params: types.InlineCompletionParams,
    ) -> list[types.InlineCompletionItem]:
        snapshot = server.documents.get(params.text_document.uri)
        if snapshot is None:
            return []
        encoding = server.documents.encoding
        server.last_place.note(snapshot, types.Range(params.position, params.position))
        try:
            suggestions = await complete(_request(params, snapshot, encoding))
        except Superseded:
            code = types.LSPErrorCodes.RequestCancelled
            raise JsonRpcException("A newer request took its place.", code) from None
        return [_to_item(suggestion, snapshot, encoding) for suggestion in suggestions]

    @server.command(ACCEPTED)
    def completion_accepted(*arguments: Any) -> None:
        for argument in arguments:
            if isinstance(argument, dict) and isinstance(argument.get("id"), str):
                accepted(argument["id"])

    @server.feature(SHOWN)
    def shown(_: Any) -> None:
        """Take the notification, and nothing from it: what is answered counts as shown."""

    @server.feature(PARTLY_ACCEPTED)
    def taken_in_part(params: Any) -> None:
        if isinstance(suggestion := _suggestion_id(params), str):
            partly_accepted(suggestion)


def _suggestion_id(params: Any) -> Any:
    """Find the suggestion's id in the item that a client sends back, None if it is not there."""
    found = params
    for step in ("item", "command", "arguments", 0, "id"):
        if isinstance(step, int):
            found = found[step] if isinstance(found, list | tuple) and found else None
        else:
            found = found.get(step) if isinstance(found, dict) else getattr(found, step, None)
    return found


def _request(
    params: types.InlineCompletionParams, snapshot: Snapshot, encoding: str
) -> CompletionRequest:
    context = params.context
    popup = context.selected_completion_info
    return CompletionRequest(
        snapshot=snapshot,
        offset=to_offset(snapshot.text, params.position, encoding),
        automatic=context.trigger_kind == types.InlineCompletionTriggerKind.Automatic,
        selected=SelectedCompletion(to_span(snapshot.text, popup.range, encoding), popup.text)
        if popup is not None
        else None,
    )


def _to_item(
    suggestion: Suggestion, snapshot: Snapshot, encoding: str
) -> types.InlineCompletionItem:
    return types.InlineCompletionItem(
        insert_text=suggestion.text,
        range=to_range(snapshot.text, suggestion.span, encoding),
        command=types.Command("Accepted", ACCEPTED, arguments=[{"id": suggestion.id}]),
    )
