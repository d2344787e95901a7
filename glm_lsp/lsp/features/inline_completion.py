"""textDocument/inlineCompletion: ghost text.

Invariant: every request is answered: with items, or, when a newer one took its place, with
-32800. A failure is said once, not per keystroke, and leaves the request without items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.completion.types import CompletionRequest, SelectedCompletion, Superseded
from glm_lsp.errors import GlmError
from glm_lsp.lsp.convert import to_offset, to_range, to_span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from glm_lsp.completion.types import Suggestion
    from glm_lsp.lsp.server import Server
    from glm_lsp.text import Snapshot

    Complete = Callable[[CompletionRequest], Awaitable[list[Suggestion]]]

ACCEPTED = "glm.completionAccepted"


def register(
    server: Server,
    complete: Complete,
    accepted: Callable[[str], None],
    failed: Callable[[GlmError | None], None],
) -> None:
    """Serve inline completion from an engine's `complete`.

    `failed` is told each failure, and None when there are suggestions again.
    """
    told: set[str] = set()

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline_completion(
        params: types.InlineCompletionParams,
    ) -> list[types.InlineCompletionItem]:
        snapshot = server.documents.get(params.text_document.uri)
        if snapshot is None:
            return []
        encoding = server.documents.encoding
        try:
            suggestions = await complete(_request(params, snapshot, encoding))
        except Superseded:
            code = types.LSPErrorCodes.RequestCancelled
            raise JsonRpcException("A newer request took its place.", code) from None
        except GlmError as error:
            failed(error)
            if str(error) not in told:
                told.add(str(error))
                server.report(error)
            return []
        if suggestions and told:
            told.clear()
            failed(None)
        return [_to_item(suggestion, snapshot, encoding) for suggestion in suggestions]

    @server.command(ACCEPTED)
    def completion_accepted(*arguments: Any) -> None:
        for argument in arguments:
            if isinstance(argument, dict) and isinstance(argument.get("id"), str):
                accepted(argument["id"])


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
