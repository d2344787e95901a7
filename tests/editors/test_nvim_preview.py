"""Changes that are only offered: a coloured diff in the buffer, and one key to take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors.neovim import Neovim
from tests.editors.stream import hunk, list_changes, offered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors.fake_server import FakeServer
    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor

LINES = "".join(f"line {number}\n" for number in range(12))
FAULT = "The answer no longer defines the function it was asked about, which others call."
REPLACED = hunk(1, 3, 5, "line 3\nline 4\n", "\tthree\nfour\nmore\n")
KEYS = "<C-y> applies it, <C-e> refuses it"


def visible(neovim: Neovim) -> list[str]:
    """Return the lines on the screen that hold something."""
    return [line.strip() for line in neovim.screen().split("\n")[:-2] if line.strip("~ ")]


def test_an_offer_is_shown_as_a_diff(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """Below the lines that would go stand the new ones, and what is wrong with them."""
    list_changes(fake_server, document, offered("simplify", REPLACED, fault=FAULT))
    lines = visible(neovim)
    at = lines.index("line 4")
    assert lines[at + 1] == "GLM: Simplify: " + KEYS
    assert lines[at + 2] == FAULT
    assert lines[at + 3 : at + 7] == ["three", "four", "more", "line 5"]
    cells = "return vim.iter({ 3, 4, 5, 8, 9, 10, 11 }):map(%s):totable()"
    groups = neovim.lua(cells % "function(row) return vim.fn.screenattr(row, 40) end")
    assert groups[1] == groups[2] != groups[0] == groups[6]
    assert groups[3] == groups[4] == groups[5] not in groups[:3]
    assert neovim.text() == LINES
    assert neovim.lua("return vim.bo.modified") is False
    message = neovim.messages()
    assert message.startswith(f"glm: Simplify (line 4): {KEYS}. The answer no longer")
    assert message.endswith("…"), "a longer message would wait for a key"
    assert neovim.call("nvim_get_mode") == {"mode": "n", "blocking": False}

    list_changes(fake_server, document)
    assert visible(neovim) == LINES.split("\n")[:-1]


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        ("<C-y>", "glm.apply"),
        ("<C-e>", "glm.reject"),
        (":Glm apply<CR>", "glm.apply"),
        (":Glm refuse<CR>", "glm.reject"),
    ],
)
def test_one_step_takes_or_refuses_it(
    neovim: Neovim, fake_server: FakeServer, document: Path, keys: str, command: str
) -> None:
    """The keys and the commands name the offer at the cursor, else the last one."""
    below = offered("fix", hunk(1, 9, 10, "line 9\n", "nine\n"))
    list_changes(fake_server, document, offered("simplify", REPLACED), below)
    for number, (place, job) in enumerate({"4G": "simplify", "10G": "fix", "1G": "fix"}.items()):
        neovim.keys(place + keys)
        params = fake_server.wait("workspace/executeCommand", number + 1)
        assert params == {"command": command, "arguments": [{"job": job}]}
    neovim.settle()
    refused = "glm: the change is refused" in neovim.messages()
    assert refused is (command == "glm.reject"), "what is applied is seen"


def test_the_keys_are_there_only_with_the_preview(
    neovim: Neovim, fake_server: FakeServer, document: Path, tmp_path: Path
) -> None:
    """Before, afterwards, in other buffers and in other modes the keys are what they were."""
    mapped = "return vim.fn.maparg('<C-y>', 'n') .. vim.fn.maparg('<C-e>', 'n') ~= ''"
    assert not neovim.lua(mapped)
    list_changes(fake_server, document, offered("simplify", REPLACED))
    list_changes(fake_server, document, offered("simplify", REPLACED))
    assert neovim.lua("return vim.fn.maparg('<C-y>', 'n', false, true).buffer") == 1
    assert neovim.lua("return vim.fn.maparg('<C-y>', 'i')") == ""
    assert neovim.messages().count("Simplify") == 1, "an offer is announced once"
    neovim.lua("vim.cmd.split(...)", str(tmp_path / "other.txt"))
    assert not neovim.lua(mapped)
    neovim.lua("vim.cmd.quit()")
    list_changes(fake_server, document)
    assert not neovim.lua(mapped)


def test_mappings_of_the_users_stay(
    tmp_path: Path, document: Path, fake_server: FakeServer, editor: Callable[[str], Found]
) -> None:
    """A key that the user has mapped is not taken; the sentence names the command instead."""
    editor("nvim")
    init = fake_server.init_lua + (
        "vim.keymap.set('n', '<C-y>', function() vim.cmd('normal! x') end)\n"
        "vim.g.glm = { preview_refuse = '<F5>' }\n"
    )
    with Neovim(tmp_path / "home", init) as neovim:
        neovim.edit(document)
        fake_server.wait("textDocument/didOpen")
        list_changes(fake_server, document, offered("simplify", REPLACED))
        assert "(line 4): :Glm apply applies it, <F5> refuses it" in neovim.messages()
        neovim.keys("<C-y>")
        neovim.settle()
        assert neovim.text() == LINES[1:]
        neovim.keys("<F5>")
        params = fake_server.wait("workspace/executeCommand")
        assert params == {"command": "glm.reject", "arguments": [{"job": "simplify"}]}
        neovim.lua("vim.keymap.set('n', '<F5>', 'x', { buffer = true })")
        list_changes(fake_server, document)
        assert neovim.lua("return vim.fn.maparg('<F5>', 'n')") == "x", "mapped by the user since"


@pytest.mark.parametrize(
    ("row", "above", "below"), [(0, None, "line 0"), (6, "line 5", "line 6"), (12, "line 11", None)]
)
def test_new_lines_stand_where_they_would_come(
    neovim: Neovim, fake_server: FakeServer, document: Path, row: int, above: str, below: str
) -> None:
    """Before the first line, between two, and after the last one."""
    list_changes(fake_server, document, offered("simplify", hunk(1, row, row, "", "new\n")))
    lines = ["", *visible(neovim), ""]
    at = lines.index("new")
    assert lines[at - 1].startswith("GLM: Simplify")
    assert (lines[at - 2] or None) == above
    assert (lines[at + 1] or None) == below


def test_a_preview_moves_with_the_text(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """Lines typed above push it down; a removal is shown by the colour of the lines alone."""
    list_changes(fake_server, document, offered("simplify", hunk(1, 3, 4, "line 3\n", "")))
    neovim.keys("ggOtyped<Esc>")
    neovim.settle()
    lines = visible(neovim)
    assert lines.index("line 3") + 1 == lines.index(f"GLM: Simplify: {KEYS}")
    neovim.keys("5G<C-y>")
    fake_server.wait("workspace/executeCommand")
