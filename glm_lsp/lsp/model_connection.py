"""What a session needs of the way to a model; `glm_lsp.app` opens it.

Invariant: interfaces and values alone. Who opens a way decides first whether it may be gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from glm_lsp.errors import UnconfirmedHostError
    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.substitution import Notice
    from glm_lsp.llm.types import Provider, Request
    from glm_lsp.llm.usage_store import Used
    from glm_lsp.settings import Settings

    Approve = Callable[[str], Awaitable[bool]]
    Confirm = Callable[[UnconfirmedHostError], Awaitable[bool]]


class ModelConnection(Protocol):
    """A way to a model that is open, and can be closed."""

    @property
    def provider(self) -> Provider:
        """Who answers."""
        ...

    async def warm(self) -> None:
        """Get ready before anybody waits."""

    def accepted(self, model: str, feature: str) -> None:
        """Record that the user took what a model suggested."""

    def model(self, name: str) -> ModelInfo:
        """Return what is known, and was seen, of the model that answers to a name."""
        ...

    def characters_per_token(self, model: str) -> float:
        """Return how long a token is, as far as the service's counts tell."""
        ...

    def sealed(self, request: Request) -> Request:
        """Return a question as it would go there: without secrets, and without the key."""
        ...

    async def close(self) -> None:
        """Close the connections."""


@frozen
class Caller:
    """What a client brought that the way to a model depends on.

    Attributes:
        users_own: what decides whom to ask is the user's alone in this client, whatever a
            workspace says.
        approve: asks the user whether to go on beyond a day's budget.
        tell: is told what the user should know of the service.
    """

    api_key: str | None = field(default=None, repr=False)
    users_own: bool = False
    approve: Approve | None = None
    tell: Callable[[Notice], None] | None = None


class ModelConnector(Protocol):
    """Opens the way to a model that settings describe."""

    async def __call__(self, settings: Settings, caller: Caller) -> ModelConnection:
        """Find the key, start what must be started, and return the open way.

        Raises:
            UnconfirmedHostError: the user has to be asked first whether to go there.
            GlmError: there is no key, no address, or no embedded model.
        """
        ...

    async def confirm(self, destination: str) -> None:
        """Remember that the user said yes to a destination."""

    async def used_today(self) -> Used | None:
        """Return what this user's servers used today; None: not known."""
        ...


def way(settings: Settings) -> tuple[object, ...]:
    """Return what of the settings decides how a model is reached."""
    return (
        settings.provider,
        settings.base_url,
        settings.protocol,
        settings.limits,
        settings.prices,
        settings.headers,
    )
