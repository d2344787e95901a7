"""The address of a service: read once, for who decides, who connects and who shows it.

Invariants: what is compared and shown is what is connected to, in ASCII; what parsers read in
more than one way is no address; neither `place`, `readable` nor a representation shows a password.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, urlsplit

from attrs import field, frozen

_MOST_SHOWN = 300  # Characters: more than the longest host.
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?")
_IN_A_PATH = "/:@!$&'()*+,;=~%"
_DOTS = re.compile(r"/(\.|%2e){1,2}(/|$)", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


@frozen
class Address:
    """An HTTP address.

    Attributes:
        url: what is connected to; without a slash at its end.
        name: the host, and the port where it is not the usual one.
        host: the host in lower case, punycode where it is not ASCII.
        place: where it is, and all that decides who answers: without a user's name and password.
    """

    url: str = field(repr=False)
    name: str
    host: str
    place: str

    @property
    def is_own(self) -> bool:
        """Whether it is on this machine, and nothing that is only called like it."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse(text: str) -> Address:
    """Read an address.

    Raises:
        ValueError: it is none, or one that has a query, a fragment or odd characters.
    """
    text = text.strip()
    if re.search(r"[\s\\?#\0-\x1f\x7f]", text):
        raise ValueError("a blank, a backslash, a query or a fragment")
    parts = urlsplit(text)
    scheme, (user, at, _) = parts.scheme, parts.netloc.rpartition("@")
    if scheme not in _PORTS or not user.isascii() or _DOTS.search(parts.path):
        raise ValueError("neither https nor http, or a path that leads elsewhere")
    host = _host(parts.hostname or "")
    in_url = f"[{host}]" if ":" in host else host
    port = parts.port  # Raises for one that is none.
    name = in_url if port in (None, _PORTS[scheme]) else f"{in_url}:{port}"
    path = quote(parts.path, safe=_IN_A_PATH).rstrip("/")
    return Address(f"{scheme}://{user}{at}{name}{path}", name, host, f"{scheme}://{name}{path}")


def readable(text: str) -> str:
    """Return any text that should be an address, for people: without passwords, in ASCII.

    What may be a secret (before the host, in a query) is an ellipsis; odd characters are
    percent-encoded.
    """
    text, mark, _ = (*re.split(r"([?#])", text.strip(), maxsplit=1), "", "")[:3]
    head, slashes, rest = text.partition("//")
    # A password may have a slash in it: all before the last mark counts as one.
    user, at, place = rest.rpartition("@")
    shown = quote(head + slashes, safe=_IN_A_PATH) + ("…" + at if user else "")
    shown += quote(place, safe=_IN_A_PATH + "[]")
    shown = shown if len(shown) <= _MOST_SHOWN else shown[: _MOST_SHOWN - 1] + "…"
    return shown + (mark + "…" if mark else "")


def _host(host: str) -> str:
    """Return a host as it is looked up.

    Raises:
        ValueError: it is none.
    """
    if ":" in host:
        return str(ipaddress.IPv6Address(host))
    if not host.isascii():
        import idna  # The HTTP library's own; large, and hardly ever needed.

        host = idna.encode(host).decode("ascii")  # Its error is a ValueError.
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise ValueError("not a host")
    return host
