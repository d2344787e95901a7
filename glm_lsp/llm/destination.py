"""Where a key and code may go: the one decision, made before a connection is opened.

They may go to
1. what the user's own environment, or settings that are the user's alone, name;
2. a known provider's own address, with the key that was kept for that provider;
3. what the user said yes to, when they were asked about it by name.

Invariants: nothing else gets a key, code, or a connection. What is compared is the provider and
the whole address as it is connected to, with the headers that are added, so that an answer holds
for nothing but what was asked.
Settings that a workspace may have written count for nothing here: an answer is kept in the user's
state, which they alone can write.
"""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING

from glm_lsp import private_files, providers
from glm_lsp.errors import SettingsError, UnconfirmedHostError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from glm_lsp.address import Address
    from glm_lsp.llm.credentials import Key
    from glm_lsp.providers import Preset
    from glm_lsp.settings import Settings

logger = logging.getLogger(__name__)

_MOST_BYTES = 256 * 1024
_MOST_KEPT = 200


class Destinations:
    """Decides where one user's servers may send to, and remembers what the user said.

    Reads and writes a file: call it in a thread.
    """

    def __init__(self, own: Settings, path: Callable[[], Path]) -> None:
        """Trust `own`, the settings of the environment alone; keep answers at `path`."""
        self._own = own
        self._path = path
        self._confirmed: set[str] = set()

    def check(self, settings: Settings, key: Key | None, *, users_own: bool) -> None:
        """Refuse a way that the user has not confirmed.

        `users_own`: the settings that decide it are the user's alone.

        Raises:
            UnconfirmedHostError: they have to be asked.
            SettingsError: there is no address to ask.
        """
        preset = providers.find(settings.provider, settings.base_url)
        address = preset.address(settings.protocol, settings.base_url)
        # What headers ask of a gateway may be to send it on: they are part of the way.
        headers = settings.headers
        if users_own or (not headers and self._is_known(settings, preset, address, key)):
            return
        destination = f"{preset.name} {address.place}{_login(address)}{_with(headers)}"
        if destination not in self._confirmed and destination not in self._kept():
            raise _unconfirmed(preset, address, key, destination, headers)

    def confirm(self, destination: str) -> None:
        """Remember that the user said yes to a destination."""
        self._confirmed.add(destination)
        kept = [each for each in self._kept() if each != destination]
        text = json.dumps({"confirmed": [*kept[1 - _MOST_KEPT :], destination]}, indent=1)
        try:
            private_files.write(self._path(), text)
        except OSError as error:
            logger.warning("The answer is remembered until the server ends: %s", error)

    def is_news(self, rule: str) -> bool:
        """Tell whether the user has not been told of something yet, and remember it."""
        told = f"told: {rule}"
        if told in self._confirmed or told in self._kept():
            return False
        self.confirm(told)
        return True

    def _is_known(
        self, settings: Settings, preset: Preset, address: Address, key: Key | None
    ) -> bool:
        own = self._own
        chosen = settings.provider == own.provider
        if settings.protocol in preset.bases and address == preset.address(settings.protocol):
            return chosen or key is None or key.owner == settings.provider
        if own.base_url is None:
            return False
        try:
            ours = providers.find(own.provider).address(own.protocol, own.base_url)
        except SettingsError:
            return False
        # A key that was kept for another provider is not for this host.
        # Nor is the user's host another's account there, whoever may read what is asked in it.
        same = address.place == ours.place and _login(address) in ("", _login(ours))
        return same and (chosen or key is None or not key.owner)

    def _kept(self) -> list[str]:
        try:
            kept = json.loads(private_files.read(self._path(), _MOST_BYTES) or "{}")
        except (OSError, ValueError, RecursionError) as error:
            logger.warning("Earlier answers cannot be read: %s", error)
            return []
        found = kept.get("confirmed") if isinstance(kept, dict) else None
        return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def state_path() -> Path:
    """Return the file of the user's answers, in the operating system's place for state."""
    from platformdirs import user_state_path

    return user_state_path("glm-lsp", appauthor=False) / "confirmed.json"


def _login(address: Address) -> str:
    """Return what stands for an address's user and password, if it has them."""
    if address.url == address.place:
        return ""
    return f" as {hashlib.sha256(address.url.encode()).hexdigest()[:16]}"


def _with(headers: Mapping[str, str]) -> str:
    """Return what stands for headers, whose values may be secrets."""
    if not headers:
        return ""
    text = json.dumps(sorted((name.lower(), value) for name, value in headers.items()))
    return f" with {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _unconfirmed(
    preset: Preset,
    address: Address,
    key: Key | None,
    destination: str,
    headers: Mapping[str, str],
) -> UnconfirmedHostError:
    what = "your code" if key is None else "your code and your API key"
    account = " with a name and password of theirs" if _login(address) else ""
    added = f", with the headers {', '.join(headers)}" if headers else ""
    environment = f"GLM_LSP_PROVIDER={preset.name} and GLM_LSP_BASE_URL={address.place}"
    remedy = "take `glm.headers` out" if headers else f"set {environment} in your environment"
    return UnconfirmedHostError(
        f"Nothing is sent to {address.name}{added}, which you have not confirmed: say yes when you"
        f" are asked after a restart, or {remedy}.",
        question=(
            f"The settings of this editor or workspace send {what} to {address.name}"
            f" ({address.place}){account}{added}. Do you want that?"
        ),
        host=address.name,
        destination=destination,
    )
