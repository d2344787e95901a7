"""Next edits that GLM foresees, through the whole server over stdio, with a scripted gateway."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import URI, run, serving, shown, where
from tests.security.rig import made_up

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

ON = {"model": True, "local": False}
ANSWER = "HIGH @5\n-    result = width * heigth\n+    result = width * heigth * scale"


def left(line: int = 4, trigger: str = "lineLeft") -> dict[str, Any]:
    position = {"line": line, "character": 0}
    return {"textDocument": {"uri": URI}, "position": position, "context": {"trigger": trigger}}


def add_parameter(editor: Editor) -> None:
    editor.type(URI, where("height)", editor.text(URI)), "height, scale)")


def test_it_is_off_until_it_is_switched_on(tmp_path: Path) -> None:
    """By default nothing is asked, and the status says so."""

    async def work() -> None:
        with Gateway(chat_stream(ANSWER)) as gateway:
            async with serving(gateway, tmp_path) as editor:
                add_parameter(editor)
                assert not (await editor.request("glm/nextEdit", left()))["edits"]
                status = await editor.execute("glm.status", uri=URI)
                assert status["nextEdit"].endswith("GLM is not asked (`nextEdits.model`).")
                assert gateway.requests == []

    run(work)


def test_what_it_foresees_is_shown_where_it_was_asked_for(tmp_path: Path) -> None:
    """As an edit of that version, without thinking, and counted under a feature of its own."""

    async def work() -> None:
        with Gateway(chat_stream(ANSWER, usage=(300, 30))) as gateway:
            async with serving(gateway, tmp_path, nextEdits=ON) as editor:
                add_parameter(editor)
                assert not (await editor.request("glm/nextEdit", left(trigger="typed")))["edits"]
                (edit,) = (await editor.request("glm/nextEdit", left()))["edits"]
                assert edit["text"] == "    result = width * heigth * scale"
                assert (edit["model"], edit["reason"]) == (True, "GLM foresees it.")
                assert (await editor.execute("glm.status", uri=URI))["nextEdit"] == ""
                (request,) = gateway.requests
                asked = request.json["messages"][-1]["content"]
                assert "<edit line=4>\n-def area(width, height):" in asked
                assert "+def area(width, height, scale):" in asked
                line = "    result = width * heigth"
                editor.type(URI, where(line, editor.text(URI)), edit["text"])
                await editor.execute("glm.status", uri=URI)
        (path,) = (tmp_path / "data").rglob("usage*.sqlite3")
        with closing(sqlite3.connect(path)) as database:
            rows = database.execute("SELECT feature, prompt, output FROM request").fetchall()
            assert rows == [("next edit", 300, 30)]
            assert database.execute("SELECT feature FROM acceptance").fetchall() == [("next edit",)]
        (learnt,) = (tmp_path / "data").rglob("next_edits.json")
        assert learnt.read_text() == '{\n "python lineLeft": "1"\n}\n'
        assert learnt.stat().st_mode & 0o077 == 0

    run(work)


def test_copilots_request_asks_too_and_a_refused_one_comes_no_more(tmp_path: Path) -> None:
    """The same text is asked about once; after the refusal it is quiet, and says why."""

    async def work() -> None:
        with Gateway(chat_stream(ANSWER)) as gateway:
            async with serving(gateway, tmp_path, nextEdits=ON) as editor:
                add_parameter(editor)
                for _ in range(2):
                    found = await editor.request("textDocument/copilotInlineEdit", left())
                    (edit,) = found["edits"]
                    assert edit["text"] == "    result = width * heigth * scale"
                (argument,) = edit["command"]["arguments"]
                await editor.execute("glm.refuseNextEdit", **argument)
                assert not (await editor.request("textDocument/copilotInlineEdit", left()))["edits"]
                said = (await editor.execute("glm.status", uri=URI))["nextEdit"]
                assert "refused" in said
                assert len(gateway.requests) == 1

    run(work)


def test_nothing_is_asked_of_an_excluded_file(tmp_path: Path) -> None:
    """What the user excludes stays on this machine."""

    async def work() -> None:
        with Gateway(chat_stream("NONE")) as gateway:
            context = {"exclude": ["area.py"]}
            async with serving(gateway, tmp_path, nextEdits=ON, context=context) as editor:
                add_parameter(editor)
                assert not (await editor.request("glm/nextEdit", left()))["edits"]
                assert gateway.requests == []

    run(work)


def test_no_secret_is_sent(tmp_path: Path) -> None:
    """A password in an edit leaves the question on its way."""
    secret = made_up(40)

    async def work() -> None:
        with Gateway(chat_stream("NONE")) as gateway:
            async with serving(gateway, tmp_path, nextEdits=ON) as editor:
                editor.type(URI, where("import math"), f"import math\n\npassword = '{secret}'")
                await editor.request("glm/nextEdit", left())
                (request,) = gateway.requests
                assert "password" in str(request.json)
                assert secret not in str(request.json)

    run(work)


def test_the_hour_has_an_end(tmp_path: Path) -> None:
    """With `nextEdits.perHour` used up nothing more is asked."""

    async def work() -> None:
        with Gateway(chat_stream("NONE")) as gateway:
            async with serving(gateway, tmp_path, nextEdits={**ON, "perHour": 1}) as editor:
                for _ in range(2):
                    add_parameter(editor)
                    await editor.request("glm/nextEdit", left())
                    editor.type(URI, where(", scale", editor.text(URI)), "")
                assert len(gateway.requests) == 1
                said = (await editor.execute("glm.status", uri=URI))["nextEdit"]
                assert "1 questions were asked in this hour" in said

    run(work)


def test_a_report_is_written_for_the_user_and_shown(tmp_path: Path) -> None:
    """It is a scenario, private, and nothing of it is sent."""

    async def work() -> None:
        with Gateway(chat_stream(ANSWER)) as gateway:
            async with serving(gateway, tmp_path, nextEdits=ON) as editor:
                await editor.execute("glm.reportNextEdit")
                await editor.until(lambda: bool(shown(editor)))
                assert shown(editor) == ["GLM has foreseen nothing yet."]
                add_parameter(editor)
                await editor.request("glm/nextEdit", left())
                await editor.execute("glm.reportNextEdit")
                await editor.until(lambda: len(shown(editor)) == 2)
                (path,) = (tmp_path / "data").rglob("next-edit-*.txt")
                assert shown(editor)[1] == f"It is in {path}."
                assert path.read_text().endswith(f"-- answer\n{ANSWER}\n-- shown\n")
                assert path.stat().st_mode & 0o077 == 0
                assert len(gateway.requests) == 1

    run(work)
