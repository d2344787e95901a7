"""textDocument/codeAction: what is offered, with a command each.

Invariant: a listing reads the request and what earlier ones have shown, and nothing else: no
model, no parsing, no resolving, no question to the editor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from glm_lsp.actions.comments import asking_at, comment_at
from glm_lsp.actions.message import is_message
from glm_lsp.actions.named import offered
from glm_lsp.actions.offers import (
    MOST_FIXES,
    SHOW,
    SHOW_COMMAND,
    SHOW_KIND,
    is_wanted,
    offers,
    offers_in_message,
)
from glm_lsp.actions.registry import FIX, KINDS
from glm_lsp.lsp.documents.positions import to_span
from glm_lsp.lsp.work.other_tools import real, to_diagnostic
from glm_lsp.lsp.work.reviews import is_finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from glm_lsp.actions.offers import Diagnostic, Offer
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession
    from glm_lsp.lsp.work.diagnostics import Remembered
    from glm_lsp.lsp.work.named_prompts import NamedPrompts
    from glm_lsp.lsp.work.reviews import Reviews
    from glm_lsp.text import Snapshot

    Nearby = Callable[[Snapshot, types.Range], list[types.CodeAction]]


def register(
    server: Server,
    session: ClientSession,
    nearby: Nearby,
    remembered: Remembered,
    prompts: NamedPrompts,
    reviews: Reviews,
) -> None:
    """Serve code actions; `nearby` lists those of changes and jobs close to a range."""
    options = types.CodeActionOptions(code_action_kinds=[*KINDS, SHOW_KIND], resolve_provider=False)
    server.documents.subscribe(remembered.follow)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        snapshot = server.documents.get(params.text_document.uri)
        if snapshot is None or session.excludes(snapshot):
            return []
        only = [str(kind) for kind in params.context.only] if params.context.only else None
        tags = _tags(server.client_capabilities)
        # Ours are known better here: some editors give only those right at the cursor.
        given = [each for each in params.context.diagnostics if not is_finding(each)]
        lines = (params.range.start.line, params.range.end.line)
        params.context.diagnostics = [*given, *reviews.near(snapshot, *lines)]
        server.last_place.note(snapshot, params.range)
        own = nearby(snapshot, params.range)
        if is_message(snapshot):
            made = (_to_action(offer, params, {}, tags) for offer in offers_in_message(only))
            return [*own, *made]
        return [
            *(action for action in own if only is None or is_wanted(str(action.kind), only)),
            *_offered(server, session, remembered, snapshot, params, only, tags),
            *(_to_action(offer, params, {}, tags) for offer in offered(prompts.listed(), only)),
            *([_show(params, tags)] if only is None or is_wanted(SHOW_KIND, only) else []),
        ]


def _offered(
    server: Server,
    session: ClientSession,
    remembered: Remembered,
    snapshot: Snapshot,
    params: types.CodeActionParams,
    only: list[str] | None,
    tags: list[types.CodeActionTag] | None,
) -> Iterator[types.CodeAction]:
    """List what is offered at a place, and remember the problems that the editor shows there."""
    encoding = server.documents.encoding
    # The same problem, reported twice, is one.
    found = {to_diagnostic(d, snapshot, encoding): d for d in real(params.context.diagnostics)}
    chosen = to_span(snapshot.text, params.range, encoding)
    # Editors that ask for other kinds, as before a file is saved, may leave problems out.
    fixes = only is None or FIX.kind in only
    remembered.note(snapshot, found, replacing=chosen if fixes else None)
    listed = offers(
        list(found),
        only,
        comment_at(snapshot.text, chosen.start),
        asking=asking_at(snapshot.text, chosen.start, snapshot.language),
        lines=remembered.lines(snapshot) if found else [],
        more=session.extensions.context,
    )
    return (_to_action(offer, params, found, tags) for offer in listed)


def _show(
    params: types.CodeActionParams, tags: list[types.CodeActionTag] | None
) -> types.CodeAction:
    """Return the entry that shows what an action would send; it asks no model.

    Among entries that are tagged VS Code shows one that is not, and none of the others.
    """
    argument = {
        "uri": params.text_document.uri,
        "range": params.range,
        "diagnostics": real(params.context.diagnostics)[:MOST_FIXES],
    }
    command = types.Command(SHOW, SHOW_COMMAND, arguments=[argument])
    return types.CodeAction(SHOW, kind=SHOW_KIND, command=command, tags=tags)


def _tags(capabilities: types.ClientCapabilities) -> list[types.CodeActionTag] | None:
    """Return what marks GLM's entries; None where the editor does not know it."""
    document = capabilities.text_document
    support = document.code_action.tag_support if document and document.code_action else None
    known = support is not None and types.CodeActionTag.LlmGenerated in support.value_set
    return [types.CodeActionTag.LlmGenerated] if known else None


def _to_action(
    offer: Offer,
    params: types.CodeActionParams,
    given: Mapping[Diagnostic, types.Diagnostic],
    tags: list[types.CodeActionTag] | None,
) -> types.CodeAction:
    about = [given[diagnostic] for diagnostic in offer.diagnostics]
    argument: dict[str, Any] = {"uri": params.text_document.uri, "range": params.range}
    if offer.every:
        # They are remembered, and move with the text until the entry is chosen.
        argument["all"] = True
    elif about:
        argument["diagnostics"] = about
    if offer.instruction:
        argument["instruction"] = offer.instruction
    if offer.comment:
        argument["comment"] = True
    if offer.preset:
        argument["preset"] = offer.preset
    if offer.prompt:
        argument["prompt"] = offer.prompt
    return types.CodeAction(
        title=offer.title,
        kind=offer.kind,
        diagnostics=about or None,
        command=types.Command(offer.title, offer.command, arguments=[argument]),
        tags=tags,
    )
