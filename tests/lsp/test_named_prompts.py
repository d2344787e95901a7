"""Prompts that a user or a workspace has written down are entries of the menu."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.actions.named import parse
from glm_lsp.demo.editor import ResponseError
from glm_lsp.errors import SettingsError
from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import FIXED, SOURCE, fence, idle, run, serving, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

PROMPT = "---\ntitle: Spell it right\nkinds: refactor.rewrite.spelling\n---\nMend the spelling.\n"
WHY = '---\ntitle: "Ask why"\nkinds: [glm.explain, source]\n---\nWhy is it so?\n'


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        pytest.param("Just a text.\n", "should begin with a line of `---`", id="no front"),
        pytest.param("---\ntitle: a\nText.\n", "no second line", id="no end"),
        pytest.param("---\nkinds: source\n---\nText.\n", "no title", id="no title"),
        pytest.param("---\ntitle: GLM:  \n---\nText.\n", "no title", id="an empty title"),
        pytest.param("---\ntitle: a\n---\n  \n", "no text", id="no text"),
        pytest.param("---\ntitle: a\nrun: rm\n---\nText.\n", "a line `run: rm`", id="another key"),
        pytest.param("---\ntitle: a\nrun\n---\nText.\n", "a line `run`", id="no key"),
        pytest.param("---\ntitle: a\nkinds: magic\n---\nT.\n", "kind `magic`: there", id="a kind"),
        pytest.param("---\ntitle: a\nkinds:\n---\nText.\n", "a kind ``", id="no kind"),
    ],
)
def test_what_is_wrong_with_a_file(source: str, fault: str) -> None:
    """One sentence names it, and what it should be."""
    with pytest.raises(SettingsError, match=fault):
        parse("a.md", source)


def test_a_file_is_read() -> None:
    """Title, kinds and text; a byte order mark, quotes and Windows' line ends do not matter."""
    made = parse("a.md", "\ufeff" + WHY.replace("\n", "\r\n"), workspaces=True)
    assert (made.title, made.kinds, made.text) == (
        "Ask why",
        ("glm.explain", "source"),
        "Why is it so?",
    )
    assert made.label == "GLM: Ask why (workspace)"
    assert parse("b.md", "---\ntitle: GLM: b\n---\nB.").label == "GLM: b"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A workspace with the file that is open in the editor."""
    project = tmp_path / "project"
    (project / ".glm" / "actions").mkdir(parents=True)
    (project / "area.py").write_text(SOURCE)
    return project


async def titles(editor: Editor, project: Path, **context: Any) -> dict[str, Any]:
    """List the entries at the first function, by their titles."""
    where = {"line": 4, "character": 6}
    params = {
        "textDocument": {"uri": (project / "area.py").as_uri()},
        "range": {"start": where, "end": where},
        "context": {"diagnostics": [], **context},
    }
    listed = await editor.request("textDocument/codeAction", params)
    return {action["title"]: action for action in listed}


async def until_listed(editor: Editor, project: Path, title: str) -> dict[str, Any]:
    """Wait until an entry is there: files are read in the background."""
    while title not in (found := await titles(editor, project)):
        await asyncio.sleep(0.05)
    return found


async def do(editor: Editor, entry: dict[str, Any]) -> None:
    command = {key: entry["command"][key] for key in ("command", "arguments")}
    await editor.request("workspace/executeCommand", command)
    await idle(editor)


def at_work(
    project: Path, tmp_path: Path, work: Callable[[Editor, Gateway], Any], **more: Any
) -> None:
    """Run something with a server that has the workspace."""

    async def whole() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            environ = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
            started = serving(gateway, tmp_path, root=project, environ=environ, **more)
            async with started as editor:
                editor.open((project / "area.py").as_uri(), "python", SOURCE)
                await work(editor, gateway)

    run(whole)


def test_a_workspaces_prompt_is_an_entry(project: Path, tmp_path: Path) -> None:
    """It stands in the menu under its kinds, asks its text, and its answer is an edit."""
    (project / ".glm/actions/spell.md").write_text(PROMPT)
    (project / ".glm/actions/why.md").write_text(WHY)

    async def work(editor: Editor, gateway: Gateway) -> None:
        title = "GLM: Spell it right (workspace)"
        found = await until_listed(editor, project, title)
        assert found[title]["kind"] == "refactor.rewrite.spelling"
        sources = await titles(editor, project, only=["source"])
        assert sources["GLM: Ask why (workspace)"]["kind"] == "source"
        assert title not in sources
        assert gateway.requests == []
        await do(editor, found[title])
        question = gateway.requests[0].json["messages"][-1]["content"]
        assert question.endswith("The programmer asks: Mend the spelling.")
        assert "result = width * height" in editor.text((project / "area.py").as_uri())
        gateway.script(chat_stream("Because."))
        await do(editor, found["GLM: Ask why (workspace)"])
        assert "Because." in "".join(p["delta"] for p in editor.received("glm/explanation"))

    at_work(project, tmp_path, work)


def test_the_users_own_are_there_in_every_workspace(project: Path, tmp_path: Path) -> None:
    """Also where the workspace is not trusted, whose own are not; they may be links."""
    own = tmp_path / "config" / "glm-lsp" / "actions"
    own.mkdir(parents=True)
    (tmp_path / "dotfiles.md").write_text(PROMPT)
    (own / "mine.md").symlink_to(tmp_path / "dotfiles.md")
    (project / ".glm/actions/why.md").write_text(WHY)
    untrusted = {"experimental": {"glm": {"trusted": False}}}

    async def work(editor: Editor, _: Gateway) -> None:
        found = await until_listed(editor, project, "GLM: Spell it right")
        assert not any("Ask why" in title for title in found)

    at_work(project, tmp_path, work, client=untrusted)


def test_files_that_come_and_go_are_seen(project: Path, tmp_path: Path) -> None:
    """What the editor tells of is read at once; an entry whose file is gone asks nothing."""
    path = project / ".glm/actions/spell.md"

    async def work(editor: Editor, gateway: Gateway) -> None:
        title = "GLM: Spell it right (workspace)"
        told = {"changes": [{"uri": path.as_uri(), "type": 1}]}
        path.write_text(PROMPT)
        editor.notify("workspace/didChangeWatchedFiles", told)
        found = await until_listed(editor, project, title)
        path.unlink()
        editor.notify("workspace/didChangeWatchedFiles", told)
        while title in await titles(editor, project):
            await asyncio.sleep(0.05)
        with pytest.raises(ResponseError, match="no such prompt any more"):
            await do(editor, found[title])
        assert gateway.requests == []

    at_work(project, tmp_path, work)


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
def test_hostile_files_are_refused_in_a_sentence_each(project: Path, tmp_path: Path) -> None:
    """Links out of the workspace, pipes, huge and excluded files are none; others still are."""
    folder = project / ".glm/actions"
    (tmp_path / "outside.md").write_text(PROMPT.replace("Spell it right", "Outside"))
    (folder / "a-link.md").symlink_to(tmp_path / "outside.md")
    (folder / "b-huge.md").write_text(PROMPT + "x" * 9_000)
    os.mkfifo(folder / "c-pipe.md")
    (folder / "d-bad.md").write_text("no front\n")
    (folder / "e-secret.md").write_text(PROMPT.replace("Spell it right", "Excluded"))
    (folder / "f-zero.md").symlink_to("/dev/zero")
    (folder / "z-good.md").write_text(PROMPT)

    async def work(editor: Editor, _: Gateway) -> None:
        found = await until_listed(editor, project, "GLM: Spell it right (workspace)")
        assert not any("Outside" in title or "Excluded" in title for title in found)
        await editor.until(lambda: len(shown(editor)) >= 3)
        again = {"changes": [{"uri": (folder / "z-good.md").as_uri(), "type": 2}]}
        editor.notify("workspace/didChangeWatchedFiles", again)
        (folder / "z-good.md").write_text(PROMPT.replace("Spell it right", "Spell better"))
        editor.notify("workspace/didChangeWatchedFiles", again)
        await until_listed(editor, project, "GLM: Spell better (workspace)")
        said = "\n".join(shown(editor))
        assert said.count("a-link.md leads out of the workspace: it is not read.") == 1
        assert "b-huge.md is longer than 8,000 characters" in said
        assert "c-pipe.md is empty, or no regular file" in said

    at_work(project, tmp_path, work, context={"exclude": ["e-*.md"]})


def test_a_menu_is_no_list_of_files(project: Path, tmp_path: Path) -> None:
    """Of very many files the first fifty are entries, and that is said."""
    for number in range(60):
        text = PROMPT.replace("Spell it right", f"Number {number:02}")
        (project / f".glm/actions/{number:02}.md").write_text(text)

    async def work(editor: Editor, _: Gateway) -> None:
        found = await until_listed(editor, project, "GLM: Number 49 (workspace)")
        assert len([title for title in found if "Number" in title]) == 50
        assert any("more than 50 files" in message for message in shown(editor))

    at_work(project, tmp_path, work)
