"""textDocument/codeAction: what is offered, with a command each.

Invariant: a listing reads the request and nothing else: no model, no parsing, no resolving.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from glm_lsp.actions.offers import Diagnostic, comment_at, offers
from glm_lsp.lsp.convert import to_offset, to_span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glm_lsp.actions.offers import Offer
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import Session
    from glm_lsp.text import Snapshot

    Nearby = Callable[[Snapshot, types.Range], list[types.CodeAction]]

KINDS = ("quickfix", "refactor.rewrite", "refactor.extract", "source", "glm.explain")


def register(server: Server, session: Session, nearby: Nearby) -> None:
    """Serve code actions; `nearby` lists those of changes and jobs close to a range."""
    options = types.CodeActionOptions(code_action_kinds=list(KINDS), resolve_provider=False)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        snapshot = server.documents.get(params.text_document.uri)
        if snapshot is None or session.exclusions.excludes(snapshot.uri):
            return []
        tagged = _knows_tag(server.client_capabilities)
        given = _real(params.context.diagnostics)
        found = [to_diagnostic(d, snapshot, server.documents.encoding) for d in given]
        only = [str(kind) for kind in params.context.only] if params.context.only else None
        own = nearby(snapshot, params.range)
        start = to_offset(snapshot.text, params.range.start, server.documents.encoding)
        listed = offers(found, only, comment_at(snapshot.text, start))
        return [
            *(a for a in own if only is None or any(str(a.kind).startswith(k) for k in only)),
            *(_to_action(offer, params, found, given, tagged) for offer in listed),
        ]


def to_diagnostic(diagnostic: types.Diagnostic, snapshot: Snapshot, encoding: str) -> Diagnostic:
    """Convert a diagnostic; what the editor left out becomes the plainest value."""
    return Diagnostic(
        span=to_span(snapshot.text, diagnostic.range, encoding),
        message=_plain(diagnostic.message),
        severity=int(diagnostic.severity or 1),
        source=diagnostic.source or "",
        code=str(diagnostic.code) if diagnostic.code is not None else "",
    )


def _real(diagnostics: Sequence[types.Diagnostic]) -> list[types.Diagnostic]:
    """Leave out hints that mark code as unnecessary: they are drawn faded, not as problems."""
    return [d for d in diagnostics if d.severity != types.DiagnosticSeverity.Hint or not d.tags]


def _plain(message: Any) -> str:
    """Return a message's text; LSP 3.18 allows marked-up content too."""
    if isinstance(message, dict):
        return str(message.get("value", ""))
    return str(message)


def _knows_tag(capabilities: types.ClientCapabilities) -> bool:
    document = capabilities.text_document
    support = document.code_action.tag_support if document and document.code_action else None
    return support is not None and types.CodeActionTag.LlmGenerated in support.value_set


def _to_action(
    offer: Offer,
    params: types.CodeActionParams,
    found: Sequence[Diagnostic],
    given: Sequence[types.Diagnostic],
    tagged: bool,
) -> types.CodeAction:
    about = [raw for raw, own in zip(given, found, strict=True) if own in offer.diagnostics]
    argument: dict[str, Any] = {"uri": params.text_document.uri, "range": params.range}
    if about:
        argument["diagnostics"] = about
    if offer.instruction:
        argument["instruction"] = offer.instruction
    if offer.preset:
        argument["preset"] = offer.preset
    return types.CodeAction(
        title=offer.title,
        kind=offer.kind,
        diagnostics=about or None,
        command=types.Command(offer.title, offer.command, arguments=[argument]),
        tags=[types.CodeActionTag.LlmGenerated] if tagged else None,
    )
