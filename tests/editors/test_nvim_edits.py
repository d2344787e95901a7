"""The plugin's `glm/applyEdit`: real Neovim, and a server that sends what the test wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors.stream import Stream

if TYPE_CHECKING:
    from pathlib import Path

    from tests.editors.fake_server import FakeServer
    from tests.editors.neovim import Neovim

pytestmark = pytest.mark.editor

LINES = "".join(f"line {number}\n" for number in range(12))


def test_one_undo_takes_a_stream_back(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """Ten edits of one job are one undo step, and redo brings all of them back."""
    stream = Stream(fake_server, document)
    for number in range(10):
        assert stream.insert(2 * number, f"new {number}\n")
    streamed = neovim.text()
    assert streamed.count("new") == 10

    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES
    neovim.keys("<C-r>")
    neovim.settle()
    assert neovim.text() == streamed


@pytest.mark.parametrize(
    ("typed", "effect"),
    [
        pytest.param("Gotyped<Esc>", LINES + "typed\n", id="a new line"),
        pytest.param("Gdd", LINES.replace("line 11\n", ""), id="a deleted line"),
        pytest.param(":$s/line/LINE/<CR>", LINES.replace("line 11", "LINE 11"), id="an ex command"),
        pytest.param("Gyyp", LINES + "line 11\n", id="a paste"),
    ],
)
def test_typing_in_normal_mode_joins_the_stream(
    neovim: Neovim, fake_server: FakeServer, document: Path, typed: str, effect: str
) -> None:
    """What the user does between two edits is kept, and the stream stays one undo step."""
    stream = Stream(fake_server, document)
    stream.insert_until_applied(0, "first\n")
    neovim.keys(typed)
    neovim.settle()
    stream.insert_until_applied(1, "second\n")
    neovim.keys("ggjj0x")
    neovim.settle()
    stream.insert_until_applied(0, "third\n")

    assert neovim.text() == "third\nfirst\nsecond\n" + effect[1:]
    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES


def test_typing_in_insert_mode_loses_no_key(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """Every key typed while edits arrive is in the text; undo ends at the original."""
    neovim.keys("3Gofirst ")
    neovim.settle()
    stream = Stream(fake_server, document)
    keys = ["a", "b", "<CR>", "c", "<BS>", "<BS>", "d", "<CR>", "e"]
    for number, key in enumerate(keys):
        stream.insert_until_applied(0, f"new {number}\n")
        neovim.keys(key)
    while not stream.send(0, "last\n", last=True)["applied"]:
        pass
    neovim.keys("<CR>f<Esc>j")
    neovim.settle()
    assert neovim.lua("return vim.on_key()") == 0, "nothing watches keys when all is over"

    added = "".join(f"new {number}\n" for number in reversed(range(9)))
    lines = LINES.replace("line 2\n", "line 2\nfirst abd\ne\nf\n")
    assert neovim.text().removeprefix("last\n") == added + lines
    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES.replace("line 2\n", "line 2\nfirst \n")
    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES


@pytest.mark.parametrize("pending", ["d", "2", '"a', ":normal ", "v", "R", "<C-v>", "q:"])
def test_keys_in_progress_are_not_disturbed(
    neovim: Neovim, fake_server: FakeServer, document: Path, pending: str
) -> None:
    """An edit that arrives in the middle of a command neither ends nor changes it."""
    neovim.keys("G" + pending)
    before = neovim.call("nvim_get_mode")
    stream = Stream(fake_server, document)
    if before["blocking"]:  # Neovim handles no message before the next key.
        neovim.keys("k")
    else:
        stream.insert_until_applied(0, "new\n")
        assert neovim.call("nvim_get_mode") == before
    neovim.keys("<Esc><Esc>:q<CR>" if pending == "q:" else "<Esc><Esc>")
    stream.insert_until_applied(0, "newer\n")
    assert neovim.text().startswith("newer\n")


def test_undo_during_the_stream_stops_it(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """`u` while edits arrive takes them back, and asks the server to stop."""
    stream = Stream(fake_server, document)
    stream.insert_until_applied(0, "first\n")
    stream.insert_until_applied(1, "second\n")
    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES

    stream.insert(2, "stale\n")
    assert not stream.insert(2, "third\n")
    assert neovim.text() == LINES
    cancelled = fake_server.wait("workspace/executeCommand")
    assert cancelled == {"command": "glm.cancel", "arguments": [{"job": "job-1"}]}
    assert neovim.lua("return vim.on_key()") == 0
    assert stream.insert(0, "restored\n"), "what the server restores must still get in"
    assert neovim.messages().count("E") == 0


@pytest.mark.parametrize("version", [999, -5])
def test_refuses_edits_for_another_version(
    neovim: Neovim, fake_server: FakeServer, document: Path, version: int
) -> None:
    """A stale or a future version changes nothing, and says so."""
    assert not Stream(fake_server, document).insert(0, "new\n", version=version)
    assert neovim.text() == LINES


def test_refuses_the_first_version_once_the_text_has_changed(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """The version a document was opened with is checked like any other."""
    opened = fake_server.versions[document.as_uri()]
    neovim.keys("x")
    neovim.settle()
    assert not Stream(fake_server, document).insert(0, "new\n", version=opened)


def test_tells_the_server_what_changed_before_it_answers(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """The change an edit makes is notified before the edit is answered."""
    before = len(fake_server.all("textDocument/didChange"))
    assert Stream(fake_server, document).insert(0, "new\n")
    assert len(fake_server.all("textDocument/didChange")) == before + 1


def test_edits_a_buffer_that_is_not_shown(
    neovim: Neovim, fake_server: FakeServer, document: Path, tmp_path: Path
) -> None:
    """A stream goes on in the background, still as one undo step."""
    other = tmp_path / "other.py"
    other.write_text("x = 1\n")
    stream = Stream(fake_server, document)
    assert stream.insert(0, "first\n")
    neovim.lua("vim.o.hidden = true")
    neovim.edit(other)
    fake_server.wait("textDocument/didOpen", 2)
    neovim.keys("ix<Esc>")
    neovim.settle()
    assert stream.insert(1, "second\n")
    assert stream.insert(2, "third\n")
    assert neovim.text() == "xx = 1\n"

    neovim.edit(document)
    assert neovim.text() == "first\nsecond\nthird\n" + LINES
    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES
