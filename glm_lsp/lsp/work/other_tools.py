"""What the editor's other language servers and tools know: asked of our own clients only.

Invariant: nothing depends on the answer. A client that does not say, not in time, or nothing that
can be read, is one without other tools; whatever it says is bounded.

A server of LSP cannot ask its client for diagnostics, definitions or hovers; `glm/context` can.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.actions.offers import Diagnostic
from glm_lsp.characters import beginning
from glm_lsp.lsp.documents.positions import to_span
from glm_lsp.lsp.extension import CONTEXT
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glm_lsp.lsp.server import Server
    from glm_lsp.text import Snapshot

logger = logging.getLogger(__name__)

MOST_PROBLEMS = 1_000
"""Of one document; more is no list that anybody works through."""
_LONGEST = 1_000  # Characters of a message; what is behind them, nobody reads.
_ANSWERED_WITHIN = 1.0  # Seconds; then it goes on with what is known.
_SETTLED_WITHIN = 15.0  # Seconds; our clients wait for ten.


@frozen
class Answer:
    """What a client says.

    Attributes:
        diagnostics: LSP's, as they came.
        settled: other tools have reported since the document last changed.
    """

    diagnostics: list[Any] = field(factory=list, repr=False)
    settled: bool = False


async def ask(server: Server, uri: str, *, settle: bool = False) -> Answer | None:
    """Ask the client what the other tools know of a document; None: it did not say.

    With `settle` it is to wait, within bounds, until they have reported on the text as it is.

    Raises:
        ConnectionError: the client is gone.
    """
    params: dict[str, Any] = {"uri": uri, "positions": []}
    if settle:
        params["settle"] = True
    try:
        async with timeout(_SETTLED_WITHIN if settle else _ANSWERED_WITHIN):
            answer = await server.request(CONTEXT, params)
    except (JsonRpcException, asyncio.TimeoutError) as error:
        logger.info("The editor does not say what other tools report: %s", type(error).__name__)
        return None
    listed = answer.get("diagnostics") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        return None
    return Answer(listed[:MOST_PROBLEMS], answer.get("settled") is True)


def problems_of(server: Server, answer: Answer, snapshot: Snapshot) -> Iterator[Diagnostic]:
    """Yield the problems of an answer that can be read, in no order."""
    for raw in answer.diagnostics:
        try:
            for diagnostic in real([server.structure(raw, types.Diagnostic)]):
                yield to_diagnostic(diagnostic, snapshot, server.documents.encoding)
        except Exception as error:  # cattrs raises whatever a hook raises.
            logger.debug("A diagnostic was passed over: %s", type(error).__name__)


def to_diagnostic(diagnostic: types.Diagnostic, snapshot: Snapshot, encoding: str) -> Diagnostic:
    """Convert a diagnostic; what the editor left out becomes the plainest value."""
    return Diagnostic(
        span=to_span(snapshot.text, diagnostic.range, encoding),
        message=_plain(diagnostic.message),
        severity=int(diagnostic.severity or 1),
        source=(diagnostic.source or "")[:_LONGEST],
        code=str(diagnostic.code)[:_LONGEST] if diagnostic.code is not None else "",
    )


def real(diagnostics: Sequence[types.Diagnostic]) -> list[types.Diagnostic]:
    """Leave out hints that mark code as unnecessary: they are drawn faded, not as problems."""
    return [d for d in diagnostics if d.severity != types.DiagnosticSeverity.Hint or not d.tags]


def _plain(message: Any) -> str:
    """Return a message's text; LSP 3.18 allows marked-up content too."""
    if isinstance(message, dict):
        message = message.get("value", "")
    return beginning(str(message), _LONGEST)
