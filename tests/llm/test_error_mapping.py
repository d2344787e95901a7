"""One map for all errors: whatever goes wrong becomes one of ours, with a sentence of ours."""

from __future__ import annotations

import asyncio
import json
import ssl
import zlib
from typing import Any

import anyio
import httpcore
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glm_lsp import errors
from glm_lsp.llm import error_kinds
from glm_lsp.llm.error_mapping import Asked, from_exception, from_payload, from_response

SECRET = "not-a-key-0123456789"
ASKED = Asked("RunAPI", "runapi.ai", "glm-5.1", "RUNAPI_KEY", (SECRET,))
SAID = f"said by somebody else: {SECRET}"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FORMS = st.fixed_dictionaries(
    {},
    optional={
        "error": JSON | st.just(SAID) | st.fixed_dictionaries({"code": JSON, "message": JSON}),
        "code": JSON | st.sampled_from([*error_kinds.BY_CODE, "404", "²", "9" * 5000]),
        "type": JSON,
        "msg": st.just(SAID),
        "detail": JSON,
        "success": st.booleans(),
    },
)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "content-type"]),
    st.text() | st.sampled_from(["text/html", "5", "Wed, 21 Oct 2065 07:28:00 GMT"]),
)
BODIES = st.binary() | (JSON | FORMS).map(json.dumps).map(str.encode)


def every_exception() -> list[Exception]:
    """Make one of each class that the libraries below us have, and of what they let through."""
    request = httpx.Request("POST", f"https://runapi.ai/{SECRET}")
    made: list[Exception] = [
        httpx.HTTPStatusError(SAID, request=request, response=httpx.Response(500)),
        OSError(104, "Connection reset"), ssl.SSLError(1, SAID),
        UnicodeDecodeError("u", b"", 0, 1, SAID),
        ValueError(SAID), RuntimeError(SAID), RecursionError(SAID), KeyError(SAID), MemoryError(),
        zlib.error(SAID), asyncio.TimeoutError(), EOFError(), AssertionError(SAID), Exception(SAID),
        anyio.BrokenResourceError(), anyio.ClosedResourceError(), anyio.EndOfStream(),
    ]  # fmt: skip
    kinds: list[type[Exception]] = [
        httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError,
        *(kind for kind in vars(httpcore).values()
          if isinstance(kind, type) and issubclass(kind, Exception)),
    ]  # fmt: skip
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind is not httpx.HTTPStatusError:
            made.append(_one(kind))
    return made


def _one(kind: type[Exception]) -> Exception:
    try:
        return kind(SAID)
    except TypeError:  # Those that have one sentence of their own.
        return kind()


def check(error: errors.GlmError) -> None:
    """See that an error is one for a user: a class of the tree, a sentence, nothing leaked."""
    assert isinstance(error, errors.ProviderError)
    assert type(error) is not errors.ProviderError
    assert str(error).endswith(".")
    assert not str(error)[0].islower()
    assert SECRET not in f"{error} {error.detail} {error.code} {error!r}"


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("error", every_exception(), ids=lambda error: type(error).__name__)
def test_every_exception_of_the_libraries_is_one_of_ours(error: Exception, begun: bool) -> None:
    """Each becomes one sentence, with nothing that the library said in it."""
    ours = from_exception(ASKED, error, begun=begun)
    check(ours)
    assert type(error).__name__ in ours.detail


def test_an_error_of_ours_stays_itself() -> None:
    """What was mapped once is not mapped again."""
    error = errors.QuotaError("No balance.")
    assert from_exception(ASKED, error) is error


@given(st.integers(100, 999), HEADERS, BODIES)
@example(200, {}, '{"code": "²"}'.encode())
@example(200, {}, b'{"code": "' + b"9" * 5000 + b'"}')
def test_every_response_is_one_of_ours(status: int, headers: dict[str, str], body: bytes) -> None:
    """Any status with any header and any body is an error with a sentence, and a sane wait."""
    error = from_response(ASKED, status, headers, body, now=0.0)
    check(error)
    assert error.retry_after is None or 0 <= error.retry_after < float("inf")


@given(FORMS | JSON, st.text())
def test_every_event_that_reports_an_error_is_one_of_ours(payload: Any, event: str) -> None:
    """Any payload under any name is an error with a sentence."""
    check(from_payload(ASKED, payload, event))


KINDS = {
    name: kind
    for name, kind in vars(error_kinds).items()
    if isinstance(kind, tuple) and name.isupper()
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_error_says_what_to_do(name: str) -> None:
    """A sentence has a second part: the remedy."""
    kind, sentence = KINDS[name]
    assert issubclass(kind, errors.ProviderError)
    said = sentence.format(
        service="S", host="h", model="m", from_key="", purse="top up", proxy="p", variable="V"
    )
    assert ":" in said or " or " in said
    assert said.endswith(".")


def test_every_class_of_the_tree_is_the_meaning_of_something() -> None:
    """No class of error below `ProviderError` is one that never comes."""
    meant = {kind for kind, _ in KINDS.values()}
    waiting = list(errors.ProviderError.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        assert any(issubclass(other, kind) for other in meant), kind
