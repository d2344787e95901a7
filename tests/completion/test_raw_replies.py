"""The embedded model's raw replies at real cursor positions, through the filters.

What comes out is checked by rules that share nothing with the filters. `GLM_TEST_SCALE`
times 5 positions are asked for; 40 makes the 200 of the full run.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from attrs import frozen

from glm_lsp.completion.filters import pipeline
from glm_lsp.completion.scope import is_multiline
from glm_lsp.completion.types import Draft
from glm_lsp.context.cursor import ContextLimits, CursorContext, context_at
from glm_lsp.llm.connect import connect
from glm_lsp.llm.credentials import Key
from glm_lsp.llm.types import Message, Request, TextDelta
from glm_lsp.local.embedded import EmbeddedModel
from glm_lsp.prompts.completion import CompletionQuestion, render
from glm_lsp.settings import Settings
from glm_lsp.text import Snapshot, Text
from tests.bench.histories import files

if TYPE_CHECKING:
    from glm_lsp.llm.types import Provider

SCALE = int(os.environ.get("GLM_TEST_SCALE", "1"))
POSITIONS = 5 * SCALE
SHOWN = ContextLimits(20, 800, 6, 300)

pytestmark = pytest.mark.model


@frozen
class Reply:
    """A raw reply, where it was given, and what the filters made of it."""

    kind: str
    context: CursorContext
    raw: str
    draft: Draft


def positions(count: int) -> list[tuple[Snapshot, int]]:
    """Choose cursors in installed packages' sources where completions would be asked for.

    The rest of the cursor's line is taken out, or left as the closers it ends with.
    """
    chance = random.Random(5)  # noqa: S311
    sources = [(path, path.read_text(encoding="utf-8")) for path in files()]
    chosen: list[tuple[Snapshot, int]] = []
    while len(chosen) < count:
        path, source = chance.choice(sources)
        lines = source.splitlines(keepends=True)
        number = chance.randrange(len(lines))
        line = lines[number].rstrip("\n")
        if len(line.strip()) < 4 or len(lines) < 20:
            continue
        column = chance.randrange(len(line) - len(line.lstrip()), len(line))
        closers = re.search(r"[)\]}\"':]*\Z", line[column:])
        kept = closers.group() if closers and chance.random() < 0.5 else ""
        before = "".join(lines[:number]) + line[:column]
        text = before + kept + "\n" + "".join(lines[number + 1 :])
        chosen.append((Snapshot(path.as_uri(), 1, "python", Text.of(text)), len(before)))
    return chosen


def naive(snapshot: Snapshot, offset: int, max_tokens: int) -> Request:
    """Ask a chat model carelessly, which brings fences, prose and repetitions."""
    shown = context_at(snapshot, offset).within(SHOWN)
    ask = f"Complete this code:\n\n```python\n{shown.before}"
    return Request("local", "completion", (Message("user", ask),), max_tokens=max_tokens)


async def ask(provider: Provider, kind: str, snapshot: Snapshot, offset: int) -> Reply:
    """Ask at a cursor as the engine does; stop early, as it does, only with its own prompt."""
    context = context_at(snapshot, offset)
    multiline = is_multiline(context)
    question = CompletionQuestion(context.within(SHOWN), multiline=multiline)
    request = render("prefix", question, "local") if kind == "prefix" else None
    request = request or naive(snapshot, offset, 48)
    draft = Draft("", multiline=multiline)
    async with aclosing(provider.stream(request)) as deltas:
        async for delta in deltas:
            if isinstance(delta, TextDelta):
                draft = draft.with_text(draft.text + delta.text)
                if kind == "prefix" and pipeline.is_finished(draft, context):
                    break
    return Reply(kind, context, draft.text, pipeline.run(draft, context))


@pytest.fixture(scope="module")
def replies() -> list[Reply]:
    """Ask the embedded model, half by raw prefix and half through a careless chat prompt."""

    async def collect() -> list[Reply]:
        model = EmbeddedModel()
        key = Key(model.key, "the embedded model", "local")
        provider = connect(Settings(provider="local"), key, base_url=await model.start())
        try:
            kinds = ("prefix", "naive")
            return [
                await ask(provider, kinds[number % 2], snapshot, offset)
                for number, (snapshot, offset) in enumerate(positions(POSITIONS))
            ]
        finally:
            await provider.close()
            model.close()

    return asyncio.run(collect())


def test_no_wrapping_is_left(replies: list[Reply]) -> None:
    """No fence, no tag of the prompt and no token of a model is shown."""
    for reply in replies:
        text = reply.draft.text
        for mark in ("```", "~~~", "<fill", "</fill", "<hole", "<above", "<below", "<|"):
            assert mark not in text or mark in reply.context.before, (mark, reply)


def test_no_prose_is_left(replies: list[Reply]) -> None:
    """Outside comments and strings no shown line reads as an English sentence."""
    for reply in replies:
        if _in_words(reply.context):
            continue
        for number, line in enumerate(reply.draft.text.split("\n")):
            whole = (reply.context.head if not number else "") + line
            code = re.split(r"#|\"|'", whole)[0].strip()
            sentence = re.fullmatch(r"[A-Z][a-z]+(?: [a-z]+,?){3,}(?: [A-Za-z]+)*[.:!?]?", code)
            assert not sentence, reply


def test_nobody_is_spoken_to(replies: list[Reply]) -> None:
    """Nowhere does the model talk about the code to the user.

    Comments and the string at the cursor are included; a string that begins and ends in the
    answer says what the program says.
    """
    phrases = (
        "You can use", "Your code", "Here is", "Here's", "Sure,", "This code", "I hope",
        "The code is correct", "In the code above", "In this code", "Certainly", "I have added",
        "I've added", "As an AI", "This function takes", "To use the above",
        "example demonstrates",
    )  # fmt: skip
    for reply in replies:
        said = re.sub(r"(?<![\w\"'])([\"'])(?![\"'])[^\"'\n]*\1", "", reply.draft.text)
        for phrase in phrases:
            assert phrase not in said, (phrase, reply)


def test_what_follows_is_not_said_twice(replies: list[Reply]) -> None:
    """No completion ends with the rest of its line or with the line below."""
    for reply in replies:
        text, context = reply.draft.text, reply.context
        tail = context.tail[reply.draft.replaced :].strip()
        if not text or _in_words(context):
            continue
        closing = len(tail) - len(tail.lstrip(")]}"))
        if tail and text.rstrip().endswith(tail):
            # A bracket twice is right only if both close something.
            assert closing, reply
            assert _depth(context.before + text + context.tail[reply.draft.replaced :]) >= 0, reply
        below = context.line_below.strip()
        lines = (context.head + text).strip().split("\n")
        if len(re.sub(r"\W", "", below)) > 6:
            assert below not in [line.strip() for line in lines], reply


def test_completions_are_shown_at_all(replies: list[Reply]) -> None:
    """The filters do not buy silence by showing nothing."""
    shown = sum(bool(reply.draft.text) for reply in replies)
    raw = sum(bool(reply.raw.strip()) for reply in replies)
    print(f"{len(replies)} replies, {raw} not blank, {shown} shown")
    assert shown >= raw // 4


def _in_words(context: CursorContext) -> bool:
    """Tell whether the cursor stands in a comment or a docstring, by counting marks."""
    triple = context.before.count('"""') % 2 == 1 or context.before.count("'''") % 2 == 1
    return triple or "#" in context.head


def _depth(code: str) -> int:
    """Return how many brackets are open at the end of the last statement, at the least."""
    line = code.rpartition("\n")[2]
    depth = lowest = 0
    for character in re.sub(r"\"[^\"]*\"|'[^']*'", "", line):
        depth += (character in "([{") - (character in ")]}")
        lowest = min(lowest, depth)
    return lowest + (code.count("(") > code.count(")"))
