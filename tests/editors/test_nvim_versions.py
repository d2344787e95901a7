"""The version in the answer to `glm/applyEdit`: what it holds, and what the user sees meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.stream import Stream, replacing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.editors.fake_server import FakeServer
    from tests.editors.neovim import Neovim

pytestmark = pytest.mark.editor

LINES = "".join(f"line {number}\n" for number in range(12))


@pytest.mark.parametrize("debounce", [None, 0], ids=["limited", "at once"])
@pytest.mark.parametrize("keys", ["", "3Gityped", "3GVj", "3GRxy", ":w"])
def test_the_version_holds_exactly_the_edit(
    neovim: Neovim, fake_server: FakeServer, document: Path, keys: str, debounce: int | None
) -> None:
    """In every mode the answered version was reported before the answer, with the edit alone."""
    neovim.lua("vim.lsp.get_clients()[1].flags.debounce_text_changes = ...", debounce)
    neovim.lua(
        """
        vim.g.heard = 0
        vim.api.nvim_create_autocmd({ 'TextChanged', 'TextChangedI' }, {
          callback = function() vim.g.heard = vim.g.heard + 1 end,
        })
        """
    )
    neovim.keys(keys)
    neovim.settle()
    stream = Stream(fake_server, document)
    for number in range(4):
        answer = {"applied": False}
        while not answer["applied"]:
            texts = fake_server.texts[stream.uri]
            before = texts[fake_server.versions[stream.uri]]
            answer = stream.change(
                replacing((0, 0), (0, 0), f"new {number}\n"),
                replacing((8 + number, 0), (8 + number, 4), "LINE"),
            )
        after = f"new {number}\n" + before.replace(f"line {8}\n", "LINE 8\n")
        assert answer["version"] == fake_server.versions[stream.uri]
        assert texts[answer["version"]] == after == neovim.text()
    neovim.keys("<Esc>")


def test_an_edit_that_is_refused_has_no_version(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """What the user typed is reported before the refusal, and no version claims to hold it all."""
    stream = Stream(fake_server, document)
    seen = fake_server.versions[stream.uri]
    neovim.keys("x")
    neovim.settle()
    answer = stream.send(0, "new\n", version=seen)
    assert answer["applied"] is False
    assert answer["version"] is None
    assert fake_server.texts[stream.uri][fake_server.versions[stream.uri]] == LINES[1:]


def test_the_end_of_a_stream_has_the_version_as_it_is(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """An edit of nothing changes no version; what the user types then is a step of its own."""
    stream = Stream(fake_server, document)
    version = stream.send(0, "new\n")["version"]
    assert stream.send(0, "", last=True) == {"applied": True, "version": version}
    neovim.keys("Gx")
    neovim.settle()
    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == "new\n" + LINES


@pytest.mark.parametrize(
    ("keys", "end", "text"),
    [
        pytest.param(":s/e/EE", "<Esc>", "new\n" + LINES, id="given up"),
        pytest.param(":s/e/EE", "<C-u>w", "new\n" + LINES, id="another command"),
        pytest.param(":s/e/EE", "/<CR>", LINES.replace("e", "EE", 1), id="carried out"),
        pytest.param(":Shown x", "<Esc>", "new\n" + LINES, id="a command of a plugin's"),
    ],
)
def test_a_preview_of_a_command_is_waited_for(
    neovim: Neovim, fake_server: FakeServer, document: Path, keys: str, end: str, text: str
) -> None:
    """An edit comes when the preview is gone: Neovim would report it to no server before."""
    neovim.lua(
        """
        local options = { nargs = '*', preview = function() return 0 end }
        vim.api.nvim_create_user_command('Shown', print, options)
        """
    )
    neovim.keys(keys)
    neovim.settle()
    stream = Stream(fake_server, document)
    answers: list[dict[str, Any]] = []
    waiting = threading.Thread(target=lambda: answers.append(stream.send(0, "new\n")))
    waiting.start()
    neovim.keys("x<BS>")
    neovim.settle()
    assert answers == []
    neovim.keys(end)
    waiting.join(20)
    assert answers[0]["applied"] is text.startswith("new")
    neovim.keys("<Esc>")
    neovim.settle()
    assert neovim.messages().count("Error") == 0
    assert neovim.text() == text == fake_server.texts[stream.uri][fake_server.versions[stream.uri]]


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        pytest.param(((3, 0), (3, 4), "a longer"), "a longer typed3", id="left of it"),
        pytest.param(((3, 6), (3, 7), "three"), "line typedthree", id="right of it"),
        pytest.param(((2, 0), (3, 0), ""), "line typed3", id="the line above goes"),
        pytest.param(((1, 0), (2, 0), "a\nb\nc\n"), "line typed3", id="more lines above"),
        pytest.param(((4, 0), (6, 0), "x\n"), "line typed3", id="fewer lines below"),
        pytest.param(((3, 0), (3, 0), "x\ny\n"), "line typed3", id="lines before it"),
        pytest.param(((4, 0), (4, 0), "x\ny\n"), "line typed3", id="lines after it"),
        pytest.param(((5, 1), (5, 3), "u"), "line typed3", id="within another line"),
    ],
)
def test_typing_goes_on_at_its_text(
    neovim: Neovim,
    fake_server: FakeServer,
    document: Path,
    edit: tuple[tuple[int, int], tuple[int, int], str],
    line: str,
) -> None:
    """In insert mode the cursor and the marks stay at their text, `.` and `u` do what they do."""
    neovim.keys("1Gma10Gmb4G0f mca")
    neovim.keys("x<BS>t")
    neovim.settle()
    stream = Stream(fake_server, document)
    while not stream.change(replacing(*edit))["applied"]:
        pass
    stream.end()
    neovim.keys("ypx<BS>ed<Esc>")
    neovim.settle()
    lines = neovim.text().split("\n")
    assert line in lines
    marks = [neovim.call("nvim_buf_get_mark", 0, name)[0] - 1 for name in "abc"]
    assert [lines[mark] for mark in marks] == ["line 0", "line 9", line]
    neovim.keys("G0.")
    neovim.settle()
    assert neovim.text().endswith("ltypedine 11\n")
    for _ in range(6):
        neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES
