"""What the editor's other language servers and tools know: asked of our own clients only.

Invariant: nothing depends on the answer. A client that does not say, not in time, or nothing that
can be read, is one without other tools; whatever it says is bounded.

A server of LSP cannot ask its client for diagnostics, definitions or hovers; `glm/context` can.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from attrs import field, frozen
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.actions.offers import Diagnostic
from glm_lsp.characters import beginning
from glm_lsp.lsp.documents.positions import to_span
from glm_lsp.lsp.extension import CONTEXT
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glm_lsp.lsp.server import Server
    from glm_lsp.text import Snapshot

logger = logging.getLogger(__name__)

MOST_PROBLEMS = 1_000
"""Of one document; more is no list that anybody works through."""
_LONGEST = 1_000  # Characters of a message; what is behind them, nobody reads.
_LONGEST_HOVER = 4_000  # Characters.
_MOST_PLACES = 3  # Of one name: overloads, a declaration besides a definition.
_MOST_ANSWERS = 200
_ANSWERED_WITHIN = 1.0  # Seconds; then it goes on with what is known.
_SETTLED_WITHIN = 15.0  # Seconds; our clients wait for ten.


class Place(NamedTuple):
    """Where something is defined: a document, and its lines from 0."""

    uri: str
    first: int
    last: int


@frozen
class Answer:
    """What a client says.

    Attributes:
        diagnostics: LSP's, as they came.
        settled: other tools have reported since the document last changed.
        definitions: by the number of the place that was asked about.
        hovers: what is shown there, in Markdown, likewise.
    """

    diagnostics: list[Any] = field(factory=list, repr=False)
    settled: bool = False
    definitions: Mapping[int, tuple[Place, ...]] = field(factory=dict, repr=False)
    hovers: Mapping[int, str] = field(factory=dict, repr=False)


@frozen
class KnownProblems:
    """The problems of a document, and whether they are of its text as it was then."""

    problems: tuple[Diagnostic, ...]
    settled: bool


async def reported(server: Server, answer: Answer, snapshot: Snapshot) -> KnownProblems:
    """Return what an answer reports of a document; a problem that is reported twice is one."""

    def read() -> tuple[Diagnostic, ...]:
        return tuple(dict.fromkeys(problems_of(server, answer, snapshot)))

    # A thousand problems take longer to read than a keystroke may wait.
    return KnownProblems(await asyncio.to_thread(read), answer.settled)


async def ask(
    server: Server,
    uri: str,
    *,
    positions: Sequence[types.Position] = (),
    settle: bool = False,
) -> Answer | None:
    """Ask the client what the other tools know of a document; None: it did not say.

    Of `positions` it says what stands there.
    With `settle` it is to wait, within bounds, until they have reported on the text as it is.

    Raises:
        ConnectionError: the client is gone.
    """
    params: dict[str, Any] = {"uri": uri, "positions": list(positions)}
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
    settled = answer.get("settled") is True
    return Answer(listed[:MOST_PROBLEMS], settled, _definitions(answer), _hovers(answer))


def _definitions(answer: dict[str, Any]) -> dict[int, tuple[Place, ...]]:
    found: dict[int, tuple[Place, ...]] = {}
    for raw in _listed(answer, "definitions"):
        with suppress(TypeError, KeyError, ValueError):
            lines = [int(raw["range"][end]["line"]) for end in ("start", "end")]
            number, place = int(raw["position"]), Place(str(raw["uri"]), *lines)
            known = found.get(number, ())
            if place not in known and 0 <= place.first <= place.last and len(known) < _MOST_PLACES:
                found[number] = (*known, place)
    return found


def _hovers(answer: dict[str, Any]) -> dict[int, str]:
    found: dict[int, str] = {}
    for raw in _listed(answer, "hovers"):
        with suppress(TypeError, KeyError, ValueError):
            if isinstance(raw["text"], str):
                found.setdefault(int(raw["position"]), raw["text"][:_LONGEST_HOVER])
    return found


def _listed(answer: dict[str, Any], name: str) -> list[Any]:
    listed = answer.get(name)
    return listed[:_MOST_ANSWERS] if isinstance(listed, list) else []


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
