"""Whom an evaluation asks: the service of the user's settings, behind the gateway.

Invariant: the key goes where `llm/destination.py` lets it go, and nowhere else; nothing is opened
before the first question.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from glm_lsp import providers
from glm_lsp.errors import GlmError
from glm_lsp.llm import catalogue
from glm_lsp.llm.credentials import Key, find_key, no_key
from glm_lsp.local.embedded import EmbeddedModel, find_weights
from glm_lsp.providers import Billing
from glm_lsp.settings import ModelSettings
from glm_lsp.settings.layers import Layer, from_environment, load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from glm_lsp.llm.relay import Relay
    from glm_lsp.llm.types import Usage
    from glm_lsp.settings import Settings

_GATEWAYS_OWN = ("provider", "baseUrl", "headers", "prices", "limits")
"""What the server that is measured is not told: the relay does it."""

_SECRET = ("provider", "baseUrl", "headers")


@frozen
class EvaluatedService:
    """A service, and how it is asked.

    Attributes:
        values: what was set for the run, by the settings' names.
        embedded: the model inside this process; None for a service.
    """

    settings: Settings
    values: Mapping[str, Any]
    environ: Mapping[str, str]
    embedded: EmbeddedModel | None
    weights: Path | None = None

    @property
    def is_free(self) -> bool:
        """Whether nobody bills for a question."""
        preset = self._preset
        own = bool(self.settings.base_url) and preset.address("chat", self.settings.base_url).is_own
        return preset.billing is Billing.NOTHING or own

    @property
    def name(self) -> str:
        """The service, for people."""
        return self._preset.title if self.embedded is None else "the embedded model"

    def options(self) -> dict[str, Any]:
        """Return the settings of the server that is measured."""
        own = {name: value for name, value in self.values.items() if name not in _GATEWAYS_OWN}
        models = self.settings.models
        return {**own, "models": {"actions": models.actions, "completion": models.completion}}

    def told(self, base_url: str) -> dict[str, str]:
        """Return what the environment of that server says of the service."""
        return {
            "GLM_LSP_PROVIDER": self.settings.provider,
            "GLM_LSP_BASE_URL": base_url,
            "GLM_LSP_PROTOCOL": self.settings.protocol,
            "NO_PROXY": "127.0.0.1",
        }

    def cost(self, model: str, usage: Usage) -> float | None:
        """Return what an answer costs, in USD; None where no price is known."""
        settings = self.settings
        return catalogue.priced(model, self._preset, settings.prices).cost(usage)

    async def relay(self) -> Relay:
        """Open the way.

        Raises:
            GlmError: there is no key, no model, or the key may not go there.
        """
        from glm_lsp.llm.connect import WIRES
        from glm_lsp.llm.destination import Destinations, state_path
        from glm_lsp.llm.relay import Relay

        settings, wire = self.settings, WIRES[self.settings.protocol]
        if self.embedded is not None:
            url = await self.embedded.start(self.weights)
            return Relay(url, wire.headers(Key(self.embedded.key, "the embedded model", "local")))
        key = await asyncio.to_thread(find_key, self._preset, given=None, environ=self.environ)
        if key is None and self._preset.needs_key:
            raise no_key(self._preset)
        trusted = Destinations(settings, state_path)  # The command line is the user's own.
        await asyncio.to_thread(trusted.check, settings, key, users_own=True)
        url = self._preset.base_url(settings.protocol, settings.base_url)
        return Relay(url, {**settings.headers, **wire.headers(key)})

    @property
    def _preset(self) -> providers.Preset:
        return providers.find(self.settings.provider, self.settings.base_url)


def replayed(about: Mapping[str, Any]) -> EvaluatedService:
    """Return the service that a recording is of; it is asked nothing.

    Raises:
        GlmError: the recording names settings that are none.
    """
    models = about.get("models", {})
    environ = {
        "GLM_LSP_PROVIDER": str(about.get("provider", "")),
        "GLM_LSP_PROTOCOL": str(about.get("protocol", "")),
        "GLM_LSP_MODEL": str(models.get("actions", "")),
        "GLM_LSP_COMPLETION_MODEL": str(models.get("completion", "")),
    }
    given = about.get("settings", {})
    settings, values = _settings(environ, [f"{name}={value}" for name, value in given.items()])
    return EvaluatedService(settings, values, environ, None)


def recorded(service: EvaluatedService, given: Sequence[str]) -> dict[str, Any]:
    """Return what a recording says of a service: enough to play it, and nothing that is secret."""
    pairs = (each.partition("=") for each in given)
    models = service.settings.models
    return {
        "provider": service.settings.provider,
        "protocol": service.settings.protocol,
        "models": {"actions": models.actions, "completion": models.completion},
        "settings": {
            name.strip(): value.strip()
            for name, _, value in pairs
            if name.strip().removeprefix("glm.").split(".")[0] not in _SECRET
        },
    }


def asked(
    environ: Mapping[str, str], given: Sequence[str], weights: Path | None
) -> EvaluatedService:
    """Return the service that the environment and `KEY=VALUE` settings name.

    Raises:
        GlmError: a setting cannot be used, or the embedded model is not installed.
    """
    settings, values = _settings(environ, given)
    if weights is not None or (settings.provider == "local" and settings.base_url is None):
        if weights is None:
            find_weights()  # Raises now what the first question would.
        named = ModelSettings(catalogue.EMBEDDED, catalogue.EMBEDDED)
        settings = evolve(settings, provider="local", base_url=None, models=named)
        return EvaluatedService(settings, values, environ, EmbeddedModel(), weights)
    return EvaluatedService(settings, values, environ, None)


def _settings(
    environ: Mapping[str, str], given: Sequence[str]
) -> tuple[Settings, Mapping[str, Any]]:
    values: dict[str, Any] = {}
    for each in given:
        name, mark, value = each.partition("=")
        if not mark:
            raise GlmError(f"A setting is written as NAME=VALUE, not as {each}.")
        _put(values, name.strip(), _value(value.strip()))
    loaded = load(from_environment(environ), Layer("the command line", values, users_own=True))
    for problem in loaded.problems:
        raise GlmError(f"The setting {problem.key} {problem.message}.")
    return loaded.settings, values


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    *path, last = name.removeprefix("glm.").split(".")
    for part in path:
        values = values.setdefault(part, {})
    values[last] = value


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
