"""The messages of our own, all in one file; each client mirrors it.

Invariant: everything here is optional. A client announces what it understands in
`capabilities.experimental.glm`; without it, standard LSP does the job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

if TYPE_CHECKING:
    from lsprotocol import types

APPLY_EDIT = "glm/applyEdit"
"""Request to the client: an edit of one document, with its job and whether it is the first and
the last of an undo step. Answered with `{"applied": bool, "version": int}`: the version of the
document that holds exactly this edit."""

CHANGES = "glm/changes"
"""Notification to the client: every change in one document, and every one offered for it."""

EXPLANATION = "glm/explanation"
"""Notification to the client: `Explanation`."""

STATUS = "glm/status"
"""Notification to the client: `ServerStatus`."""

CONTEXT = "glm/context"
"""Request to the client: `{"uri", "positions"}`; answered with `{"diagnostics", "definitions",
"hovers"}`: what the document's other tools say. The diagnostics are LSP's, of the whole
document, in the client's position encoding, and none of them ours."""

NEXT_EDIT = "glm/nextEdit"
"""Request of the client: `{"textDocument", "position"}`; answered with `{"version", "edits"}`,
the next one first, each with `range`, `text`, `before` and `reason`."""

State = Literal["ready", "working", "limited", "error", "off"]


@frozen
class Extensions:
    """What the client announced."""

    apply_edit: bool = False
    explanation: bool = False
    status: bool = False
    changes: bool = False
    context: bool = False
    buttons: frozenset[str] | None = None
    """What the client does itself when one of its buttons is pressed; None: it shows none."""


@frozen
class Trust:
    """What the client said of whose words are whose.

    Attributes:
        machine_scoped: no workspace sets the provider, the address or the prices in this client.
        trusted: the user trusts the workspace, as far as the client knows.
    """

    machine_scoped: bool = False
    trusted: bool = True


@frozen
class Explanation:
    """A piece of an explanation, in Markdown; `done` ends it, whether or not it succeeded."""

    job: str
    uri: str
    range: types.Range
    title: str
    delta: str = field(repr=False)
    done: bool

    def params(self) -> dict[str, Any]:
        """Return the message as JSON."""
        return {
            "job": self.job,
            "uri": self.uri,
            "range": range_json(self.range),
            "title": self.title,
            "delta": self.delta,
            "done": self.done,
        }


@frozen
class ServerStatus:
    """The server's state: `tokens` and `cost` (USD, an estimate) are today's, of all windows.

    `needs` names what only the user can give, so that a client can offer to ask for it.
    """

    state: State
    model: str
    message: str = ""
    tokens: int = 0
    cost: float | None = None
    needs: Literal["key"] | None = None

    def params(self) -> dict[str, Any]:
        """Return the message as JSON."""
        return {
            "state": self.state,
            "model": self.model,
            "message": self.message,
            "tokens": self.tokens,
            "cost": self.cost,
            "needs": self.needs,
        }


def announced(capabilities: types.ClientCapabilities) -> Extensions:
    """Read what a client announced; anything malformed counts as not announced."""
    ours = _ours(capabilities)
    buttons = ours.get("buttons")
    return Extensions(
        apply_edit=ours.get("applyEdit") is True,
        explanation=ours.get("explanation") is True,
        status=ours.get("status") is True,
        changes=ours.get("changes") is True,
        context=ours.get("context") is True,
        buttons=frozenset(map(str, buttons)) if isinstance(buttons, list) else None,
    )


def trust(capabilities: types.ClientCapabilities) -> Trust:
    """Read what a client said of trust; anything malformed protects more.

    It stands among the capabilities because no editor lets a workspace write those.
    """
    ours = _ours(capabilities)
    return Trust(
        machine_scoped=ours.get("machineScoped") is True,
        trusted=ours.get("trusted", True) is True,
    )


def _ours(capabilities: types.ClientCapabilities) -> dict[str, Any]:
    experimental = capabilities.experimental
    ours = experimental.get("glm") if isinstance(experimental, dict) else None
    return ours if isinstance(ours, dict) else {}


def range_json(range_: types.Range) -> dict[str, Any]:
    """Return a range as JSON."""
    start, end = range_.start, range_.end
    return {
        "start": {"line": start.line, "character": start.character},
        "end": {"line": end.line, "character": end.character},
    }
