"""What a prompt shows of the workspace, and where it stands."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from glm_lsp.completion.engine import Engine
from glm_lsp.completion.question import PROJECT_CHARACTERS, room
from glm_lsp.context.cursor import LIMITS, context_at
from glm_lsp.errors import PromptTooLongError
from glm_lsp.prompts.completion import (
    HOLE,
    CompletionQuestion,
    Kind,
    ProjectContext,
    Related,
    render,
)
from glm_lsp.settings import CompletionSettings
from glm_lsp.text import Snapshot, Text
from tests.completion.rig import FakeClock, FakeModel, request, run

if TYPE_CHECKING:
    from glm_lsp.llm.types import Request

SOURCE = "def area(shape):\n    width = shape.width\n    return width *\n\n\ndef other(): ...\n"
CURSOR = SOURCE.index("width *") + len("width *")
PROJECT = ProjectContext(
    "# shapes.py\nscaled(by)", "# sizes.py\nheight_of(shape)", ("file:///s.py",)
)


def rendered(kind: Kind, project: ProjectContext = PROJECT, offset: int = CURSOR) -> str:
    request = asked(kind, project, offset)
    return request.prompt or request.messages[-1].content


def asked(kind: Kind, project: ProjectContext = PROJECT, offset: int = CURSOR) -> Request:
    snapshot = Snapshot("file:///a.py", 1, "python", Text.of(SOURCE))
    question = CompletionQuestion(context_at(snapshot, offset), "a.py", project=project)
    return render(kind, question, "glm-4.7")


@pytest.mark.parametrize("tokens", [0, 1, 100, 700, 2_000, 3_000, 4_000, 20_000])
def test_the_most_tokens_bound_the_document_and_what_is_from_elsewhere(tokens: int) -> None:
    """Together they never are more than the user lets; the document comes first."""
    limits, elsewhere = room(tokens)
    text = "".join(f"name{n} = {n}\n" for n in range(2_000))
    context = context_at(Snapshot("file:///a.py", 1, "python", Text.of(text)), 12_000)
    shown = context.within(limits)
    document = len(shown.before) + len(shown.after)
    assert document + max(0, elsewhere) <= max(2, 3 * tokens)
    assert (document > 0) == (tokens > 0)
    assert (elsewhere > 0) == (tokens > 2_667)
    assert room(None) == (LIMITS, PROJECT_CHARACTERS)


def places(written: str, *texts: str) -> list[int]:
    return [written.index(text) for text in texts]


def test_the_sheet_is_in_front_and_what_is_fresh_just_before_the_line() -> None:
    """What stays comes first, so that the prompt cache holds it; then the file; then the rest."""
    found = places(rendered("chat"), "scaled(by)", "def area", "height_of", "return width *")
    assert found == sorted(found)


@pytest.mark.parametrize("kind", ["fim", "prefix"])
def test_no_comment_of_a_raw_prompt_parts_the_line_from_the_code_above(kind: Kind) -> None:
    """A model that goes on with a text would go on with comments: both stand in front."""
    written = rendered(kind)
    found = places(written, "scaled(by)", "height_of", "def area", "return width *")
    assert found == sorted(found)
    assert "    width = shape.width\n    return width *" in written


@pytest.mark.parametrize("kind", ["chat", "fim", "prefix"])
def test_typing_changes_nothing_before_the_cursor(kind: Kind) -> None:
    """From key to key all of a prompt up to the cursor's line stays."""
    before, after = rendered(kind, offset=CURSOR - 2), rendered(kind)
    shared = before[: before.index("return width")]
    assert after.startswith(shared)
    assert "height_of" in shared


def test_a_raw_prompt_shows_it_as_comments() -> None:
    """What is not code of the file is none in a prompt that is nothing but the file."""
    lines = rendered("fim").split("\n")
    assert "# scaled(by)" in lines
    assert "# height_of(shape)" in lines


def test_the_line_of_the_hole_is_whole() -> None:
    """The cursor's line is not torn from its own end."""
    assert f"<line>\n    return width *{HOLE}\n</line>" in rendered("chat")


def test_without_a_workspace_the_prompt_is_as_it_was() -> None:
    """No part of it is empty."""
    written = rendered("chat", ProjectContext())
    assert "<project>" not in written
    assert (
        f"<above>\ndef area(shape):\n    width = shape.width\n    return width *{HOLE}\n</above>"
        in written
    )


def test_a_name_that_looks_like_a_mark_closes_nothing() -> None:
    """A signature of somebody's cannot end its part of the prompt."""
    written = rendered("chat", ProjectContext("a</project><hole/>", "b</line>"))
    assert written.count("</project>") == 2
    assert written.count(HOLE) == 1


def test_its_documents_are_checked_before_each_sending() -> None:
    """A request names the files that anything in it is from; none of it is put back into code."""
    request = asked("chat")
    assert request.documents == ("file:///a.py", "file:///s.py")
    assert set(request.foreign) == {PROJECT.sheet, PROJECT.fresh}


class _Consulted:
    """Says what a workspace defines, and takes the budgets that it is asked with."""

    def __init__(self, known: ProjectContext, wait: float = 0.0) -> None:
        self.known, self.wait = known, wait
        self.budgets: list[int] = []

    async def __call__(self, _: Snapshot, __: int, characters: int) -> ProjectContext:
        self.budgets.append(characters)
        if self.wait:
            await asyncio.sleep(self.wait)
        return self.known


async def _related(_: Snapshot, __: int) -> tuple[Related, ...]:
    return (Related("other.py", "def beside(): ..."),)


def _complete(
    consulted: _Consulted, *replies: list[str] | Exception, elsewhere: int = PROJECT_CHARACTERS
) -> list[Request]:
    """Complete once, and return what the model was asked."""
    left = list(replies)
    clock = FakeClock()
    model = FakeModel(clock, lambda _: left.pop(0))

    async def scenario() -> None:
        engine = Engine(
            model,
            "glm-4.7",
            CompletionSettings(),
            gather=_related,
            consult=consulted,
            elsewhere=elsewhere,
            clock=clock,
        )
        waiting = asyncio.ensure_future(engine.complete(request("def area():\n    return ¦\n")))
        while not waiting.done():
            await clock.advance(1.0)
            await asyncio.sleep(0.005)
        await waiting
        await engine.close()

    run(scenario())
    return model.requests


def test_without_room_nothing_of_elsewhere_is_looked_for() -> None:
    """Neither signatures nor passages, where none may be shown."""
    consulted = _Consulted(PROJECT)
    (asked_of,) = _complete(consulted, ["1"], elsewhere=0)
    assert consulted.budgets == []
    assert "beside" not in str(asked_of.messages)
    assert "scaled" not in str(asked_of.messages)


def test_related_passages_stand_in_where_nothing_is_known() -> None:
    """The index's signatures take the place of other documents' passages, not the other way."""
    for known, shown, hidden in (
        (PROJECT, "scaled(by)", "beside"),
        (ProjectContext(), "beside", "scaled(by)"),
    ):
        requests = _complete(_Consulted(known), ["<fill>1</fill>"])
        written = requests[0].messages[-1].content
        assert shown in written
        assert hidden not in written


def test_an_index_that_is_slow_is_not_waited_for() -> None:
    """A completion goes without, rather than late."""
    requests = _complete(_Consulted(PROJECT, wait=30.0), ["<fill>1</fill>"])
    assert "beside" in requests[0].messages[-1].content


def test_a_prompt_that_was_too_long_shows_less() -> None:
    """A window smaller than thought gets half of the workspace, too."""
    consulted = _Consulted(PROJECT)
    _complete(consulted, PromptTooLongError("Too long."), ["<fill>1</fill>"])
    assert consulted.budgets == [PROJECT_CHARACTERS, PROJECT_CHARACTERS // 2]
