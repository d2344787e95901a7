"""The sentences: what each code and status of a service means for the person who reads it.

Invariant: every outcome names what to do. Sources: docs.z.ai/api-reference/api-code for the
numbers, the packages and servers named below for the words.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from glm_lsp import errors
from glm_lsp.providers import Billing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glm_lsp.providers import Preset


class NotConnectedError(errors.UnreachableError):
    """No connection came about, so nothing was sent and nothing can be charged."""


class UntrustedError(errors.UnreachableError):
    """A connection came about that nothing can be sent over before something is mended."""

    retryable = False


ErrorKind = tuple[type[errors.ProviderError], str]
"""A class of error, and its sentence with places for service, host, model, from_key, purse (and,
of a proxy's, proxy and variable)."""

AUTH = (
    errors.AuthenticationError,
    "{service} refuses the API key{from_key}: correct it or run `glm-lsp auth set`.",
)
EXPIRED = (
    errors.AuthenticationError,
    "The API key{from_key} has expired: make a new one and run `glm-lsp auth set`.",
)
TWO_FACTOR = (
    errors.AuthenticationError,
    "{service} wants the account confirmed with a second factor: sign in on its website.",
)
FORBIDDEN = (
    errors.AuthenticationError,
    (
        "{service} does not let this API key use {model}: choose another model in `glm.models`,"
        " or another key."
    ),
)
INVALID = (
    errors.InvalidRequestError,
    "{service} refuses the request for {model}: run `glm-lsp doctor` to see what it accepts.",
)
GONE = (
    errors.InvalidRequestError,
    "{host} has nothing at this address: check `glm.baseUrl` and `glm.protocol`.",
)
NOT_OFFERED = (
    errors.InvalidRequestError,
    (
        "{service} does not offer this for {model}: choose another `glm.completion.prompt` or"
        " `glm.protocol`."
    ),
)
MODEL = (
    errors.UnknownModelError,
    "{service} knows no model “{model}”: choose one that `glm-lsp models` lists.",
)
LONG = (
    errors.PromptTooLongError,
    "The prompt is too long for {model}: select less code or lower `glm.context.maxTokens`.",
)
UNSUPPORTED = (
    errors.UnsupportedFieldError,
    (
        "{service} does not take an option of the request for {model}:"
        " run `glm-lsp doctor` to see what it accepts."
    ),
)
UNSAFE = (
    errors.UnsafeContentError,
    "{service}’s content filter refuses this request: change the code or the instruction.",
)
BALANCE = (
    errors.QuotaError,
    "{service} reports no balance for this API key: {purse}.",
)
PLAN = (
    errors.QuotaError,
    "The plan’s limit at {service} is reached: wait until it resets, or use another key.",
)
PLAN_OVER = (
    errors.QuotaError,
    "The plan at {service} has expired: renew it, or use another key.",
)
NOT_IN_PLAN = (
    errors.QuotaError,
    "The plan at {service} does not include {model}: choose another model in `glm.models`.",
)
FAIR_USE = (
    errors.QuotaError,
    "{service} has restricted this account under its fair-use rules: stop, and ask its support.",
)
RATE = (
    errors.RateLimitError,
    "{service} gets too many requests at once: wait a moment, or lower `glm.limits.concurrency`.",
)
OVERLOADED = (
    errors.UnavailableError,
    "{service} is overloaded: try again in a moment.",
)
FAILING = (
    errors.UnavailableError,
    "{service} fails on its side: try again in a moment.",
)
REDIRECT = (
    errors.WireError,
    (
        "{host} sends us on to another address, where the key does not follow:"
        " set `glm.baseUrl` to the final one."
    ),
)
PAGE = (
    errors.WireError,
    "{host} answers with a web page instead of a model’s answer: check `glm.baseUrl`.",
)
WIRE = (
    errors.WireError,
    "{host} does not answer in the protocol expected: check `glm.baseUrl` and `glm.protocol`.",
)
ENDLESS = (
    errors.WireError,
    "{service} answers without an end: try again, or choose another model.",
)
CUT = (
    errors.UnreachableError,
    "{service} stopped in the middle of its answer: try again.",
)
LOST = (
    errors.UnreachableError,
    "The connection to {host} was lost: try again.",
)
NO_CONNECTION = (
    NotConnectedError,
    "No connection to {host}: check the network and `glm.baseUrl`.",
)
ISSUER = (
    UntrustedError,
    (
        "This machine does not trust who issued the certificate of {host}: add the issuer’s to the"
        " system’s, or name its file in SSL_CERT_FILE."
    ),
)
OUTDATED = (
    UntrustedError,
    (
        "The certificate of {host} has expired, or is not valid yet: check this machine’s clock, or"
        " tell who runs it."
    ),
)
WRONG_NAME = (
    UntrustedError,
    "The certificate of {host} is for another name: check `glm.baseUrl`.",
)
CERTIFICATE = (
    UntrustedError,
    "The certificate of {host} cannot be trusted: tell who runs it, or check `glm.baseUrl`.",
)
NO_TLS = (
    UntrustedError,
    "{host} does not speak TLS as expected: check `glm.baseUrl` (http or https, and the port).",
)
PROXY_AWAY = (
    NotConnectedError,
    "No connection to the proxy {proxy}: check the network and {variable}.",
)
PROXY_LOGIN = (
    UntrustedError,
    "The proxy {proxy} wants a name and password, or others: put them into {variable}.",
)
PROXY_REFUSES = (
    UntrustedError,
    "The proxy {proxy} refuses the way to {host}: ask who runs it, or name {host} in NO_PROXY.",
)
SILENT = (
    errors.SlowError,
    "{service} was silent for too long: try again, or raise `glm.limits.timeout`.",
)


def purse(preset: Preset) -> str:
    """Return what to do where an API key has no balance: it may be one for another address."""
    if preset.billing is Billing.CREDITS:
        return (
            "only the key of a plan that has not ended answers at this address; for any other key"
            f" set `glm.provider` to `{preset.counterpart}`, without a `glm.baseUrl`"
        )
    if preset.counterpart:
        return (
            "top up, or if the key is a Coding Plan’s, which answers at the plan’s address only,"
            f" set `glm.provider` to `{preset.counterpart}`"
        )
    return "top up, or check that the key belongs to `glm.provider`"


BY_CERTIFICATE: Mapping[int, ErrorKind] = MappingProxyType(
    {
        # OpenSSL, `X509_V_ERR_…`.
        **dict.fromkeys((2, 18, 19, 20, 21), ISSUER),
        **dict.fromkeys((9, 10), OUTDATED),
        **dict.fromkeys((62, 64), WRONG_NAME),
        # Windows, `CERT_E_…`, and macOS, `errSec…`, through truststore.
        **dict.fromkeys((0x800B0109, 0x800B010A, -67843), ISSUER),
        **dict.fromkeys((0x800B0101, -67818, -67819), OUTDATED),
        **dict.fromkeys((0x800B010F, -67602), WRONG_NAME),
    }
)

BY_CODE: Mapping[str, ErrorKind] = MappingProxyType(
    {
        # The vendor's table: docs.z.ai/api-reference/api-code.
        **dict.fromkeys(("1000", "1001", "1002", "1004"), AUTH),
        "1003": EXPIRED,
        "1005": TWO_FACTOR,
        "1113": BALANCE,
        **dict.fromkeys(("1200", "1230", "1234"), FAILING),
        "1210": UNSUPPORTED,  # "Bad parameters": an optional field, until proven otherwise.
        "1211": MODEL,
        **dict.fromkeys(("1212", "1221", "1222"), GONE),
        **dict.fromkeys(("1213", "1214", "1215"), INVALID),
        "1220": FORBIDDEN,
        "1261": LONG,
        "1301": UNSAFE,
        **dict.fromkeys(("1302", "1303"), RATE),
        "1305": OVERLOADED,
        **dict.fromkeys(("1308", "1310"), PLAN),
        "1309": PLAN_OVER,
        "1311": NOT_IN_PLAN,
        "1313": FAIR_USE,
        **{str(code): PLAN for code in range(1314, 1322)},
        # RunAPI.
        "unsupported_model_capability": UNSUPPORTED,
        "model_limit_exceeded": LONG,
        "rate_limited": RATE,
        "insufficient_credits": BALANCE,
        # What other gateways and servers say, by code or type.
        "invalid_api_key": AUTH,
        "authentication_error": AUTH,
        "permission_error": FORBIDDEN,
        "model_not_found": MODEL,
        "context_length_exceeded": LONG,
        "exceed_context_size_error": LONG,
        "request_too_large": LONG,
        "unsupported_parameter": UNSUPPORTED,
        "unknown_parameter": UNSUPPORTED,
        "content_filter": UNSAFE,
        "content_policy_violation": UNSAFE,
        "insufficient_quota": BALANCE,
        "billing_error": BALANCE,
        "rate_limit_error": RATE,
        "rate_limit_exceeded": RATE,
        "overloaded_error": OVERLOADED,
        "timeout_error": OVERLOADED,
        "api_error": FAILING,
        "server_error": FAILING,
        "network_error": FAILING,
    }
)

BY_STATUS: Mapping[int, ErrorKind] = MappingProxyType(
    {
        401: AUTH,
        402: BALANCE,
        403: FORBIDDEN,
        404: GONE,
        405: GONE,
        407: PROXY_LOGIN,
        408: OVERLOADED,
        410: GONE,
        413: LONG,
        429: RATE,
        501: NOT_OFFERED,
        503: OVERLOADED,
        529: OVERLOADED,
    }
)
