"""A server that goes away in the middle of a change: what it wrote is taken back, no more."""

from __future__ import annotations

import os
import queue
import random
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.glm_in_neovim import choose, finish, start
from tests.editors.real_server import rewrite_of, through_gateway
from tests.editors.stream import Stream, replacing
from tests.gateway import Gate, Gateway, chat_stream

if TYPE_CHECKING:
    from pathlib import Path

    from tests.editors.fake_server import FakeServer
    from tests.editors.neovim import Neovim

pytestmark = pytest.mark.editor

LINES = "".join(f"line {number}\n" for number in range(12))
BROKEN = "glm: the server broke off in the middle of a change; what it had written "
TAKEN = BROKEN + "is taken back"
KILL = "vim.uv.kill(vim.api.nvim_get_proc_children(vim.fn.getpid())[1], 'sigkill')"
GONE = "return #vim.lsp.get_clients({ name = 'glm' }) == 0"

EDITS: list[list[dict[str, Any]]] = [
    [replacing((0, 0), (0, 0), "new a\nnew b\n")],  # Inserted.
    [replacing((4, 0), (5, 0), "")],  # "line 2" is removed,
    [replacing((4, 0), (4, 0), "LINE 2\nmore\n")],  # and written anew beside it.
    [replacing((6, 5), (6, 6), "three"), replacing((7, 0), (7, 4), "LINE")],  # Within lines.
    [replacing((9, 0), (11, 0), "A\nB\nC\n")],  # Lines 6 and 7 become three,
    [replacing((11, 0), (12, 0), "CC\nD\n")],  # the last of which is written again.
    [replacing((13, 0), (15, 0), "EIGHT\nNINE\n")],  # Two lines, each another now.
    [replacing((17, 0), (17, 0), "end\n")],  # After the last line.
]
WRITTEN = (
    "new a\nnew b\nline 0\nline 1\nLINE 2\nmore\nline three\nLINE 4\nline 5\n"
    "A\nB\nCC\nD\nEIGHT\nNINE\nline 10\nline 11\nend\n"
)


def write(stream: Stream) -> None:
    """Write half a change, of every kind of edit."""
    for edits in EDITS:
        while not stream.change(*edits)["applied"]:
            pass


def warned(neovim: Neovim) -> str:
    """Wait for the sentence and return it."""
    neovim.wait("return vim.fn.execute('messages'):find('broke off') ~= nil")
    messages = neovim.messages()
    assert messages.count("broke off") == 1
    assert "Error" not in messages
    return next(line for line in messages.splitlines() if "broke off" in line)


@pytest.mark.parametrize("mode", ["", "6Gi", "17Gi", "V", ":s/l/LLL"])
def test_half_a_change_is_taken_back(
    neovim: Neovim, fake_server: FakeServer, document: Path, mode: str
) -> None:
    """In every mode the file is as before the change; `u` finds nothing odd, redo neither."""
    write(Stream(fake_server, document))
    assert neovim.text() == WRITTEN
    neovim.keys(mode)
    neovim.settle()
    fake_server.break_off()
    neovim.wait(GONE)
    neovim.keys("<Esc>")
    assert warned(neovim) == TAKEN
    assert neovim.text() == LINES
    assert neovim.lua("return vim.on_key()") == 0
    for keys in ("u", "<C-r>"):
        neovim.keys(keys)
        neovim.settle()
        assert neovim.text() == LINES


@pytest.mark.parametrize(
    ("keys", "text", "left"),
    [
        pytest.param("3GAtyped<Esc>", LINES.replace("line 0", "line 0typed"), False, id="beside"),
        pytest.param("3GOx<CR>y<Esc>", "x\ny\n" + LINES, False, id="new lines below GLM's"),
        pytest.param("2Gox<CR>y<Esc>", "x\ny\n" + LINES, False, id="after a line of GLM's"),
        pytest.param("1Gox<CR>y<Esc>", "x\ny\n" + LINES, False, id="between lines of GLM's"),
        pytest.param("1GA<CR>x<CR>y<Esc>", "x\ny\n" + LINES, False, id="at the end of a line"),
        pytest.param("1GAtyped<Esc>", "new atyped\n" + LINES, True, id="in a line of GLM's"),
        pytest.param("1GJ", "new a new b\n" + LINES, True, id="two lines of GLM's joined"),
        pytest.param("1Gdd", LINES, True, id="a line of GLM's deleted"),
        pytest.param(
            "5GAx<Esc>",
            LINES.replace("line 2\n", "LINE 2x\nmore\n"),
            True,
            id="in one of two lines that stand for another",
        ),
        pytest.param("7Gx", LINES.replace("line 3\n", "ine three\n"), True, id="in a changed line"),
        pytest.param("14Gx", LINES.replace("line 8", "IGHT"), True, id="in one of two lines"),
        pytest.param("8Gyyp", LINES.replace("line 4\n", "line 4\nLINE 4\n"), False, id="a copy"),
        pytest.param("Gx", LINES + "nd\n", True, id="in the last line"),
        pytest.param("Gox<Esc>", LINES + "x\n", False, id="after the last line"),
        pytest.param(
            "14GkJ", LINES.replace("line 6\nline 7\nline 8\n", "A\nB\nCC\nD EIGHT\n"), True, id="J"
        ),
    ],
)
def test_what_the_user_touched_stays(
    neovim: Neovim, fake_server: FakeServer, document: Path, keys: str, text: str, left: bool
) -> None:
    """Typing stays, and a line of GLM's with it; the sentence says so; `u` takes all back."""
    write(Stream(fake_server, document))
    neovim.keys(keys)
    neovim.settle()
    fake_server.break_off()
    assert warned(neovim) == TAKEN + (", but not where you changed it" if left else "")
    assert neovim.text() == text
    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES


def test_typing_goes_on_when_the_server_has_gone(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """In insert mode no key is lost, and what is typed afterwards is a step of its own."""
    write(Stream(fake_server, document))
    neovim.keys("15Goone<CR>two")
    neovim.settle()
    fake_server.break_off()
    warned(neovim)
    neovim.keys("<BS><BS>en<CR>four<Esc>")
    neovim.settle()
    assert neovim.text() == LINES.replace("line 9\n", "line 9\none\nten\nfour\n")
    neovim.keys("uu")
    neovim.settle()
    assert neovim.text() == LINES
    assert neovim.lua("return vim.on_key()") == 0


def test_typing_right_below_a_line_of_glms(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """What the plugin does to keep undo right counts as nobody's change."""
    stream = Stream(fake_server, document)
    stream.insert_until_applied(0, "new\n")
    neovim.keys("ggo")
    neovim.settle()
    stream.insert_until_applied(3, "newer\n")
    neovim.keys("typed<CR>more")
    neovim.settle()
    fake_server.break_off()
    assert warned(neovim) == TAKEN
    assert neovim.text() == "typed\nmore\n" + LINES


def test_nothing_is_left_to_take_back(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """Where the user has rewritten the only line that GLM wrote, all stays, and that is said."""
    Stream(fake_server, document).send(0, "new\n")
    neovim.keys("ggcctyped<Esc>")
    neovim.settle()
    fake_server.break_off()
    assert warned(neovim) == BROKEN + "stays, for you changed it"
    assert neovim.text() == "typed\n" + LINES


@pytest.mark.parametrize("end", ["last", "undone", "reloaded", "closed"])
def test_what_is_over_is_not_taken_back(
    neovim: Neovim, fake_server: FakeServer, document: Path, end: str
) -> None:
    """A change that has ended, was undone, or whose file was read anew is nobody's business."""
    stream = Stream(fake_server, document)
    write(stream)
    text = WRITTEN
    if end == "last":
        stream.end()
    elif end == "undone":
        neovim.keys("u")
        text = LINES
    elif end == "reloaded":
        neovim.lua("vim.cmd('edit!')")
        text = LINES
    else:
        neovim.lua("vim.cmd('enew! | bdelete! #')")
        text = "\n"
    neovim.settle()
    fake_server.break_off()
    neovim.wait(GONE)
    neovim.keys("<Esc>")
    neovim.settle()
    assert neovim.text() == text
    assert "broke off" not in neovim.messages()
    assert "Error" not in neovim.messages()


def test_an_edit_that_still_waits_is_not_applied(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """What waits for the end of a command's preview comes to nothing without its server."""
    neovim.keys(":s/l/LLL")
    neovim.settle()
    stream = Stream(fake_server, document)
    with pytest.raises(queue.Empty):
        stream.change(replacing((0, 0), (0, 0), "new\n"), seconds=0.3)
    fake_server.break_off()
    neovim.wait(GONE)
    neovim.keys("<Esc>")
    neovim.settle()
    assert neovim.text() == LINES
    assert neovim.messages() == ""


TYPED = """
oU<Esc> OU<Esc> oU<CR>U<Esc> A<CR>U<Esc> AU<Esc> IU<Esc> dd J ccU<Esc> 3li<CR>U<Esc> ddp 2>>
""".split()


RUNS = 3 * int(os.environ.get("GLM_TEST_SCALE", "1"))


@pytest.mark.parametrize("seed", range(RUNS))
def test_random_lives(neovim: Neovim, fake_server: FakeServer, document: Path, seed: int) -> None:
    """No key is ever lost, what is left of GLM's is said, and one `u` leads back to the start."""
    dice = random.Random(seed)  # noqa: S311
    stream = Stream(fake_server, document)
    stream.insert_until_applied(0, "GLM 1\n")
    for _ in range(8):
        lines = neovim.text().splitlines()
        first = dice.randrange(len(lines))
        last = min(first + dice.randrange(3), len(lines))
        if "U" not in "".join(lines[first:last]):
            new = dice.choice(["GLM 2\n", "GLM 3\nGLM 4\n", "GLM 5\nGLM 6\nGLM 7\n"])
            while not stream.change(replacing((first, 0), (last, 0), new))["applied"]:
                pass
        row = 1 + dice.randrange(len(neovim.text().splitlines()))
        neovim.keys(f"{row}G{dice.choice(TYPED)}")
        neovim.settle()
    typed = neovim.text().count("U")
    fake_server.break_off()
    message = warned(neovim)
    assert neovim.text().count("U") == typed
    assert "GLM" not in neovim.text() or "you changed it" in message
    neovim.keys("u")
    neovim.settle()
    assert neovim.text() == LINES


@pytest.mark.parametrize("typed", ["", "Goabove<CR>below<Esc>"])
def test_a_killed_server(tmp_path: Path, typed: str) -> None:
    """A kill -9 in mid-stream: the file is the original with what was typed, and one `u` away."""
    before, after = rewrite_of("step", "def run(value):", 40)
    path = tmp_path / "run.py"
    path.write_text(before + "\n\ndone = True\n")
    gate = Gate()
    reply = chat_stream(f"```python\n{after}```", chunk=24).slowly(0.012)
    with (
        Gateway(reply.before(len(reply.steps) // 2, gate)) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        original = neovim.text()
        neovim.keys("gg")
        choose(neovim, "GLM: Simplify")
        neovim.wait("return vim.fn.search('log.debug', 'nw') > 0")
        neovim.keys(typed)
        neovim.settle()
        time.sleep(0.3)
        assert "log.debug" in neovim.text()
        neovim.lua(KILL)
        assert warned(neovim) == TAKEN
        assert neovim.text() == original + ("above\nbelow\n" if typed else "")
        neovim.keys("u")
        neovim.settle()
        assert neovim.text() == original
        gate.open()


def test_a_server_that_is_killed_afterwards(tmp_path: Path) -> None:
    """When the change was complete it stays, whatever becomes of the server."""
    before, after = rewrite_of("step", "def run(value):", 4)
    path = tmp_path / "run.py"
    path.write_text(before)
    with (
        Gateway(chat_stream(f"```python\n{after}```", chunk=24)) as gateway,
        start(tmp_path, through_gateway(gateway.base_url), path) as neovim,
    ):
        neovim.keys("gg")
        choose(neovim, "GLM: Simplify")
        finish(neovim)
        assert neovim.text() == after
        neovim.lua(KILL)
        neovim.wait(GONE)
        assert neovim.text() == after
        assert "broke off" not in neovim.messages()
