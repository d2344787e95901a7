"""After an edit: what the editor's other tools say of it is said, once they have said it."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.demo.editor import ResponseError
from glm_lsp.text import Span
from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import (
    FIXED,
    PROBLEM,
    SOURCE,
    URI,
    choose,
    fence,
    idle,
    menu,
    run,
    serving,
    shown,
)
from tests.lsp.test_fix_all import ASKED, SILENT, asked_about, problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

BUTTONS = copy.deepcopy(ASKED)
BUTTONS["experimental"]["glm"]["buttons"] = []
UNHELPFUL = FIXED.replace("height\n", "heigth  # as asked\n", 1).replace("= width", "= 1 * width")
"""An answer that changes the line and leaves its problem."""
WORSE = FIXED.replace("    return result", "    return reslut")
WORSE_LINE = FIXED.replace("width * height", "width * reslut")
LEFT = f"GLM's change left its problem: “{PROBLEM}” (line 5)."
MADE = "GLM's change made a new problem: “undefined name 'reslut'” (line 6)."
ASIDE = " “GLM: Fix what this broke” is among the code actions there."


class Linter:
    """What stands in for the editor's other tools: it reports misspelt names, once it may."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.settled = True
        self.asked: list[Any] = []
        self.before_it_answers: Callable[[], None] = lambda: None
        editor.on("glm/context", self.answer)

    async def answer(self, params: Any) -> Any:
        self.asked.append(params)
        if params.get("settle"):
            self.before_it_answers()
        text = self.editor.text(URI)
        found = [
            problem(self.editor, name, f"undefined name '{name}'", severity=1)
            for name in ("heigth", "reslut", "rdaius")
            if name in text
        ]
        return {"diagnostics": found, "settled": self.settled}

    async def has_settled(self) -> None:
        """Wait until it was asked, and heard, after the edit."""
        while not any(params.get("settle") for params in self.asked):
            await asyncio.sleep(0.01)
        await self.editor.execute("glm.status")
        await asyncio.sleep(0.2)


def check(
    tmp_path: Path,
    answer: str,
    work: Callable[[Editor, Linter, Gateway], Awaitable[None]],
    *,
    client: dict[str, Any] = ASKED,
    **options: Any,
) -> None:
    """Run a test in an editor with a linter, before a model that answers so."""

    async def serve() -> None:
        with Gateway(chat_stream(fence(answer))) as gateway:
            async with serving(gateway, tmp_path, client=client, **options) as editor:
                await work(editor, Linter(editor), gateway)

    run(serve)


async def fixed(editor: Editor, linter: Linter) -> None:
    """Fix the problem, and wait until the linter has been heard."""
    await choose(editor, "GLM: Fix")
    await idle(editor)
    await linter.has_settled()


@pytest.mark.parametrize(
    ("answer", "said"), [(FIXED, []), (UNHELPFUL, [LEFT + ASIDE]), (WORSE, [MADE + ASIDE])]
)
def test_what_a_fix_left_and_made_is_said(tmp_path: Path, answer: str, said: list[str]) -> None:
    """One sentence when it left its problem or made one; none when it did what it was to do."""

    async def work(editor: Editor, linter: Linter, gateway: Gateway) -> None:
        await fixed(editor, linter)
        assert shown(editor) == said
        assert len(gateway.requests) == 1, "the model is asked nothing on its own"
        listed = [a["title"] for a in await menu(editor, "result", diagnostics=[])]
        assert ("GLM: Fix what this broke" in listed) == bool(said)

    check(tmp_path, answer, work)


def test_what_it_broke_is_fixed_at_a_key(tmp_path: Path) -> None:
    """The code action asks about what is broken, where it is by then; then there is nothing."""

    async def work(editor: Editor, linter: Linter, gateway: Gateway) -> None:
        await fixed(editor, linter)
        editor.type(URI, Span(0, 0), "# Two shapes.\n")
        gateway.requests.clear()
        gateway.script(chat_stream(fence(FIXED)))
        linter.asked.clear()
        await choose(editor, "GLM: Fix what this broke", "reslut")
        await idle(editor)
        assert asked_about(gateway) == ["line 7: undefined name 'reslut' (lint)"]
        assert editor.text(URI) == "# Two shapes.\n" + SOURCE.replace("heigth", "height")
        await linter.has_settled()
        assert shown(editor) == [MADE + ASIDE]
        assert "GLM: Fix what this broke" not in [a["title"] for a in await menu(editor, "result")]

    async def sourced(editor: Editor, linter: Linter, gateway: Gateway) -> None:
        answer = linter.answer

        async def with_source(params: Any) -> Any:
            said = await answer(params)
            for each in said["diagnostics"]:
                each["source"] = "lint" if "reslut" in each["message"] else None
            return said

        editor.on("glm/context", with_source)
        await work(editor, linter, gateway)

    check(tmp_path, WORSE, sourced)


def test_a_button_fixes_what_it_broke(tmp_path: Path) -> None:
    """A client with buttons is asked, and nothing is done before its user presses one."""

    async def work(editor: Editor, linter: Linter, gateway: Gateway) -> None:
        pressed = asyncio.Event()

        async def press(params: Any) -> Any:
            assert params["message"] == MADE
            (button,) = params["actions"]
            await pressed.wait()
            return button

        editor.on("window/showMessageRequest", press)
        await fixed(editor, linter)
        assert len(gateway.requests) == 1
        gateway.script(chat_stream(fence(FIXED)))
        pressed.set()
        await asyncio.to_thread(gateway.wait_for_requests, 2)
        await idle(editor)
        assert editor.text(URI) == SOURCE.replace("heigth", "height")
        assert shown(editor) == []

    check(tmp_path, WORSE, work, client=BUTTONS)


@pytest.mark.parametrize("settled", [False, None, "yes"])
def test_where_no_tool_reports_nothing_is_said(tmp_path: Path, settled: Any) -> None:
    """Unless the client says that others have reported on this very text, nobody knows."""

    async def work(editor: Editor, linter: Linter, _: Gateway) -> None:
        linter.settled = settled
        await fixed(editor, linter)
        assert shown(editor) == []

    check(tmp_path, UNHELPFUL, work)


def test_a_client_that_does_not_say_is_not_asked(tmp_path: Path) -> None:
    """Without `context` there is no check, whatever the problem was."""

    async def work(editor: Editor, linter: Linter, _: Gateway) -> None:
        await choose(editor, "GLM: Fix")
        await idle(editor)
        await asyncio.sleep(0.3)
        assert (linter.asked, shown(editor)) == ([], [])

    check(tmp_path, UNHELPFUL, work, client=SILENT)


def test_what_was_reported_of_an_older_text_is_no_measure(tmp_path: Path) -> None:
    """Where the tools had not reported before the edit, what is new is not the edit's."""

    async def work(editor: Editor, linter: Linter, _: Gateway) -> None:
        linter.settled = False

        def report() -> None:
            linter.settled = True

        linter.before_it_answers = report
        await fixed(editor, linter)
        assert shown(editor) == []

    check(tmp_path, WORSE, work)


@pytest.mark.parametrize(
    ("answer", "replaced", "by", "said"),
    [
        (WORSE, "math.pi * radius", "math.pi * rdaius", [MADE + ASIDE]),
        (WORSE, "return reslut", "return reslut  # mine", []),
        (WORSE_LINE, "width * reslut", "width * reslut  # mine", []),
    ],
    ids=["elsewhere", "on the change", "on all of the change"],
)
def test_what_the_user_types_meanwhile_is_theirs(
    tmp_path: Path, answer: str, replaced: str, by: str, said: list[str]
) -> None:
    """A problem on a line that the user wrote is not GLM's, and hides none that is."""

    async def work(editor: Editor, linter: Linter, _: Gateway) -> None:
        def type_on() -> None:
            start = editor.text(URI).index(replaced)
            editor.type(URI, Span(start, start + len(replaced)), by)

        linter.before_it_answers = type_on
        await fixed(editor, linter)
        assert shown(editor) == said

    check(tmp_path, answer, work)


def test_a_change_that_is_undone_meanwhile(tmp_path: Path) -> None:
    """Nothing is said of what is not there any more."""

    async def work(editor: Editor, linter: Linter, _: Gateway) -> None:
        def undo() -> None:
            text = editor.text(URI)
            editor.type(URI, Span(0, len(text)), SOURCE)

        linter.before_it_answers = undo
        await fixed(editor, linter)
        assert shown(editor) == []

    check(tmp_path, UNHELPFUL, work)


def test_an_offered_change_is_looked_at_once_it_is_applied(tmp_path: Path) -> None:
    """With `confirm` there is nothing to look at before the user says yes."""

    async def work(editor: Editor, linter: Linter, _: Gateway) -> None:
        job = await choose(editor, "GLM: Fix")
        await idle(editor)
        assert [bool(params.get("settle")) for params in linter.asked] == [False]
        await editor.execute("glm.apply", job=job)
        await linter.has_settled()
        assert MADE + ASIDE in shown(editor)

    check(tmp_path, WORSE, work, edits={"delivery": "confirm"})


def test_nothing_is_broken(tmp_path: Path) -> None:
    """To mend a change that broke nothing is refused in one sentence."""

    async def work(editor: Editor, linter: Linter, _: Gateway) -> None:
        await fixed(editor, linter)
        for job in ("job-1", "job-9"):
            with pytest.raises(ResponseError, match="Nothing is known any more"):
                await editor.execute("glm.fix", uri=URI, job=job)

    check(tmp_path, FIXED, work)
