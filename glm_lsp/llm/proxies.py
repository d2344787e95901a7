"""Which proxy leads to a service: what the environment (or the system's settings) says.

Invariant: what it says wrong is one sentence that names the variable and shows nothing of its
value, which may hold a password.
"""

from __future__ import annotations

import ipaddress
import os
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
from attrs import field, frozen

from glm_lsp.errors import SettingsError

if TYPE_CHECKING:
    from glm_lsp.address import Address

_SCHEMES = ("http", "https", "socks5", "socks5h")


@frozen
class Proxy:
    """A proxy.

    Attributes:
        url: where it is, with a name and password, if it has them.
        place: its host and port.
        variable: what names it, for people.
    """

    url: str = field(repr=False)
    place: str
    variable: str

    @property
    def is_secure(self) -> bool:
        """Whether the connection to the proxy itself is encrypted."""
        return self.url.startswith("https:")


def choose(address: Address) -> Proxy | None:
    """Return the proxy for a host elsewhere.

    Raises:
        SettingsError: what names one names none.
    """
    known = urllib.request.getproxies()
    scheme = "https" if address.url.startswith("https:") else "http"
    for kind in (scheme, "all"):
        if known.get(kind):
            break
    else:
        return None
    if _is_bypassed(address, known.get("no", "")):
        return None
    return _read(known[kind], _variable(kind))


def _is_bypassed(address: Address, said: str) -> bool:
    """Tell whether NO_PROXY (or the system) wants no proxy for a host; odd forms say nothing."""
    with suppress(Exception):  # Each system asks another place.
        if urllib.request.proxy_bypass(address.name):
            return True
    with suppress(ValueError):
        host = ipaddress.ip_address(address.host)
        for each in said.replace(",", " ").split():
            with suppress(ValueError):
                if host in ipaddress.ip_network(each.strip("[]"), strict=False):
                    return True
    return False


def _variable(kind: str) -> str:
    """Return the name of the variable that names a proxy, as it is written."""
    names = (f"{kind}_proxy", f"{kind.upper()}_PROXY")
    return next((name for name in names if os.environ.get(name)), "the system’s proxy setting")


def _read(text: str, variable: str) -> Proxy:
    text = text.strip()
    url = text if "://" in text else f"http://{text}"
    try:
        parts = httpx.URL(url)
        port = parts.port
    except Exception:  # Its parsers raise what they meet.
        parts, port = None, None
    if parts is None or not parts.host or (port is not None and not 0 < port < 65536):
        raise SettingsError(
            f"{variable} names no proxy: have it say http://HOST:PORT, or unset it."
        )
    if parts.scheme not in _SCHEMES:
        raise SettingsError(
            f"{variable} names a proxy of another kind than {', '.join(_SCHEMES)}:"
            " have it name one of these, or unset it."
        )
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    return Proxy(url, host if port is None else f"{host}:{port}", variable)
