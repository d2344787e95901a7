"""Which request headers a user may add, for a gateway that wants some of its own.

Invariant: none replaces what carries the key, says where or how long a message is, or belongs to
the connection; and no sentence about one repeats its value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_MOST, _LONGEST = 32, 8_000

_OURS = frozenset(
    {
        "authorization",
        "x-api-key",
        "host",
        "cookie",
        "expect",
        # Of one connection, not of the message.
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OURS_BEGIN = ("content-", "accept", "proxy-")
"""An answer must come unpacked, as events; and what begins like the last is for proxies."""


def wrong(headers: Mapping[str, str]) -> str:
    """Return what is wrong with headers, "" when nothing is."""
    if len(headers) > _MOST:
        return f"should have at most {_MOST} names"
    seen: set[str] = set()
    for name, value in headers.items():
        lower = name.lower()
        if not _NAME.fullmatch(name):
            return "has a name that no header can have"
        if lower in _OURS or lower.startswith(_OURS_BEGIN):
            return f"cannot set {name}, which is the server’s own"
        if lower in seen:
            return f"has {name} twice"
        if not value.isascii() or not value.isprintable() or value != value.strip():
            return f"has a value for {name} that no header can carry"
        if not 0 < len(value) <= _LONGEST:
            return f"has a value for {name} that is empty or too long"
        seen.add(lower)
    return ""
