"""What went wrong, in the words of our own tree of errors: one total map.

Invariants: every status, every body and every exception of the HTTP library becomes exactly
one `GlmError` whose sentence names what to do. Sentences are ours: nothing a service wrote
is repeated in them, for a service may quote the key or the code it was sent.
"""

from __future__ import annotations

import re
import ssl
from itertools import islice
from typing import TYPE_CHECKING, Any

import httpx
from attrs import evolve, field, frozen

from glm_lsp import errors
from glm_lsp.characters import one_line
from glm_lsp.llm import error_kinds
from glm_lsp.llm.connections import ProxyFailedError
from glm_lsp.llm.error_bodies import Reported, is_page, read_body, read_payload, retry_after

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glm_lsp.llm.error_kinds import ErrorKind
    from glm_lsp.llm.proxies import Proxy

_MESSAGE_LIMIT = 400


@frozen
class Asked:
    """Who was asked for what: what a sentence about a failure needs.

    Attributes:
        service: the provider's name ("RunAPI").
        host: the host and port that were asked.
        key: where the key came from ("RUNAPI_KEY"), "" without one.
        secrets: the key itself and what else is the user's, to be struck out of details.
        max_tokens: the limit of the answer that was asked for.
        purse: what to do where the key has no balance.
        proxy: which one is asked for the way, if any.
    """

    service: str
    host: str
    model: str
    key: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    max_tokens: int = 0
    purse: str = ""
    proxy: Proxy | None = None


def from_response(
    asked: Asked, status: int, headers: Mapping[str, str], body: bytes, *, now: float
) -> errors.ProviderError:
    """Return the error that a response means which is not a stream of events.

    `headers` have lower-case names or ignore case; `now` is the time in seconds since the
    epoch, for a `Retry-After` that names a date.
    """
    wait = retry_after(headers.get("retry-after", ""), now)
    page = is_page(headers.get("content-type", ""), body)
    if 300 <= status < 400:
        return _error(asked, error_kinds.REDIRECT, status=status)
    found = None if page else read_body(body)
    if found is not None:
        return _error(asked, _kind(found, status), status=status, read=found, wait=wait)
    if status >= 500 or status in error_kinds.BY_STATUS:
        return _error(asked, _by_status(status), status=status, wait=wait)
    if page:
        return _error(asked, error_kinds.PAGE, status=status)
    return _error(asked, _by_status(status), status=status, wait=wait)


def from_payload(asked: Asked, payload: Any, event: str = "") -> errors.ProviderError:
    """Return the error that an event within a stream reports."""
    found = read_payload(payload) or Reported("", event, "")
    return _error(asked, _kind(found, 500), read=found)


def from_exception(asked: Asked, error: Exception, *, begun: bool = False) -> errors.GlmError:
    """Return our error for any exception of the HTTP library's, or for one of ours itself.

    `begun` says that an answer had begun: a lost connection has then cut it.
    """
    if isinstance(error, errors.GlmError):
        return error
    if isinstance(error, ProxyFailedError):
        return _of_the_proxy(asked, error)
    kind = _by_exception(error)
    if begun and isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        kind = error_kinds.CUT
    return _error(asked, kind, detail=_name(error))


def cut(asked: Asked) -> errors.ProviderError:
    """Return the error of a stream that ended before its answer did."""
    return _error(asked, error_kinds.CUT)


def garbled(asked: Asked, detail: str) -> errors.ProviderError:
    """Return the error of an answer that is not what the protocol says."""
    return _error(asked, error_kinds.WIRE, detail=detail)


def endless(asked: Asked) -> errors.ProviderError:
    """Return the error of an answer that is longer than any can be."""
    return _error(asked, error_kinds.ENDLESS)


def silent(asked: Asked, seconds: float) -> errors.ProviderError:
    """Return the error of a service that sends nothing of use for too long."""
    return _error(asked, error_kinds.SILENT, detail=f"nothing for {seconds:g} s")


def too_long(asked: Asked) -> errors.ProviderError:
    """Return the error of a prompt that left no room for an answer."""
    return _error(asked, error_kinds.LONG)


def failing(asked: Asked, detail: str) -> errors.ProviderError:
    """Return the error of a service that gave up on an answer."""
    return _error(asked, error_kinds.FAILING, detail=detail)


def may_repeat(error: BaseException) -> bool:
    """Tell whether the same request can be sent again without paying for it twice.

    True where nothing was sent, and where the service itself said that it did nothing. A
    connection lost after the request was sent, a time-out, and a gateway's 502 or 504 leave
    open whether a model is at work.
    """
    if isinstance(error, errors.RateLimitError | error_kinds.NotConnectedError):
        return True
    return isinstance(error, errors.UnavailableError) and error.status in (429, 500, 503, 529)


def is_busy(error: BaseException) -> bool:
    """Tell whether a service has too much to do at the moment, which passes within minutes."""
    if not isinstance(error, errors.RateLimitError | errors.UnavailableError):
        return False
    return may_repeat(error) and (error.status != 500 or error.code == "1305")


def _kind(read: Reported, status: int) -> ErrorKind:
    """Choose by the service's own code, then its type, then the status."""
    for name in (read.code, read.type):
        if name in error_kinds.BY_CODE:
            return error_kinds.BY_CODE[name]
    said = read.message.lower()
    if status == 200 and re.fullmatch("[0-9]{1,9}", read.code):
        # A wrong path is answered with 200 and the real status inside.
        if "not_found" in said or read.code == "404":
            return error_kinds.GONE
        return _by_status(int(read.code))
    if status in (400, 404, 422):
        return _by_words(said) or _by_status(status)
    return _by_status(status)


def _by_words(said: str) -> ErrorKind | None:
    """Read a message where neither code nor type tells: self-hosted servers, mostly."""
    if "context length" in said or "context size" in said or "too long" in said:
        return error_kinds.LONG
    if "model" in said and ("not exist" in said or "not found" in said or "unknown" in said):
        return error_kinds.MODEL
    if any(word in said for word in ("unsupported", "unrecognized", "not permitted", "unknown")):
        return error_kinds.UNSUPPORTED
    return None


def _by_status(status: int) -> ErrorKind:
    if status in error_kinds.BY_STATUS:
        return error_kinds.BY_STATUS[status]
    if status >= 500:
        return error_kinds.FAILING
    return error_kinds.INVALID if status >= 400 else error_kinds.WIRE


def _of_the_proxy(asked: Asked, error: ProxyFailedError) -> errors.ProviderError:
    """Return the error of a proxy that lets nothing through; a certificate may be its own."""
    kind = error_kinds.PROXY_REFUSES if error.refused else error_kinds.PROXY_AWAY
    if error.login:
        kind = error_kinds.PROXY_LOGIN
    found = None if error.refused else _by_tls(error)
    host = asked.host if found is None else error.proxy.place
    return _error(evolve(asked, host=host, proxy=error.proxy), found or kind, detail=_name(error))


def _by_tls(error: Exception) -> ErrorKind | None:
    """Say what is wrong with a certificate; None: nothing is."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            code = cause.verify_code
            return error_kinds.BY_CERTIFICATE.get(code, error_kinds.CERTIFICATE)
        if isinstance(cause, ssl.SSLError):
            return error_kinds.NO_TLS
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(_DEEPEST):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _by_exception(error: Exception) -> ErrorKind:
    if isinstance(error, httpx.ConnectError) and (kind := _by_tls(error)) is not None:
        return kind
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return error_kinds.NO_CONNECTION
    if isinstance(error, httpx.ProxyError | httpx.UnsupportedProtocol | httpx.InvalidURL):
        return error_kinds.NO_CONNECTION
    if isinstance(error, httpx.TimeoutException):
        return error_kinds.SILENT
    if isinstance(error, httpx.DecodingError):
        return error_kinds.WIRE
    if isinstance(error, httpx.LocalProtocolError):
        return error_kinds.WIRE
    return error_kinds.LOST


def _error(
    asked: Asked,
    kind: ErrorKind,
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
        purse=asked.purse,
        proxy=asked.proxy.place if asked.proxy else "before it",
        variable=asked.proxy.variable if asked.proxy else "HTTP_PROXY",
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
    """Return a service's words on one line; "[key]" for those that repeat some of a secret."""
    for each in asked.secrets:
        text = text.replace(each, "[key]") if each else text
        said, secret = (_SIGNS.sub("", words).lower() for words in (text, each))
        size = min(len(secret), _TELLING)
        if size and any(secret[i : i + size] in said for i in range(len(secret) - size + 1)):
            return "[key]"
    return one_line(text)


_SIGNS = re.compile(r"[\W_]")
_DEEPEST = 20  # Exceptions that caused one another.
_TELLING = 8
"""Characters of a key by which a text is known to repeat it."""


def _name(error: Exception) -> str:
    """Name an exception without its text, which may hold addresses and headers."""
    said = (
        cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else cause.strerror
        for cause in _causes(error)
        if isinstance(cause, OSError)
    )
    return ": ".join([type(error).__name__, *islice(filter(None, said), 1)])
