"""What went wrong, in the words of our own tree of errors: one total map.

Invariants: every status, every body and every exception of the HTTP library becomes exactly
one `GlmError` whose sentence names what to do. Sentences are ours: nothing a service wrote
is repeated in them, for a service may quote the key or the code it was sent.
"""

from __future__ import annotations

import email.utils
import json
from typing import TYPE_CHECKING, Any

import httpx
from attrs import field, frozen

from glm_lsp import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

_MESSAGE_LIMIT = 400


@frozen
class Asked:
    """Who was asked for what: what a sentence about a failure needs.

    Attributes:
        service: the provider's name ("RunAPI").
        host: the host and port that were asked.
        key: where the key came from ("RUNAPI_KEY"), "" without one.
        secret: the key itself, so that it can be struck out of details.
        max_tokens: the limit of the answer that was asked for.
    """

    service: str
    host: str
    model: str
    key: str = ""
    secret: str = field(default="", repr=False)
    max_tokens: int = 0


class NotConnectedError(errors.UnreachableError):
    """No connection came about, so nothing was sent and nothing can be charged."""


_ProviderClass = type[errors.ProviderError]

_AUTH = (
    errors.AuthenticationError,
    "{service} refuses the API key{from_key}: correct it or run `glm-lsp auth set`.",
)
_EXPIRED = (
    errors.AuthenticationError,
    "The API key{from_key} has expired: make a new one and run `glm-lsp auth set`.",
)
_TWO_FACTOR = (
    errors.AuthenticationError,
    "{service} wants the account confirmed with a second factor: sign in on its website.",
)
_FORBIDDEN = (
    errors.AuthenticationError,
    (
        "{service} does not let this API key use {model}: choose another model in `glm.models`,"
        " or another key."
    ),
)
_INVALID = (
    errors.InvalidRequestError,
    "{service} refuses the request for {model}: run `glm-lsp doctor` to see what it accepts.",
)
_GONE = (
    errors.InvalidRequestError,
    "{host} has nothing at this address: check `glm.baseUrl` and `glm.protocol`.",
)
_NOT_OFFERED = (
    errors.InvalidRequestError,
    (
        "{service} does not offer this for {model}: choose another `glm.completion.prompt` or"
        " `glm.protocol`."
    ),
)
_MODEL = (
    errors.UnknownModelError,
    "{service} knows no model “{model}”: choose one that `glm-lsp models` lists.",
)
_LONG = (
    errors.PromptTooLongError,
    "The prompt is too long for {model}: select less code or lower `glm.context.maxTokens`.",
)
_UNSUPPORTED = (
    errors.UnsupportedFieldError,
    (
        "{service} does not take an option of the request for {model}:"
        " run `glm-lsp doctor` to see what it accepts."
    ),
)
_UNSAFE = (
    errors.UnsafeContentError,
    "{service}’s content filter refuses this request: change the code or the instruction.",
)
_BALANCE = (
    errors.QuotaError,
    (
        "{service} reports no balance for this API key: top up, or check that the key belongs to"
        " `glm.provider`."
    ),
)
_PLAN = (
    errors.QuotaError,
    "The plan’s limit at {service} is reached: wait until it resets, or use another key.",
)
_PLAN_OVER = (
    errors.QuotaError,
    "The plan at {service} has expired: renew it, or use another key.",
)
_NOT_IN_PLAN = (
    errors.QuotaError,
    "The plan at {service} does not include {model}: choose another model in `glm.models`.",
)
_FAIR_USE = (
    errors.QuotaError,
    "{service} has restricted this account under its fair-use rules: stop, and ask its support.",
)
_RATE = (
    errors.RateLimitError,
    "{service} gets too many requests at once: wait a moment, or lower `glm.limits.concurrency`.",
)
_OVERLOADED = (
    errors.UnavailableError,
    "{service} is overloaded: try again in a moment.",
)
_FAILING = (
    errors.UnavailableError,
    "{service} fails on its side: try again in a moment.",
)
_REDIRECT = (
    errors.WireError,
    (
        "{host} sends us on to another address, where the key does not follow:"
        " set `glm.baseUrl` to the final one."
    ),
)
_PAGE = (
    errors.WireError,
    "{host} answers with a web page instead of a model’s answer: check `glm.baseUrl`.",
)
_WIRE = (
    errors.WireError,
    "{host} does not answer in the protocol expected: check `glm.baseUrl` and `glm.protocol`.",
)
_CUT = (
    errors.UnreachableError,
    "{service} stopped in the middle of its answer: try again.",
)
_LOST = (
    errors.UnreachableError,
    "The connection to {host} was lost: try again.",
)
_NO_CONNECTION = (
    NotConnectedError,
    "No connection to {host}: check the network and `glm.baseUrl`.",
)
_SILENT = (
    errors.SlowError,
    "{service} was silent for too long: try again, or raise `glm.limits.timeout`.",
)

_BY_CODE: Mapping[str, tuple[_ProviderClass, str]] = {
    # The vendor's table: docs.z.ai/api-reference/api-code.
    **dict.fromkeys(("1000", "1001", "1002", "1004"), _AUTH),
    "1003": _EXPIRED,
    "1005": _TWO_FACTOR,
    "1113": _BALANCE,
    **dict.fromkeys(("1200", "1230", "1234"), _FAILING),
    "1210": _UNSUPPORTED,  # "Bad parameters": an optional field, until proven otherwise.
    "1211": _MODEL,
    **dict.fromkeys(("1212", "1221", "1222"), _GONE),
    **dict.fromkeys(("1213", "1214", "1215"), _INVALID),
    "1220": _FORBIDDEN,
    "1261": _LONG,
    "1301": _UNSAFE,
    **dict.fromkeys(("1302", "1303"), _RATE),
    "1305": _OVERLOADED,
    **dict.fromkeys(("1308", "1310"), _PLAN),
    "1309": _PLAN_OVER,
    "1311": _NOT_IN_PLAN,
    "1313": _FAIR_USE,
    **{str(code): _PLAN for code in range(1314, 1322)},
    # RunAPI.
    "unsupported_model_capability": _UNSUPPORTED,
    "model_limit_exceeded": _LONG,
    "rate_limited": _RATE,
    "insufficient_credits": _BALANCE,
    # What other gateways and servers say, by code or type.
    "invalid_api_key": _AUTH,
    "authentication_error": _AUTH,
    "permission_error": _FORBIDDEN,
    "model_not_found": _MODEL,
    "context_length_exceeded": _LONG,
    "exceed_context_size_error": _LONG,
    "request_too_large": _LONG,
    "unsupported_parameter": _UNSUPPORTED,
    "unknown_parameter": _UNSUPPORTED,
    "content_filter": _UNSAFE,
    "content_policy_violation": _UNSAFE,
    "insufficient_quota": _BALANCE,
    "billing_error": _BALANCE,
    "rate_limit_error": _RATE,
    "rate_limit_exceeded": _RATE,
    "overloaded_error": _OVERLOADED,
    "timeout_error": _OVERLOADED,
    "api_error": _FAILING,
    "server_error": _FAILING,
    "network_error": _FAILING,
}

_BY_STATUS: Mapping[int, tuple[_ProviderClass, str]] = {
    401: _AUTH,
    402: _BALANCE,
    403: _FORBIDDEN,
    404: _GONE,
    405: _GONE,
    408: _OVERLOADED,
    410: _GONE,
    413: _LONG,
    429: _RATE,
    501: _NOT_OFFERED,
    503: _OVERLOADED,
    529: _OVERLOADED,
}


def from_response(
    asked: Asked, status: int, headers: Mapping[str, str], body: bytes, *, now: float
) -> errors.ProviderError:
    """Return the error that a response means which is not a stream of events.

    `headers` have lower-case names or ignore case; `now` is the time in seconds since the
    epoch, for a `Retry-After` that names a date.
    """
    wait = _retry_after(headers.get("retry-after", ""), now)
    page = _is_page(headers.get("content-type", ""), body)
    if 300 <= status < 400:
        return _error(asked, _REDIRECT, status=status)
    found = None if page else _read(body)
    if found is not None:
        return _error(asked, _kind(found, status), status=status, read=found, wait=wait)
    if status >= 500 or status in _BY_STATUS:
        return _error(asked, _by_status(status), status=status, wait=wait)
    if page:
        return _error(asked, _PAGE, status=status)
    return _error(asked, _by_status(status), status=status, wait=wait)


def from_payload(asked: Asked, payload: Any, event: str = "") -> errors.ProviderError:
    """Return the error that an event within a stream reports."""
    found = _read_payload(payload) or Reported("", event, "", "")
    return _error(asked, _kind(found, 500), read=found)


def from_exception(asked: Asked, error: Exception) -> errors.GlmError:
    """Return our error for one of the HTTP library, or for one of ours itself."""
    if isinstance(error, errors.GlmError):
        return error
    return _error(asked, _by_exception(error), detail=_name(error))


def cut(asked: Asked) -> errors.ProviderError:
    """Return the error of a stream that ended before its answer did."""
    return _error(asked, _CUT)


def garbled(asked: Asked, detail: str) -> errors.ProviderError:
    """Return the error of an answer that is not what the protocol says."""
    return _error(asked, _WIRE, detail=detail)


def silent(asked: Asked, seconds: float) -> errors.ProviderError:
    """Return the error of a service that sends nothing of use for too long."""
    return _error(asked, _SILENT, detail=f"nothing for {seconds:g} s")


def too_long(asked: Asked) -> errors.ProviderError:
    """Return the error of a prompt that left no room for an answer."""
    return _error(asked, _LONG)


def failing(asked: Asked, detail: str) -> errors.ProviderError:
    """Return the error of a service that gave up on an answer."""
    return _error(asked, _FAILING, detail=detail)


def may_repeat(error: BaseException) -> bool:
    """Tell whether the same request can be sent again without paying for it twice.

    True where nothing was sent, and where the service itself said that it did nothing. A
    connection lost after the request was sent, a time-out, and a gateway's 502 or 504 leave
    open whether a model is at work.
    """
    if isinstance(error, errors.RateLimitError | NotConnectedError):
        return True
    return isinstance(error, errors.UnavailableError) and error.status in (429, 500, 503, 529)


@frozen
class Reported:
    """What a service's error body says: its code, type, message, and the field it names."""

    code: str
    type: str
    message: str = field(repr=False)
    param: str


def _read(body: bytes) -> Reported | None:
    try:
        return _read_payload(json.loads(body))
    except ValueError:  # UnicodeDecodeError and JSONDecodeError are both.
        return None
    except RecursionError:
        return None


def _read_payload(payload: Any) -> Reported | None:
    """Read every form seen of an error; None when it is none of them."""
    if isinstance(payload, list) and payload:
        payload = payload[0]  # Gemini-like gateways wrap the error in a list.
    if not isinstance(payload, dict):
        return None
    error = payload.get("error")
    if isinstance(error, str):
        return Reported("", "", error, ",".join(_texts(payload.get("errors"))))
    if isinstance(error, dict):
        return Reported(
            _text(error.get("code")),
            _text(error.get("type")),
            _text(error.get("message")),
            _text(error.get("param")),
        )
    message = _text(payload.get("msg") or payload.get("message") or payload.get("detail"))
    if "code" in payload or payload.get("success") is False or "detail" in payload:
        return Reported(_text(payload.get("code")), _text(payload.get("type")), message, "")
    return None


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _texts(value: Any) -> list[str]:
    return [str(key) for key in value] if isinstance(value, dict) else []


def _kind(read: Reported, status: int) -> tuple[_ProviderClass, str]:
    """Choose by the service's own code, then its type, then the status."""
    for name in (read.code, read.type):
        if name in _BY_CODE:
            return _BY_CODE[name]
    said = read.message.lower()
    if status == 200 and read.code.isdigit():
        # A wrong path is answered with 200 and the real status inside.
        if "not_found" in said or read.code == "404":
            return _GONE
        return _by_status(int(read.code))
    if status in (400, 404, 422):
        return _by_words(said) or _by_status(status)
    return _by_status(status)


def _by_words(said: str) -> tuple[_ProviderClass, str] | None:
    """Read a message where neither code nor type tells: self-hosted servers, mostly."""
    if "context length" in said or "context size" in said or "too long" in said:
        return _LONG
    if "model" in said and ("not exist" in said or "not found" in said or "unknown" in said):
        return _MODEL
    if any(word in said for word in ("unsupported", "unrecognized", "not permitted", "unknown")):
        return _UNSUPPORTED
    return None


def _by_status(status: int) -> tuple[_ProviderClass, str]:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return _FAILING
    return _INVALID if status >= 400 else _WIRE


def _by_exception(error: Exception) -> tuple[_ProviderClass, str]:
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return _NO_CONNECTION
    if isinstance(error, httpx.ProxyError | httpx.UnsupportedProtocol | httpx.InvalidURL):
        return _NO_CONNECTION
    if isinstance(error, httpx.TimeoutException):
        return _SILENT
    if isinstance(error, httpx.DecodingError):
        return _WIRE
    if isinstance(error, httpx.LocalProtocolError):
        return _WIRE
    return _LOST


def _error(
    asked: Asked,
    kind: tuple[_ProviderClass, str],
    *,
    status: int | None = None,
    read: Reported | None = None,
    wait: float | None = None,
    detail: str = "",
) -> errors.ProviderError:
    cls, template = kind
    sentence = template.format(
        service=asked.service,
        host=asked.host,
        model=asked.model,
        from_key=f" from {asked.key}" if asked.key else "",
    )
    sentence = sentence[0].upper() + sentence[1:]
    parts = [f"HTTP {status}"] if status else []
    if read and (name := read.code or read.type):
        parts.append(f"code {_struck(asked, name)[:60]}")
    if detail:
        parts.append(_struck(asked, detail)[:_MESSAGE_LIMIT])
    return cls(
        sentence,
        detail=", ".join(parts),
        status=status,
        code=_struck(asked, read.code or read.type)[:60] if read else "",
        retry_after=wait,
    )


def _struck(asked: Asked, text: str) -> str:
    return text.replace(asked.secret, "[key]") if asked.secret else text


def _name(error: Exception) -> str:
    """Name an exception without its text, which may hold addresses and headers."""
    names = [type(error).__name__]
    cause: BaseException | None = error
    while cause is not None and len(names) == 1:
        if isinstance(cause, OSError) and cause.strerror:
            names.append(cause.strerror)
        cause = cause.__cause__ or cause.__context__
    return ": ".join(names)


def _is_page(content_type: str, body: bytes) -> bool:
    if "html" in content_type.lower():
        return True
    return body[:100].lstrip().lower().startswith((b"<!doctype", b"<html"))


def _retry_after(value: str, now: float) -> float | None:
    """Read `Retry-After`: seconds, or a date."""
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
