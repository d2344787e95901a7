"""textDocument/completion: for editors that have no inline completion.

Invariant: an answer never waits for a model longer than a moment; it is incomplete, so the
editor asks again with the next key. Editors with inline completion are not even told that
the server completes, unless the settings say so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types

from glm_lsp.completion.types import CompletionRequest
from glm_lsp.lsp.documents.positions import to_offset, to_range
from glm_lsp.lsp.features.inline_completion import ACCEPTED
from glm_lsp.prompts.actions import fenced

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from glm_lsp.completion.fallback import Menu, MenuItem
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.text import Snapshot

TRIGGERS = (".", "(", "[", "{", ",", "=", ":", " ")
_LAST = "\U0010ffff"  # Behind the entries of servers that know the language.


def register(
    server: Server,
    session: ClientSession,
    complete: Callable[[CompletionRequest], Awaitable[Menu]],
) -> None:
    """Serve a completion menu from `complete`."""

    def wanted() -> bool:
        setting = session.settings.completion.fallback
        return setting == "on" or (setting == "auto" and not _has_ghost_text(server))

    def keep_quiet(capabilities: types.ServerCapabilities) -> None:
        if not wanted():
            capabilities.completion_provider = None

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=TRIGGERS)
    )
    async def completion(params: types.CompletionParams) -> types.CompletionList:
        snapshot = server.documents.get(params.text_document.uri)
        if snapshot is None or not wanted():
            return types.CompletionList(is_incomplete=False, items=[])
        server.last_place.note(snapshot, types.Range(params.position, params.position))
        encoding = server.documents.encoding
        offset = to_offset(snapshot.text, params.position, encoding)
        # Editors call it "invoked" when a word is typed, too: nobody called for a model.
        menu = await complete(CompletionRequest(snapshot, offset, automatic=True))
        items = [_to_item(item, snapshot, encoding) for item in menu.items]
        return types.CompletionList(is_incomplete=menu.incomplete, items=items)

    server.advertise(keep_quiet)


def _has_ghost_text(server: Server) -> bool:
    document = server.client_capabilities.text_document
    return document is not None and document.inline_completion is not None


def _to_item(item: MenuItem, snapshot: Snapshot, encoding: str) -> types.CompletionItem:
    preview = None
    if item.preview is not None:
        language = re.sub(r"[^\w+#.-]", "", snapshot.language)
        shown = fenced(item.preview, language)
        preview = types.MarkupContent(types.MarkupKind.Markdown, shown)
    return types.CompletionItem(
        label=item.label,
        kind=types.CompletionItemKind.Text,
        detail="GLM",
        documentation=preview,
        filter_text=item.filter_text,
        sort_text=_LAST,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(to_range(snapshot.text, item.span, encoding), item.text),
        command=types.Command("Accepted", ACCEPTED, arguments=[{"id": item.suggestion_id}]),
    )
