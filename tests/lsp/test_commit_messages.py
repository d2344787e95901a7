"""The message of a commit, from what is staged in a real repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.demo.editor import ResponseError
from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import idle, run, serving, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glm_lsp.demo.editor import Editor

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git here")

TEMPLATE = "\n# Please enter the commit message for your changes.\n# On branch main\n"


def git(folder: Path, *words: str, **environ: str) -> None:
    own = {"HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **environ}
    who = ("-c", "user.name=a", "-c", "user.email=a@b.invalid", "-c", "init.defaultBranch=main")
    kept = {"PATH": os.environ["PATH"], **own}
    subprocess.run(["git", *who, *words], cwd=folder, env=kept, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two commits, and a change that is staged."""
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "area.py").write_text("def area(a, b):\n    return a + b\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "shop: areas can be computed")
    git(folder, "commit", "-q", "--allow-empty", "-m", "shop: a second step")
    (folder / "area.py").write_text("def area(a, b):\n    return a * b\n")
    git(folder, "add", ".")
    return folder


def at_work(
    folder: Path, tmp_path: Path, work: Callable[[Editor, Gateway], Any], **more: Any
) -> None:
    async def whole() -> None:
        with Gateway(chat_stream("shop: areas are products\n\nThey were sums.")) as gateway:
            async with serving(gateway, tmp_path, root=folder, **more) as editor:
                await work(editor, gateway)

    run(whole)


def buffer(editor: Editor, folder: Path, text: str = TEMPLATE) -> str:
    """Open the buffer that git opens, and return its URI."""
    uri = (folder / ".git" / "COMMIT_EDITMSG").as_uri()
    editor.open(uri, "gitcommit", text)
    return uri


async def write(editor: Editor, uri: str) -> None:
    """Choose the one entry that a message has."""
    start = {"line": 0, "character": 0}
    params = {
        "textDocument": {"uri": uri},
        "range": {"start": start, "end": start},
        "context": {"diagnostics": []},
    }
    listed = await editor.request("textDocument/codeAction", params)
    assert [entry["title"] for entry in listed] == ["GLM: Write the commit message"]
    assert listed[0]["kind"] == "source"
    command = {key: listed[0]["command"][key] for key in ("command", "arguments")}
    await editor.request("workspace/executeCommand", command)
    await idle(editor)


def question(gateway: Gateway) -> str:
    return str(gateway.requests[0].json["messages"][-1]["content"])


@pytest.mark.parametrize(
    ("text", "after", "begun"),
    [
        pytest.param(
            TEMPLATE, "shop: areas are products\n\nThey were sums.\n" + TEMPLATE, "", id="-"
        ),
        pytest.param(
            f"fix\n{TEMPLATE}",
            "shop: areas are products\n\nThey were sums.\n" + TEMPLATE,
            "fix",
            id="begun",
        ),
        pytest.param(
            TEMPLATE[1:],
            "shop: areas are products\n\nThey were sums.\n" + TEMPLATE,
            "",
            id="no empty line",
        ),
        pytest.param(
            TEMPLATE.replace("#", ";"),
            "shop: areas are products\n\nThey were sums.\n" + TEMPLATE.replace("#", ";"),
            "",
            id="another sign for comments",
        ),
        pytest.param("", "shop: areas are products\n\nThey were sums.", "", id="empty"),
    ],
)
def test_a_message_is_written_above_gits_comments(
    text: str, after: str, begun: str, repository: Path, tmp_path: Path
) -> None:
    """From the staged change, in the style of the last messages; what stood there is replaced."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        uri = buffer(editor, repository, text)
        await write(editor, uri)
        assert editor.text(uri) == after
        asked = question(gateway)
        assert "-    return a + b\n+    return a * b" in asked
        assert asked.index("shop: a second step") < asked.index("shop: areas can be computed")
        assert ("has written so far:\n```\nfix\n```" in asked) is bool(begun)
        await editor.execute("glm.reject", job=editor.received("glm/applyEdit")[0]["job"])
        assert editor.text(uri) == text

    at_work(repository, tmp_path, work)


def test_what_must_stay_is_neither_sent_nor_named(repository: Path, tmp_path: Path) -> None:
    """Excluded files, whose names say so or the settings, are left out, and that is said."""
    (repository / ".env").write_text("TOKEN=canary\n")
    (repository / "plans.txt").write_text("canary\n")
    (repository / "key.py").write_text('password = "kR7vQz2mWx9pLt4n"\n')
    git(repository, "add", "-f", ".")

    async def work(editor: Editor, gateway: Gateway) -> None:
        await write(editor, buffer(editor, repository))
        asked = question(gateway)
        assert "canary" not in asked
        assert ".env" not in asked
        assert "plans" not in asked
        assert "kR7vQz2mWx9pLt4n" not in asked, "secrets in ordinary files are struck out"
        assert "key.py" in asked
        assert any("2 files stay on your machine" in message for message in shown(editor))

    at_work(repository, tmp_path, work, context={"exclude": ["plans.*"]})


def test_nothing_staged_asks_nothing(repository: Path, tmp_path: Path) -> None:
    """Nor does a folder without a repository, nor one that the user does not trust."""
    git(repository, "commit", "-qm", "all")

    async def work(editor: Editor, gateway: Gateway) -> None:
        uri = buffer(editor, repository)
        await write(editor, uri)
        assert any("Nothing is staged" in message for message in shown(editor))
        outside = tmp_path / "COMMIT_EDITMSG"
        editor.open(outside.as_uri(), "gitcommit", "")
        await write(editor, outside.as_uri())
        assert any("This is no git repository" in message for message in shown(editor))
        assert gateway.requests == []

    at_work(repository, tmp_path, work)


def test_git_is_asked_only_in_a_trusted_folder(repository: Path, tmp_path: Path) -> None:
    """Where the editor says that the workspace is not trusted git is not even started."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        await write(editor, buffer(editor, repository))
        assert any("only in a folder that you trust" in message for message in shown(editor))
        assert gateway.requests == []

    at_work(repository, tmp_path, work, client={"experimental": {"glm": {"trusted": False}}})


def test_a_client_with_a_box_gets_the_message(repository: Path, tmp_path: Path) -> None:
    """For a folder the answer of the command is the message; nothing staged is an error."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        folder = repository.as_uri()
        said = await editor.execute("glm.commitMessage", folder=folder, begun="fix")
        assert "has written so far:\n```\nfix\n```" in question(gateway)
        assert said == {"message": "shop: areas are products\n\nThey were sums."}
        git(repository, "commit", "-qm", "all")
        said = await editor.execute("glm.commitMessage", folder=folder)
        assert said == {"message": ""}
        assert any("Nothing is staged" in message for message in shown(editor))
        assert len(gateway.requests) == 1

    at_work(repository, tmp_path, work)


def test_the_first_commit_has_a_message(tmp_path: Path) -> None:
    """Without a commit yet, all that is staged is new, and there is no style to follow."""
    folder = tmp_path / "new"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "area.py").write_text("AREA = 1\n")
    git(folder, "add", ".")

    async def work(editor: Editor, gateway: Gateway) -> None:
        await write(editor, buffer(editor, folder))
        assert "+AREA = 1" in question(gateway)
        assert "The last messages" not in question(gateway)

    at_work(folder, tmp_path, work)


def test_a_huge_change_is_cut(repository: Path, tmp_path: Path) -> None:
    """Each file's part and all of them are bounded; what is not shown is named, or counted."""
    for number in range(12):
        (repository / f"big{number:02}.txt").write_text("some words\n" * 3_000)
    git(repository, "add", ".")

    async def work(editor: Editor, gateway: Gateway) -> None:
        await write(editor, buffer(editor, repository))
        asked = question(gateway)
        assert len(asked) < 70_000
        assert "more lines)" in asked
        assert "Changed as well, and not shown:" in asked
        assert "big11.txt" in asked

    at_work(repository, tmp_path, work)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param("```text\nfix: a\n\nb\n```\n", "fix: a\n\nb", id="a fence"),
        pytest.param('"fix: a"', "fix: a", id="quotes"),
        pytest.param("#12 a\n# b", " #12 a\n # b", id="git's comments"),
        pytest.param("a  \r\nb\u202e\n", "a\nb", id="what nobody sees"),
        pytest.param("x" * 5_000, "x" * 4_000, id="long"),
    ],
)
def test_what_of_an_answer_is_the_message(answer: str, message: str) -> None:
    """Fences, quotes and what git would drop do not get in."""
    from glm_lsp.prompts.commit import message_of

    assert message_of(answer, "#") == message


def test_no_answer_fails_well(repository: Path, tmp_path: Path) -> None:
    """An empty answer leaves the buffer as it is, and says so."""

    async def work(editor: Editor, gateway: Gateway) -> None:
        gateway.script(chat_stream("```\n```"))
        uri = buffer(editor, repository)
        await write(editor, uri)
        assert editor.text(uri) == TEMPLATE
        assert any("empty" in message for message in shown(editor))

    at_work(repository, tmp_path, work)


def test_a_box_without_a_folder_of_this_machine(repository: Path, tmp_path: Path) -> None:
    """A remote folder is refused in a sentence."""

    async def work(editor: Editor, _: Gateway) -> None:
        with pytest.raises(ResponseError, match="not on this machine"):
            await editor.execute("glm.commitMessage", folder="vscode-remote://host/x")

    at_work(repository, tmp_path, work)
