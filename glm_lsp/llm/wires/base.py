"""What every wire protocol is: a body to send, and a parser of what comes back.

Invariant: a wire is pure. It opens no connection and knows no clock; the same events give
the same deltas, however the network cut them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from attrs import field, frozen

from glm_lsp.llm import error_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.credentials import Key
    from glm_lsp.llm.error_mapping import Asked
    from glm_lsp.llm.providers import Preset
    from glm_lsp.llm.types import Delta, Request


class Parser(Protocol):
    """Turns the events of one answer into deltas.

    Attributes:
        complete: the answer's end was seen; no delta but `Usage` can follow.
        done: nothing more can follow at all.
    """

    complete: bool
    done: bool

    def feed(self, event: str, data: str) -> Sequence[Delta]:
        """Return the deltas of one event.

        Raises:
            GlmError: the event reports an error, or is not of this protocol.
        """
        ...

    def end(self) -> Sequence[Delta]:
        """Return what remains when the connection ends.

        Raises:
            GlmError: the answer was cut.
        """
        ...


@frozen
class Wire:
    """One wire protocol.

    Attributes:
        path: what is appended to the base URL.
        body: builds the JSON body, without the fields in the given set.
        optional: the fields a service may refuse and is then asked without.
        headers: the headers that carry the key and the protocol's version.
        parser: makes a parser for one answer.
        stops: the fields that end an answer at a text; without them the client cuts.
    """

    path: str
    body: Callable[[Request, Preset, ModelInfo], dict[str, Any]]
    headers: Callable[[Key | None], Mapping[str, str]]
    parser: Callable[[Asked], Parser]
    optional: frozenset[str] = field(default=frozenset())
    stops: frozenset[str] = field(default=frozenset({"stop", "stop_sequences"}))


def bearer(key: Key | None) -> Mapping[str, str]:
    """Return the header that carries a key as a bearer token."""
    return {"Authorization": f"Bearer {key.reveal()}"} if key else {}


def decode(asked: Asked, data: str) -> dict[str, Any]:
    """Return the JSON object of an event.

    Raises:
        WireError: it is not one.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise error_mapping.garbled(asked, "an event is not JSON") from None
    if not isinstance(value, dict):
        raise error_mapping.garbled(asked, "an event is not a JSON object")
    return value


def count(value: Any) -> int:
    """Return a number of tokens; 0 for what is none."""
    return value if type(value) is int and value > 0 else 0


def member(value: Any, name: str) -> Any:
    """Return a member of what should be an object; None when it is not."""
    return value.get(name) if isinstance(value, dict) else None
