"""What a service may send at most: every bound on bytes, characters and numbers, in one place.

Invariant: nothing that a service sends is read beyond these, whatever it says about itself; a
packed answer, which nobody asked for, is not unpacked. How long it may take is in `timeouts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ERROR_BYTES = 64 * 1024
"""Of a body that is no stream."""

LINE = 1024 * 1024
"""Characters of a line of a stream."""

STREAM = 20 * 1024 * 1024
"""Characters of a stream: a hundred thousand tokens, each in an event of its own."""

WORDS = 2_000_000
"""Characters of an answer and its reasoning together."""

LINES = 6_000
"""Of an answer's text; what may be asked about has less than half as many."""

VALUES = 100_000
"""Of one event, as far as brackets and commas tell: what it takes to parse."""

CHOICES = 16
"""Of one event; one is asked for."""

READ = 16 * 1024
"""Bytes that are taken from a connection at once."""

AT_ONCE = 4_096
"""Characters that are read before others have their turn."""

TOKENS = 4_000_000
"""Of one request; no model takes or writes as many."""


def is_packed(headers: Mapping[str, str]) -> bool:
    """Tell whether a body is packed, though only a plain one was asked for."""
    return headers.get("content-encoding", "").strip().lower() not in ("", "identity")
