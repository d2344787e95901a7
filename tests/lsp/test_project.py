"""A workspace's index, through the whole server over stdio."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from glm_lsp.demo.editor import CAPABILITIES
from glm_lsp.text import Span
from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import idle, run, serving
from tests.project.rig import SHAPES, USE, write
from tests.security.rig import made_up

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.demo.editor import Editor


async def _prompt(editor: Editor, gateway: Gateway, uri: str, text: str) -> str:
    """Type at the end of a line, ask there, and return what the model was asked."""
    end = editor.text(uri).rindex("\n")
    editor.type(uri, Span(end, end), text)
    position = editor.range_of(uri, Span(end + len(text), end + len(text)))["start"]
    params = {"textDocument": {"uri": uri}, "position": position, "context": {"triggerKind": 1}}
    await editor.request("textDocument/inlineCompletion", params)
    return str(gateway.requests[-1].json["messages"][-1]["content"])


async def _shown(editor: Editor, gateway: Gateway, uri: str, wanted: str) -> bool:
    """Tell whether a prompt comes to show something, which takes the index its time."""
    for count in range(40):
        if wanted in await _prompt(editor, gateway, uri, f"\n    first{count}.x"):
            return True
        await asyncio.sleep(0.1)
    return False


def _watching() -> dict[str, Any]:
    watched = {"didChangeWatchedFiles": {"dynamicRegistration": True}}
    return {**CAPABILITIES, "workspace": {**CAPABILITIES.get("workspace", {}), **watched}}


def test_a_completion_is_shown_what_another_file_defines(tmp_path: Path) -> None:
    """With a file open that the editor knows nothing else of, its class's members are shown."""
    root = write(tmp_path / "work", shapes=SHAPES, use=USE)

    async def work() -> None:
        with Gateway(chat_stream("<fill>1</fill>")) as gateway:
            async with serving(gateway, tmp_path, root=root) as editor:
                uri = (root / "use.py").as_uri()
                editor.open(uri, "python", USE)
                assert await _shown(editor, gateway, uri, "area_within()")

    run(work)


def test_what_is_excluded_is_never_shown(tmp_path: Path) -> None:
    """Neither what the settings exclude nor what git ignores is in any prompt."""
    root = write(tmp_path / "work", shapes=SHAPES, other="class Circle:\n    def seen(self): ...\n")
    write(root, use=USE, ignored="class Circle:\n    def area_hidden(self): ...\n")
    (root / ".gitignore").write_text("ignored.py\n", "utf-8")

    async def work() -> None:
        with Gateway(chat_stream("<fill>1</fill>")) as gateway:
            exclude = {"exclude": ["shapes.py"]}
            async with serving(gateway, tmp_path, root=root, context=exclude) as editor:
                uri = (root / "use.py").as_uri()
                editor.open(uri, "python", USE)
                assert await _shown(editor, gateway, uri, "seen()")
                sent = "".join(str(request.json) for request in gateway.requests)
                assert "area_within" not in sent
                assert "area_hidden" not in sent

    run(work)


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    """With `context.project` off a prompt shows what is open, as before."""
    root = write(tmp_path / "work", shapes=SHAPES, use=USE)

    async def work() -> None:
        with Gateway(chat_stream("<fill>1</fill>")) as gateway:
            off = {"project": False}
            async with serving(gateway, tmp_path, root=root, context=off) as editor:
                uri = (root / "use.py").as_uri()
                editor.open(uri, "python", USE)
                await asyncio.sleep(0.5)
                assert "area_within" not in await _prompt(editor, gateway, uri, "\n    first.x")

    run(work)


def test_the_status_says_how_much_is_indexed(tmp_path: Path) -> None:
    """Files and those left out, once that is known; nothing where it is switched off."""
    root = write(tmp_path / "work", shapes=SHAPES, use=USE)
    (root / "long.py").write_text("# \n" * 200_000, "utf-8")

    async def work() -> None:
        with Gateway(chat_stream("<fill>1</fill>")) as gateway:
            async with serving(gateway, tmp_path, root=root) as editor:
                editor.open((root / "use.py").as_uri(), "python", USE)
                while (index := (await editor.execute("glm.status"))["index"]) is None:
                    await asyncio.sleep(0.05)
                assert (index["files"], index["leftOut"]) == (2, 1)
                assert index["message"].startswith("2 files are indexed. 1 file is longer")
                editor.notify(
                    "workspace/didChangeConfiguration",
                    {"settings": {"glm": {"context": {"project": False}}}},
                )
                while (await editor.execute("glm.status"))["index"] is not None:
                    await asyncio.sleep(0.05)

    run(work)


def test_a_file_that_changed_on_the_disk_is_seen(tmp_path: Path) -> None:
    """An editor that watches files is asked to, and what it tells counts."""
    root = write(tmp_path / "work", shapes=SHAPES, use=USE)

    async def work() -> None:
        with Gateway(chat_stream("<fill>1</fill>")) as gateway:
            async with serving(gateway, tmp_path, root=root, client=_watching()) as editor:
                uri = (root / "use.py").as_uri()
                editor.open(uri, "python", USE)
                assert await _shown(editor, gateway, uri, "area_within()")
                assert "didChangeWatchedFiles" in str(editor.received("client/registerCapability"))
                write(root, shapes=SHAPES.replace("area_within", "area_beyond"))
                changes = [{"uri": (root / "shapes.py").as_uri(), "type": 2}]
                editor.notify("workspace/didChangeWatchedFiles", {"changes": changes})
                assert await _shown(editor, gateway, uri, "area_beyond()")

    run(work)


ROUND = "import shapes\n\n\ndef double(size):\n    return shapes.Circle(2 * size)\n"
CALLS = "from round import double\n\n\ndef page():\n    return double(3)\n"


async def _asked(editor: Editor, gateway: Gateway, uri: str, command: str, **more: Any) -> str:
    """Have an action done on a function, and return what the model was asked."""
    start = editor.text(uri).index("double")
    given = {"uri": uri, "range": editor.range_of(uri, Span(start, start)), **more}
    params = {"command": command, "arguments": [given]}
    await editor.request("workspace/executeCommand", params)
    await idle(editor)
    return str(gateway.requests[-1].json["messages"][1]["content"])


async def _asked_knowing(
    editor: Editor, gateway: Gateway, uri: str, wanted: str, command: str, **more: Any
) -> str:
    """Ask until the index, which takes its time, has something to show."""
    for _ in range(40):
        if wanted in (asked := await _asked(editor, gateway, uri, command, **more)):
            return asked
        await asyncio.sleep(0.1)
    return asked


def test_an_action_is_shown_what_the_code_calls_and_who_calls_it(tmp_path: Path) -> None:
    """Definitions and callers stand before the file, and the same question is the same twice."""
    root = write(tmp_path / "work", shapes=SHAPES, round=ROUND, calls=CALLS)

    async def work() -> None:
        with Gateway(chat_stream("It doubles.")) as gateway:
            async with serving(gateway, tmp_path, root=root) as editor:
                uri = (root / "round.py").as_uri()
                editor.open(uri, "python", ROUND)
                explained = await _asked_knowing(editor, gateway, uri, "shapes.py", "glm.explain")
                assert "def area_within(self)" in explained
                assert explained.index("# shapes.py") < explained.index("File: round.py")
                assert "def page" not in explained
                more = {"preset": "names"}
                asked = await _asked(editor, gateway, uri, "glm.refactor", **more)
                assert "# calls.py\ndef page():\n    return double(3)" in asked
                assert asked == await _asked(editor, gateway, uri, "glm.refactor", **more)

    run(work)


def test_an_action_shows_nothing_that_is_excluded_and_no_secret(tmp_path: Path) -> None:
    """An excluded file is in no question, and a secret in what is shown is struck out."""
    secret = made_up(40)
    shapes = f"class Circle:\n    def __init__(self, size, api_key='{secret}'): ...\n"
    root = write(tmp_path / "work", shapes=shapes, round=ROUND, calls=CALLS)

    async def work() -> None:
        with Gateway(chat_stream("It doubles.")) as gateway:
            exclude = {"exclude": ["calls.py"]}
            async with serving(gateway, tmp_path, root=root, context=exclude) as editor:
                uri = (root / "round.py").as_uri()
                editor.open(uri, "python", ROUND)
                asked = await _asked_knowing(editor, gateway, uri, "shapes.py", "glm.refactor")
                assert "class Circle" in asked
                sent = "".join(str(request.json) for request in gateway.requests)
                assert secret not in sent
                assert "def page" not in sent

    run(work)


def test_an_action_is_not_shown_more_than_the_user_lets_it(tmp_path: Path) -> None:
    """`context.project` off, or room for the target alone: nothing of other files."""
    long = ROUND.replace("    return", f"    note = {'much ' * 400!r}\n    return")
    root = write(tmp_path / "work", shapes=SHAPES, round=long, calls=CALLS)

    async def work() -> None:
        for context in ({"project": False}, {"maxTokens": 256}):
            with Gateway(chat_stream("It doubles.")) as gateway:
                async with serving(gateway, tmp_path, root=root, context=context) as editor:
                    uri = (root / "round.py").as_uri()
                    editor.open(uri, "python", long)
                    while "maxTokens" in context:
                        if ((await editor.execute("glm.status"))["index"] or {}).get("files") == 3:
                            break
                        await asyncio.sleep(0.05)
                    assert "shapes.py" not in await _asked(editor, gateway, uri, "glm.explain")

    run(work)
