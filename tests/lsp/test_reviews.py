"""Reviews: what GLM finds is published as diagnostics, which can be fixed and dismissed."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.actions.findings import MOST_FINDINGS, Reviewed, findings
from glm_lsp.text import Text
from tests.gateway import Gate, Gateway, chat_stream
from tests.lsp.harness import FIXED, SOURCE, URI, fence, idle, run, serving, shown, where
from tests.lsp.test_commit_messages import git

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

ANSWER = """\
5: error: heigth is spelt wrong: this raises NameError.
9-10: warning: a negative radius is taken.
99: error: there is no such line.
Overall, nice code!
"""


def published(editor: Editor, uri: str = URI) -> list[dict[str, Any]]:
    """Return what was published last for a document."""
    told = [p for p in editor.received("textDocument/publishDiagnostics") if p["uri"] == uri]
    return list(told[-1]["diagnostics"]) if told else []


async def review(editor: Editor, **argument: Any) -> None:
    await editor.execute("glm.review", **argument)
    await idle(editor)


async def entries(editor: Editor, words: str, *, given: bool = True) -> list[dict[str, Any]]:
    """List the menu at some words, with the diagnostics published there, as editors do."""
    at = editor.range_of(URI, where(words, editor.text(URI)))
    near = [d for d in published(editor) if d["range"]["start"]["line"] <= at["start"]["line"]]
    near = [d for d in near if at["end"]["line"] <= d["range"]["end"]["line"]]
    params = {
        "textDocument": {"uri": URI},
        "range": at,
        "context": {"diagnostics": near if given else []},
    }
    listed: list[dict[str, Any]] = await editor.request("textDocument/codeAction", params)
    return listed


async def choose(editor: Editor, words: str, title: str) -> None:
    entry = next(a for a in await entries(editor, words) if a["title"].startswith(title))
    command = {key: entry["command"][key] for key in ("command", "arguments")}
    await editor.request("workspace/executeCommand", command)
    await idle(editor)


def test_what_is_found_is_a_diagnostic_with_a_fix(tmp_path: Path) -> None:
    """Each has its severity and reason; fixed, its lines have changed, and it is gone."""

    async def work() -> None:
        with Gateway([chat_stream(ANSWER), chat_stream(fence(FIXED))]) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await review(editor, uri=URI)
                asked = gateway.requests[0].json["messages"][-1]["content"]
                assert " 5|     result = width * heigth" in asked
                assert "10|     return math.pi * radius**2" in asked
                first, second = published(editor)
                assert first["range"] == editor.range_of(URI, where("result = width * heigth"))
                assert (first["severity"], first["source"], first["code"]) == (1, "GLM", "review")
                assert first["message"] == "heigth is spelt wrong: this raises NameError."
                assert (second["severity"], second["range"]["start"]["line"]) == (2, 8)
                assert shown(editor) == ["Reviewing area.py: 2 findings."]
                with_them = [a["title"] for a in await entries(editor, "heigth")]
                assert with_them == [
                    a["title"] for a in await entries(editor, "heigth", given=False)
                ]
                assert len(with_them) == len(set(with_them)), "none is listed twice"
                await choose(editor, "heigth", "GLM: Fix “heigth is spelt wrong")
                assert "width * height\n" in editor.text(URI)
                await editor.until(lambda: len(published(editor)) == 1)
                assert published(editor)[0]["message"] == second["message"]

    run(work)


def test_findings_stay_with_their_code_until_dismissed(tmp_path: Path) -> None:
    """What is typed above moves them; one is dismissed by its entry, all by another."""

    async def work() -> None:
        with Gateway(chat_stream(ANSWER)) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await review(editor, uri=URI)
                editor.type(URI, where("import math\n"), "import math\nimport os\n")
                moved = editor.range_of(URI, where("result = width * heigth", editor.text(URI)))
                await editor.until(lambda: published(editor)[0]["range"] == moved)
                await choose(editor, "heigth", "GLM: Dismiss “heigth is spelt")
                await editor.until(lambda: len(published(editor)) == 1)
                await review(editor, uri=URI)
                assert len(published(editor)) == 2, "a new review takes the place of the last"
                await choose(editor, "def circle", "GLM: Dismiss the review")
                await editor.until(lambda: published(editor) == [])
                titles = [entry["title"] for entry in await entries(editor, "heigth")]
                assert not any("Dismiss" in title for title in titles)

    run(work)


def test_a_part_is_reviewed_by_itself(tmp_path: Path) -> None:
    """Without a selection the function at the cursor; what was found elsewhere stays."""

    async def work() -> None:
        alone = chat_stream("9: info: pi is a float.\n5: error: not asked about.")
        with Gateway([chat_stream(ANSWER), alone, chat_stream("none")]) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await review(editor, uri=URI)
                circle = editor.range_of(URI, where("radius**2"))
                await review(editor, uri=URI, range=circle)
                found = [each["message"] for each in published(editor)]
                assert found == ["heigth is spelt wrong: this raises NameError.", "pi is a float."]
                await review(editor, uri=URI)
                assert published(editor) == []
                assert shown(editor)[-1] == "Reviewing area.py: nothing was found."
                editor.close_document(URI)

    run(work)


def test_what_is_typed_while_it_is_asked(tmp_path: Path) -> None:
    """Findings stand where their lines are by then; those of lines that changed are none."""

    async def work() -> None:
        gate = Gate()
        with Gateway(chat_stream(ANSWER).before(1, gate)) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await editor.execute("glm.review", uri=URI)
                gateway.wait_for_requests(1)
                editor.type(URI, where("import math\n"), "import os\nimport math\n")
                editor.type(URI, where("def circle", editor.text(URI)), "def round")
                await entries(editor, "heigth")  # The server knows of it.
                gate.open()
                await idle(editor)
                (found,) = published(editor)
                text = editor.text(URI)
                assert found["range"] == editor.range_of(
                    URI, where("result = width * heigth", text)
                )

    run(work)


def test_a_closed_document_has_no_findings(tmp_path: Path) -> None:
    """They are taken back, and nothing is asked when it is opened again."""

    async def work() -> None:
        with Gateway(chat_stream(ANSWER)) as gateway:
            async with serving(gateway, tmp_path) as editor:
                await review(editor, uri=URI)
                editor.close_document(URI)
                await editor.until(lambda: published(editor) == [])
                editor.open(URI, "python", SOURCE)
                await asyncio.sleep(0)
                assert len(gateway.requests) == 1

    run(work)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2: error: Bad.", (1, "Bad.")),
        ("- 2: warning - Bad.", (2, "Bad.")),
        ("* line 2: [info] Bad.", (3, "Bad.")),
        ("L2: error: Bad.", None),
        ("2-3: hint: Bad.", (4, "Bad.")),
        ("2\u20139: hint: Bad\u202e.", (4, "Bad.")),
        ("0: error: Bad.", None),
        ("4: error: Bad.", None),
        ("2: error:", None),
        ("2: fatal: Bad.", None),
        ("none", None),
        ("2: error: " + "word " * 200, (1, ("word " * 80).strip())),
    ],
)
def test_a_line_of_an_answer(line: str, expected: tuple[int, str] | None) -> None:
    """The forms that models write are read; what names no line of the code is no finding."""
    text = Text.of("a\n  b\nc\n")
    found = list(findings(line, {"": Reviewed(text, 0, 2)}))
    assert [(d.severity, d.message) for _, d in found] == ([expected] if expected else [])
    assert all(text.slice(d.span).startswith("b") for _, d in found)


def test_findings_are_bounded() -> None:
    """However long an answer is, a document has few of them."""
    about = {"": Reviewed(Text.of("a\n"), 0, 0)}
    assert len(list(findings("1: error: Bad.\n" * 1_000, about))) == MOST_FINDINGS


@pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
def test_the_changes_since_the_last_commit(tmp_path: Path) -> None:
    """Saved, unsaved and new files are shown with their numbers; what is excluded is not."""
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q")
    for name in ("area.py", "same.py", "saved.py"):
        (folder / name).write_text(SOURCE)
    (folder / ".env").write_text("A=1\n")
    git(folder, "add", "-f", ".")
    git(folder, "commit", "-qm", "first")
    (folder / ".env").write_text("A=canary\n")
    (folder / "saved.py").write_text(SOURCE.replace("math.pi *", "3 *"))
    answer = (
        "saved.py:10: error: pi is not 3.\narea.py:5: warning: spelling.\nsame.py:1: error: No."
    )

    async def work() -> None:
        with Gateway(chat_stream(answer)) as gateway:
            async with serving(gateway, tmp_path, root=folder) as editor:
                area, saved = ((folder / name).as_uri() for name in ("area.py", "saved.py"))
                editor.open(area, "python", SOURCE.replace("width *", "width  *"))
                editor.open((folder / ".env").as_uri(), "plaintext", "A=canary of an open file\n")
                await review(editor, uri=area, changes=True)
                asked = gateway.requests[0].json["messages"][-1]["content"]
                assert "10+|     return 3 * radius**2" in asked
                assert " 5+|     result = width  * heigth" in asked
                assert " 4 | def area" in asked
                assert "canary" not in asked
                assert "same.py" not in asked
                assert [d["message"] for d in published(editor, saved)] == ["pi is not 3."]
                assert published(editor, area)[0]["range"]["start"]["line"] == 4
                assert shown(editor)[-1] == "Reviewing 2 changed files: 2 findings."
                editor.open(saved, "python", (folder / "saved.py").read_text())
                editor.type(saved, where("3 *", editor.text(saved)), "math.pi *")
                await editor.until(lambda: published(editor, saved) == [])

    run(work)


@pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
def test_changes_are_looked_at_only_in_a_trusted_folder(tmp_path: Path) -> None:
    """Where the editor says that the workspace is not trusted git is not even started."""
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "area.py").write_text(SOURCE)
    git(folder, "add", ".")
    client = {"experimental": {"glm": {"trusted": False}}}

    async def work() -> None:
        with Gateway(chat_stream(ANSWER)) as gateway:
            async with serving(gateway, tmp_path, root=folder, client=client) as editor:
                await review(editor, uri=(folder / "area.py").as_uri(), changes=True)
                assert any("only in a folder that you trust" in said for said in shown(editor))
                assert gateway.requests == []

    run(work)
