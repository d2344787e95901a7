"""The API key: where it is looked for, where it is kept.

Invariants: a key's value shows in no representation, so no log and no traceback that
formats one can leak it; only `reveal` gives it away: to the wires for their headers, to the
keyring, and to what strikes it out of errors. Looking for a key takes three seconds at most,
whatever the keyring does (it may ask the user to unlock it): call these functions in a thread.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from glm_lsp.errors import GlmError, NoKeyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glm_lsp.providers import Preset

KEYRING_SERVICE = "glm-lsp"
"""The name of our entries in the operating system's keyring."""

ANY_PROVIDER = "GLM_API_KEY"
"""The environment variable that holds a key whatever the provider."""

_log = logging.getLogger(__name__)


PATIENCE = 3.0
"""Seconds that a keyring has to answer."""


class Key:
    """An API key that hides itself, and where it came from ("RUNAPI_KEY", "the keyring", …).

    Attributes:
        owner: the provider that it was kept for by name; "" for one that names none.
    """

    __slots__ = ("_value", "owner", "source")

    def __init__(self, value: str, source: str, owner: str = "") -> None:
        self._value = value
        self.source = source
        self.owner = owner

    def reveal(self) -> str:
        """Return the key itself: to be sent, kept, or struck out; never to be shown."""
        return self._value

    def __repr__(self) -> str:
        return f"<key from {self.source}>"

    def __reduce__(self) -> str:
        raise TypeError("a key is not to be copied out of the process")


class Keyring:
    """Reads the system's keyring, and waits for one that hangs only once.

    Each question has a thread of its own, which does not keep the process from ending; what it
    finds too late, as when the user has unlocked the keyring meanwhile, is there the next time.
    """

    def __init__(self) -> None:
        self._late: dict[str, _Question] = {}

    def read(self, name: str) -> str | None:
        """Return what is kept under a provider's name, as far as it can be known by now."""
        question = self._late.get(name)
        patience = 0.0
        if question is None:
            self._late[name] = question = _Question(name)
            question.start()
            patience = PATIENCE
        question.join(patience)
        if question.is_alive():
            if patience:
                _log.warning("The system's keyring does not answer: is it locked?")
            return None
        self._late.pop(name, None)
        return question.found


class _Question(threading.Thread):
    """One question to the keyring."""

    def __init__(self, name: str) -> None:
        super().__init__(daemon=True, name="keyring")
        self.found: str | None = None
        self._asks_for = name

    def run(self) -> None:
        try:
            import keyring  # It looks for its back-ends, and may hang already.

            self.found = keyring.get_password(KEYRING_SERVICE, self._asks_for)
        except Exception as error:  # Back-ends raise whatever their system raises.
            _log.debug("The keyring cannot be read: %s", type(error).__name__)


def find_key(
    preset: Preset,
    *,
    given: str | None,
    environ: Mapping[str, str],
    use_keyring: bool = True,
    keyring: Keyring | None = None,
) -> Key | None:
    """Return the first key found: the editor's, the environment's, the keyring's.

    Who asks again and again gives the same `keyring` each time.

    Raises:
        NoKeyError: the first one found cannot be a key.
    """
    if given and given.strip():
        return _checked(given, "the editor")
    for name in (ANY_PROVIDER, *preset.key_names):
        if value := environ.get(name, "").strip():
            return _checked(value, name, "" if name == ANY_PROVIDER else preset.name)
    kept = (keyring or Keyring()).read(preset.name) if use_keyring else None
    return _checked(kept, "the keyring", preset.name) if kept else None


def no_key(preset: Preset) -> NoKeyError:
    """Return the error that says how to give this provider's key."""
    name = next(iter(preset.key_names), ANY_PROVIDER)
    return NoKeyError(f"No API key: set {name} or run `glm-lsp auth set`.")


def store(preset: Preset, value: str) -> None:
    """Put a key into the operating system's keyring.

    Raises:
        NoKeyError: it cannot be a key.
        GlmError: there is no keyring, or it is locked.
    """
    import keyring
    import keyring.errors

    key = _checked(value, "what you typed")
    try:
        keyring.set_password(KEYRING_SERVICE, preset.name, key.reveal())
    except keyring.errors.KeyringError as error:
        raise _no_keyring(preset, error) from None


def remove(preset: Preset) -> bool:
    """Remove the key from the keyring; tell whether there was one.

    Raises:
        GlmError: there is no keyring, or it is locked.
    """
    import keyring
    import keyring.errors

    try:
        keyring.delete_password(KEYRING_SERVICE, preset.name)
    except keyring.errors.PasswordDeleteError:
        return False
    except keyring.errors.KeyringError as error:
        raise _no_keyring(preset, error) from None
    return True


def _checked(value: str, source: str, owner: str = "") -> Key:
    """Return a key, or refuse what no header can carry (and the HTTP library would print)."""
    value = value.strip()
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise NoKeyError(
            f"The API key from {source} holds characters that no key has:"
            " copy it again, or run `glm-lsp auth set`."
        )
    return Key(value, source, owner)


def _no_keyring(preset: Preset, error: Exception) -> GlmError:
    name = next(iter(preset.key_names), ANY_PROVIDER)
    return GlmError(
        f"The system's keyring cannot be used: set {name} in the environment instead.",
        detail=type(error).__name__,
    )
