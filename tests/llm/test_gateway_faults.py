"""Every fault a gateway can show has one right outcome, one sentence, and leaks nothing."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp import errors
from glm_lsp.llm.client import HttpProvider
from glm_lsp.llm.connect import WIRES
from glm_lsp.llm.credentials import Key
from glm_lsp.llm.timeouts import Timeouts
from glm_lsp.llm.types import Delta, Finish, FinishReason, Message, Request, TextDelta, Usage
from glm_lsp.providers import find
from tests.gateway import Gateway
from tests.llm.faulty import TEXT, Fault, faults

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "not-a-key-0123456789"
CODE = "def confidential_function(): return 42"
HANG = 20.0
ALL = dict(faults())


async def answer(base_url: str, fault: Fault) -> list[Delta]:
    timeouts = Timeouts(
        connect=10.0,
        token=0.2 if fault.stalls else 100.0,
        tail=0.2,
        attempts=3,
        first_wait=0.001,
        longest_wait=0.1,
    )
    wires: Any = WIRES
    provider = HttpProvider(
        find("runapi"),
        wires[fault.protocol],
        base_url=base_url,
        key=Key(SECRET, "RUNAPI_KEY"),
        timeouts=timeouts,
    )
    request = Request("glm-5.1", "fix", (Message("user", CODE),), thinking=False)
    try:
        async with aclosing(provider.stream(request)) as deltas:
            return [delta async for delta in deltas]
    finally:
        await provider.close()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    caplog.set_level(logging.DEBUG)
    yield caplog
    assert SECRET not in caplog.text
    assert CODE not in caplog.text


@pytest.mark.parametrize("name", ALL)
def test_a_fault_has_its_outcome(name: str, logged: pytest.LogCaptureFixture) -> None:
    """The answer, or the one error with its sentence; nothing repeated that may cost twice."""
    fault = ALL[name]
    caught: errors.GlmError | None = None
    deltas: list[Delta] = []
    with Gateway(fault.replies) as gateway:
        try:
            deltas = asyncio.run(asyncio.wait_for(answer(gateway.base_url, fault), HANG))
        except errors.GlmError as error:
            caught = error
        assert len(gateway.requests) == fault.requests
    if fault.error is None:
        assert caught is None
        assert "".join(d.text for d in deltas if isinstance(d, TextDelta)) == TEXT
        assert Finish(FinishReason.STOP) in deltas
        usages = [delta for delta in deltas if isinstance(delta, Usage)]
        assert usages == ([Usage(prompt=10, output=5, cached=4)] if fault.usage else [])
        return
    assert caught is not None
    assert isinstance(caught, fault.error)
    assert fault.says in str(caught)
    assert not str(caught)[0].islower()
    assert str(caught).endswith(".")
    assert SECRET not in f"{caught!r} {caught.detail} {caught.__cause__!r}"
    assert CODE not in f"{caught!r} {caught.detail}"


def test_the_table_names_faults_enough() -> None:
    """At least sixty faults have a name."""
    assert len(ALL) >= 60
