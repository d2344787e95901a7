"""“Fix all in this file”: when it is offered, and about which problems it asks."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.actions.offers import FIX_ALL
from glm_lsp.demo.editor import CAPABILITIES, ResponseError
from glm_lsp.text import Span
from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import (
    PROBLEM,
    SOURCE,
    URI,
    diagnostic,
    fence,
    idle,
    menu,
    run,
    serving,
    shown,
    where,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

ASKED = copy.deepcopy(CAPABILITIES)
ASKED["experimental"]["glm"]["context"] = True
"""What an editor can do that passes on what its other tools report."""
SILENT = copy.deepcopy(CAPABILITIES)
SILENT["experimental"]["glm"].pop("context", None)
"""What an editor can do that does not."""

FIXED = fence(SOURCE.removeprefix("import math\n\n\n").replace("heigth", "height"))


def problem(editor: Editor, words: str, message: str, **more: Any) -> dict[str, Any]:
    """Return a diagnostic at the first occurrence of some words."""
    range_ = editor.range_of(URI, where(words, editor.text(URI)))
    return {"range": range_, "message": message, "severity": 2, **more}


async def fixes(editor: Editor, words: str, *diagnostics: dict[str, Any]) -> dict[str, Any]:
    """Ask for the menu at some words; return the fixes by title."""
    listed = await menu(editor, words, diagnostics=list(diagnostics))
    return {a["title"]: a["command"] for a in listed if a["kind"] == "quickfix"}


async def fix_all(editor: Editor, listed: dict[str, Any] | None = None, **argument: Any) -> None:
    """Choose the entry of a menu, or run the command, and wait until it is done."""
    if listed is not None:
        (command,) = (c for title, c in listed.items() if title.startswith(FIX_ALL))
        assert command["command"] == "glm.fix"
        (argument,) = command["arguments"]
    await editor.execute("glm.fix", **argument)
    await idle(editor)


def asked_about(gateway: Gateway) -> list[str]:
    """Return the problems in the question; the scripted answer to it may be at fault."""
    question = gateway.requests[0].json["messages"][1]["content"]
    listed: str = question.partition("Reported problems:\n")[2].partition("\n\n")[0]
    return [line.removeprefix("- ") for line in listed.splitlines()]


def said(editor: Editor) -> set[str]:
    """Return what the progress showed, up to the news of each report."""
    values = [progress["value"] for progress in editor.received("$/progress")]
    return {value.get("message", "").partition("): ")[0] for value in values}


def check(
    tmp_path: Path, client: dict[str, Any], work: Callable[[Editor, Gateway], Awaitable[None]]
) -> None:
    """Run a test in an editor with what it can do, before a gateway that answers well."""

    async def serve() -> None:
        with Gateway(chat_stream(FIXED)) as gateway:
            async with serving(gateway, tmp_path, client=client) as editor:
                await work(editor, gateway)

    run(serve)


def test_what_requests_have_shown_is_covered(tmp_path: Path) -> None:
    """A problem shown for one line is offered, and asked about, from another line's menu."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        misspelt, magic = diagnostic(editor), problem(editor, "**2", "magic number")
        assert list(await fixes(editor, "**2", magic)) == ["GLM: Fix “magic number”"]
        listed = await fixes(editor, "heigth", misspelt)
        both = f"{FIX_ALL} (2 problems: lines 5 and 10)"
        assert list(listed) == [f"GLM: Fix “{PROBLEM}”", both]
        await fix_all(editor, listed)
        assert asked_about(gateway) == [f"line 5: {PROBLEM}", "line 10: magic number"]
        assert "Fixing area.py (2 problems: lines 5 and 10" in said(editor)
        assert editor.received("glm/context") == [], "it did not say that it can be asked"
        assert editor.text(URI) == SOURCE.replace("heigth", "height")

    check(tmp_path, SILENT, work)


def test_problems_move_as_the_user_types(tmp_path: Path) -> None:
    """What was shown is asked about where it is now, and not at all once its line changed."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        await fixes(editor, "**2", problem(editor, "**2", "magic number"))
        await fixes(editor, "circle", problem(editor, "circle", "no docstring"))
        listed = await fixes(editor, "heigth", diagnostic(editor))
        assert f"{FIX_ALL} (3 problems: lines 5, 9 and 10)" in listed
        editor.type(URI, Span(0, 0), "# Two shapes.\n")
        editor.type(URI, where("circle", editor.text(URI)), "round")
        await fix_all(editor, listed)
        assert asked_about(gateway) == [f"line 6: {PROBLEM}", "line 11: magic number"]

    check(tmp_path, SILENT, work)


def test_a_problem_that_is_not_shown_any_more_is_gone(tmp_path: Path) -> None:
    """A menu without a problem that stood there before ends it."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        await fixes(editor, "**2", problem(editor, "**2", "magic number"))
        await fixes(editor, "radius**2")
        listed = await fixes(editor, "heigth", diagnostic(editor))
        assert list(listed) == [f"GLM: Fix “{PROBLEM}”"]
        assert gateway.requests == []

    check(tmp_path, SILENT, work)


def test_a_request_for_other_kinds_ends_no_problem(tmp_path: Path) -> None:
    """What an editor asks before it saves a file says nothing about the file's problems."""

    async def work(editor: Editor, _: Gateway) -> None:
        await fixes(editor, "**2", problem(editor, "**2", "magic number"))
        await menu(editor, SOURCE, diagnostics=[], only=["source.organizeImports"])
        listed = await fixes(editor, "heigth", diagnostic(editor))
        assert f"{FIX_ALL} (2 problems: lines 5 and 10)" in listed

    check(tmp_path, SILENT, work)


def test_the_editor_is_asked_when_the_job_begins(tmp_path: Path) -> None:
    """A listing asks nothing; the job asks for the whole document and takes what it can read."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        async def answer(params: Any) -> Any:
            assert params == {"uri": URI, "positions": []}
            diagnostics = [
                problem(editor, "**2", "magic number", source="lint", code=7),
                diagnostic(editor),
                problem(editor, "math", "unused", severity=4, tags=[1]),
                {"range": {}, "message": "nowhere"},
                {"message": "no range"},
                {**problem(editor, "math", ""), "message": 5},
                "no diagnostic",
                {
                    "range": {
                        "start": {"line": -4, "character": 0},
                        "end": {"line": 2, "character": 0},
                    },
                    "message": "before",
                },
                problem(editor, "circle", "no docstring", severity=9, tags=[77]),
            ]
            return {"diagnostics": diagnostics, "definitions": [], "hovers": []}

        editor.on("glm/context", answer)
        listed = await fixes(editor, "heigth", diagnostic(editor))
        assert FIX_ALL in listed
        assert editor.received("glm/context") == []
        await fix_all(editor, listed)
        assert asked_about(gateway) == [
            f"line 5: {PROBLEM}",
            "line 9: no docstring",
            "line 10: magic number (lint 7)",
        ]
        assert "Fixing area.py (3 problems: lines 5, 9 and 10" in said(editor)

    check(tmp_path, ASKED, work)


@pytest.mark.parametrize(
    "answered",
    [
        pytest.param("an error", id="an error"),
        pytest.param("nothing", id="nothing, ever"),
        pytest.param(None, id="null"),
        pytest.param([], id="a list"),
        pytest.param({"diagnostics": "none"}, id="no list in it"),
    ],
)
def test_an_editor_that_cannot_say(tmp_path: Path, answered: Any) -> None:
    """Without an answer, or with one that is none, it goes on with what is known."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        async def answer(_: Any) -> Any:
            if answered == "an error":
                raise ResponseError({"code": -32601, "message": "unknown"})
            if answered == "nothing":
                await asyncio.Event().wait()
            return answered

        editor.on("glm/context", answer)
        await fixes(editor, "**2", problem(editor, "**2", "magic number"))
        await fix_all(editor, await fixes(editor, "heigth", diagnostic(editor)))
        assert asked_about(gateway) == [f"line 5: {PROBLEM}", "line 10: magic number"]
        assert shown(editor) == []

    check(tmp_path, ASKED, work)


def test_an_answer_ends_what_was_shown_for_an_older_text(tmp_path: Path) -> None:
    """The editor says which problems there are; what it showed of this very text stays too."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        async def answer(_: Any) -> Any:
            return {"diagnostics": [problem(editor, "circle", "no docstring")]}

        editor.on("glm/context", answer)
        await fixes(editor, "**2", problem(editor, "**2", "magic number"))
        editor.type(URI, Span(0, 0), "# Two shapes.\n")
        misspelt = problem(editor, "heigth", PROBLEM)
        await fix_all(editor, await fixes(editor, "heigth", misspelt))
        assert asked_about(gateway) == [f"line 6: {PROBLEM}", "line 10: no docstring"]

    check(tmp_path, ASKED, work)


def test_the_users_typing_while_the_editor_is_asked(tmp_path: Path) -> None:
    """The question is about the text as it is once the editor has answered."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        typed = "# Two shapes.\n# Both flat.\n# Both closed.\n"

        async def answer(_: Any) -> Any:
            if not editor.text(URI).startswith(typed):
                editor.type(URI, Span(0, 0), typed)
            return {"diagnostics": [problem(editor, "heigth", PROBLEM)]}

        editor.on("glm/context", answer)
        await fix_all(editor, await fixes(editor, "heigth", diagnostic(editor)))
        assert asked_about(gateway) == [f"line 8: {PROBLEM}"]
        assert editor.text(URI) == typed + SOURCE.replace("heigth", "height")

    async def serve() -> None:
        answer = fence(SOURCE[SOURCE.index("def area") : SOURCE.index("\n\n\ndef circle") + 1])
        with Gateway(chat_stream(answer.replace("heigth", "height"))) as gateway:
            async with serving(gateway, tmp_path, client=ASKED) as editor:
                await work(editor, gateway)

    run(serve)


def test_a_command_with_problems_of_its_own(tmp_path: Path) -> None:
    """A client's own entry gives what it knows; hints about unnecessary code are no problems."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        faded = problem(editor, "math", "unused", severity=4, tags=[1])
        await fixes(editor, "**2", problem(editor, "**2", "magic number"))
        given = [diagnostic(editor), faded]
        await fix_all(editor, uri=URI, all=True, diagnostics=given)
        assert asked_about(gateway) == [f"line 5: {PROBLEM}", "line 10: magic number"]

    check(tmp_path, SILENT, work)


def test_only_all_is_all(tmp_path: Path) -> None:
    """The fix of one problem stays about that one, whatever else is known."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        await fixes(editor, "**2", problem(editor, "**2", "magic number"))
        listed = await fixes(editor, "heigth", diagnostic(editor))
        (argument,) = listed[f"GLM: Fix “{PROBLEM}”"]["arguments"]
        gateway.script(chat_stream(fence("def area(width, height):\n    return width * height\n")))
        await fix_all(editor, **argument)
        assert asked_about(gateway) == [f"line 5: {PROBLEM}"]

    check(tmp_path, ASKED, work)


def test_a_file_without_problems(tmp_path: Path) -> None:
    """Where no problem is known nothing is asked, and the user reads what to do."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        await fix_all(editor, uri=URI, all=True)
        assert shown(editor) == [
            "No problem of this file is known: put the cursor on one, then ask again."
        ]
        assert gateway.requests == []

    check(tmp_path, SILENT, work)


def test_the_document_is_closed_while_the_editor_is_asked(tmp_path: Path) -> None:
    """The job ends with its document, and says nothing."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        async def answer(_: Any) -> Any:
            editor.close_document(URI)
            return {"diagnostics": []}

        editor.on("glm/context", answer)
        await fix_all(editor, await fixes(editor, "heigth", diagnostic(editor)))
        assert (gateway.requests, shown(editor)) == ([], [])

    check(tmp_path, ASKED, work)


@pytest.mark.parametrize("given", [[{}], [{"range": {}, "message": ""}], [5], {"a": 1}])
def test_a_command_with_what_are_no_problems(tmp_path: Path, given: Any) -> None:
    """An argument that is not LSP's is refused as such, and no job begins."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        with pytest.raises(ResponseError, match="not as LSP says"):
            await editor.execute("glm.fix", uri=URI, all=True, diagnostics=given)
        assert gateway.requests == []

    check(tmp_path, SILENT, work)
