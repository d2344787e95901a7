"""Code from other open documents, for the prompt."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from glm_lsp.completion.engine import Engine
from glm_lsp.completion.related import RelatedCode, choose
from glm_lsp.settings import CompletionSettings
from glm_lsp.text import Snapshot, Text
from tests.completion.rig import FakeClock, FakeModel, request, run

if TYPE_CHECKING:
    from glm_lsp.prompts.completion import Related

SHAPES = "def area_of_rectangle(width, height):\n    return width * height\n"
USE = "from shapes import area_of_rectangle\n\ndef volume(width, height, depth):\n    return \n"


def document(name: str, text: str, language: str = "python") -> Snapshot:
    return Snapshot(f"file:///{name}", 1, language, Text.of(text))


def anything(_: Snapshot, __: Snapshot) -> bool:
    return True


def test_what_shares_words_is_chosen() -> None:
    """A passage that names what the cursor's surroundings name comes along, others do not."""
    shapes = document("shapes.py", SHAPES + "def width_height(rectangle): ...\n")
    colors = document("colors.py", "def red(color):\n    return color.red\n" * 5)
    chosen = choose(document("use.py", USE), 3, [colors, shapes])
    assert [related.path for related in chosen] == ["shapes.py"]
    assert chosen[0].code.startswith("def area_of_rectangle")


def test_a_copy_of_the_text_at_the_cursor_is_not_chosen() -> None:
    """What would only be repeated is left out."""
    assert choose(document("use.py", USE), 3, [document("copy.py", USE)]) == ()


def test_documents_that_may_not_be_sent_are_left_out() -> None:
    """An excluded document, or one of another language, gives nothing."""

    async def scenario() -> None:
        others = [document("shapes.py", SHAPES), document("shapes.js", SHAPES, "javascript")]
        code = RelatedCode(lambda: others, lambda other, _: "shapes.py" not in other.uri)
        assert await code.gather(document("use.py", USE), len(USE)) == ()

    run(scenario())


def test_the_choice_stays_while_the_cursor_stays_near() -> None:
    """Typing changes nothing of what comes along; moving far away does."""

    async def scenario() -> None:
        others: list[Snapshot] = []
        code = RelatedCode(lambda: others, anything)
        use = document("use.py", USE + "\n" * 100)
        assert await code.gather(use, len(USE)) == ()
        others.append(document("shapes.py", SHAPES))
        assert await code.gather(use, len(USE)) == ()
        await code.gather(use, len(use.text))
        assert [one.path for one in await code.gather(use, 40)] == ["shapes.py"]

    run(scenario())


def test_slow_context_is_gone_without() -> None:
    """Related code that is not found in time keeps no completion waiting."""

    async def scenario() -> None:
        clock = FakeClock()
        model = FakeModel(clock, lambda _: ["<fill>1</fill>"])

        async def late(*_: object) -> tuple[Related, ...]:
            await asyncio.sleep(20)
            raise AssertionError("cancelled before")

        engine = Engine(model, "m", CompletionSettings(), clock=clock, gather=late)
        task = asyncio.ensure_future(engine.complete(request("x = ¦\n")))
        await asyncio.sleep(0.3)
        await clock.advance(1)
        assert [one.text for one in await task] == ["1"]

    run(scenario())
