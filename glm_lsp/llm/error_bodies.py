"""Reads what a response says about a failure: bodies in every form seen, pages, waits.

Invariant: any bytes can be read; what is in no form we know says nothing.
"""

from __future__ import annotations

import email.utils
import json
from typing import Any

from attrs import field, frozen


@frozen
class Reported:
    """What a service's error body says: its code, type and message."""

    code: str
    type: str
    message: str = field(repr=False)


def read_body(body: bytes) -> Reported | None:
    """Read the body of a response; None when it reports no error in a form we know."""
    try:
        return read_payload(json.loads(body))
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError too.
        return None


def read_payload(payload: Any) -> Reported | None:
    """Read every form seen of an error; None when it is none of them."""
    if isinstance(payload, list) and payload:
        payload = payload[0]  # Gemini-like gateways wrap the error in a list.
    if not isinstance(payload, dict):
        return None
    error = payload.get("error")
    if isinstance(error, str):
        return Reported("", "", error)
    if isinstance(error, dict):
        return Reported(*(_text(error.get(name)) for name in ("code", "type", "message")))
    message = _text(payload.get("msg") or payload.get("message") or payload.get("detail"))
    if "code" in payload or payload.get("success") is False or "detail" in payload:
        return Reported(_text(payload.get("code")), _text(payload.get("type")), message)
    return None


def is_page(content_type: str, body: bytes) -> bool:
    """Tell whether a body is a web page."""
    if "html" in content_type.lower():
        return True
    return body[:100].lstrip().lower().startswith((b"<!doctype", b"<html"))


def retry_after(value: str, now: float) -> float | None:
    """Return the seconds that a `Retry-After` asks for, in either of its forms."""
    value = value.strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        pass
    else:
        return seconds if 0 <= seconds < float("inf") else None
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(moment.timestamp() - now, 0.0)


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return ""
    return value if isinstance(value, str) else json.dumps(value)
