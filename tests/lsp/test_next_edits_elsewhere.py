"""Next edits in the workspace's other files: found by the index, reached by `window/showDocument`.

Nothing is sent to a model: there is none here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from glm_lsp.demo.editor import CAPABILITIES
from tests.lsp.harness import run, serving, where
from tests.project.rig import write

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

SHAPES = """\
class Circle:
    def area_within(self, radius=1): ...


def draw_shape(shape, width=1):
    return shape
"""
USE = """\
from shapes import Circle, draw_shape


def show(circle: Circle):
    circle.area_within(radius=3)
    draw_shape(circle, width=2)
"""
OWN = "def draw_shape(shape): ...\n\n\ndraw_shape(1)\n"


def place(uri: str) -> dict[str, Any]:
    return {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}


async def elsewhere(editor: Editor, uri: str) -> list[dict[str, Any]]:
    """Ask until the index, which takes its time, has found something."""
    for _ in range(60):
        found = await editor.request("glm/nextEdit", place(uri))
        if found["elsewhere"]:
            return list(found["elsewhere"])
        await asyncio.sleep(0.1)
        editor.type(uri, where("\n", editor.text(uri)), "\n")  # What was found is for this text.
    return []


async def _done(_: Any) -> Any:
    return {"success": True}


def leading() -> dict[str, Any]:
    return {**CAPABILITIES, "window": {"showDocument": {"support": True}}}


def test_a_renamed_function_waits_where_it_is_imported(tmp_path: Path) -> None:
    """The import and the call wait in the other file, and nothing of the same name."""
    root = write(tmp_path / "work", shapes=SHAPES, use=USE, own=OWN)

    async def work() -> None:
        async with serving(None, tmp_path, root=root) as editor:
            uri = (root / "shapes.py").as_uri()
            editor.open(uri, "python", SHAPES)
            editor.type(uri, where("draw_shape", SHAPES), "draw_form")
            found = await elsewhere(editor, uri)
            assert [(each["uri"], each["text"]) for each in found] == [
                ((root / "use.py").as_uri(), "from shapes import Circle, draw_form"),
                ((root / "use.py").as_uri(), "    draw_form(circle, width=2)"),
            ]
            assert found[0]["range"] == {
                "start": {"line": 0, "character": 0},
                "end": {"line": 0, "character": 37},
            }

    run(work)


def test_the_other_file_is_shown_and_has_the_edit_there(tmp_path: Path) -> None:
    """The command leads there; once it is open, the line waits there as an edit."""
    root = write(tmp_path / "work", shapes=SHAPES, use=USE)

    async def work() -> None:
        async with serving(None, tmp_path, root=root, client=leading()) as editor:
            uri, other = ((root / f"{name}.py").as_uri() for name in ("shapes", "use"))
            editor.open(uri, "python", SHAPES)
            editor.type(uri, where("area_within", SHAPES), "area_inside")
            assert await elsewhere(editor, uri)
            editor.on("window/showDocument", _done)
            await editor.execute("glm.nextEdit", **place(uri))
            await editor.until(lambda: bool(editor.received("window/showDocument")))
            (shown,) = editor.received("window/showDocument")
            assert shown["uri"] == other
            assert shown["selection"]["start"]["line"] == 4
            editor.open(other, "python", USE)
            while not (edits := (await editor.request("glm/nextEdit", place(other)))["edits"]):
                await asyncio.sleep(0.05)  # The index may be late.
            (edit,) = edits
            assert edit["text"] == "    circle.area_inside(radius=3)"
            editor.type(other, where("    circle.area_within(radius=3)", USE), edit["text"])
            assert not (await editor.request("glm/nextEdit", place(other)))["edits"]

    run(work)


def test_a_renamed_parameter_waits_where_it_is_named(tmp_path: Path) -> None:
    """The keyword of a call in the other file waits for the parameter's new name."""
    root = write(tmp_path / "work", shapes=SHAPES, use=USE, own=OWN)

    async def work() -> None:
        async with serving(None, tmp_path, root=root) as editor:
            uri = (root / "shapes.py").as_uri()
            editor.open(uri, "python", SHAPES)
            editor.type(uri, where("width", SHAPES), "line_width")
            (found,) = await elsewhere(editor, uri)
            assert found["text"] == "    draw_shape(circle, line_width=2)"
            assert found["reason"] == "You changed “width” to “line_width” in one place."

    run(work)


def test_the_same_small_change_waits_in_another_file(tmp_path: Path) -> None:
    """What was made twice in one file waits in a line of another that says the same."""
    lines = "    log.write_event(name, level)\n"
    one = f"def first(name, level):\n{lines}{lines}"
    root = write(tmp_path / "work", one=one, two=f"def second(name, level):\n{lines}")

    async def work() -> None:
        async with serving(None, tmp_path, root=root) as editor:
            uri = (root / "one.py").as_uri()
            editor.open(uri, "python", one)
            for _ in range(2):
                editor.type(uri, where("write_event(name, level)", editor.text(uri)),
                            "write_event(level)")  # fmt: skip
            (found,) = await elsewhere(editor, uri)
            assert found["uri"] == (root / "two.py").as_uri()
            assert found["text"] == "    log.write_event(level)"

    run(work)


def test_nothing_is_found_in_an_excluded_file(tmp_path: Path) -> None:
    """A file that stays on this machine has no next edit, though it imports what was renamed."""
    root = write(tmp_path / "work", shapes=SHAPES, use=USE, more=USE)

    async def work() -> None:
        exclude = {"exclude": ["use.py"]}
        async with serving(None, tmp_path, root=root, context=exclude) as editor:
            uri = (root / "shapes.py").as_uri()
            editor.open(uri, "python", SHAPES)
            editor.type(uri, where("draw_shape", SHAPES), "draw_form")
            found = await elsewhere(editor, uri)
            assert {each["uri"] for each in found} == {(root / "more.py").as_uri()}

    run(work)
