"""How the server and the process that holds its index speak: JSON behind its length.

Invariant: a message is bounded; the end of the pipe is the end of the conversation.
"""

from __future__ import annotations

import json
from typing import IO, Any

_LENGTH = 4
_LONGEST = 16 * 2**20


def write(pipe: IO[bytes], message: dict[str, Any]) -> None:
    """Write one message.

    Raises:
        OSError, ValueError: nobody reads any more.
    """
    body = json.dumps(message).encode("ascii")
    pipe.write(len(body).to_bytes(_LENGTH, "big") + body)
    pipe.flush()


def read(pipe: IO[bytes]) -> dict[str, Any] | None:
    """Read one message; None at the end, and for what is none."""
    head = pipe.read(_LENGTH)
    length = int.from_bytes(head, "big")
    if len(head) < _LENGTH or length > _LONGEST:
        return None
    body = pipe.read(length)
    if len(body) < length:
        return None
    found = json.loads(body)
    return found if isinstance(found, dict) else None
