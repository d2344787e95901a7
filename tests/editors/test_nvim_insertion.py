"""What accepting puts into the text: exactly what was shown, as if it had been typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors.glm_in_neovim import GHOST, offer

if TYPE_CHECKING:
    from tests.editors.fake_server import FakeServer
    from tests.editors.neovim import Neovim

pytestmark = pytest.mark.editor

LINES = "".join(f"line {number}\n" for number in range(12))

MEDDLING = """
vim.bo.autoindent, vim.bo.smartindent, vim.bo.expandtab = true, true, true
vim.bo.textwidth, vim.bo.wrapmargin, vim.bo.formatoptions = 20, 5, 'tcroqnwl'
vim.bo.comments, vim.bo.shiftwidth, vim.bo.indentexpr = 'b:#,:--', 3, ''
vim.cmd([[
  inoreabbrev <buffer> teh the
  inoremap <buffer> ( ()<Left>
  inoremap <buffer> <Del> DEL
  inoremap <buffer> <C-r> REG
  set showmatch
]])
vim.fn.setreg('"', 'kept')
"""

ODD = {
    "tabs": "\tif x:\n\t\treturn\t1\n\t",
    "blanks": "   x  \n    \n   y   ",
    "blank lines": "x\n\n\n\ny",
    "a line break first": "\n    deeper\nback",
    "ends with a break": "x = 1\n",
    "keys": "\x01\x03\x05\x0e\x12\x16\x17\x1b\x7f\x80 <Esc> <C-r>= <Cmd>qa!<CR> |",
    "marks": "a | b \\ c \\| d <lt> %s %% \"'` ^V",
    "abbreviations": "teh teh\nteh(teh) ",
    "long": "word " * 40,
    "comment": "# a comment that is longer than the line may be\n# and goes on\n-- so",
    "not ASCII": "ä e\u0301 字 漢字かな 👩\u200d👩\u200d👧 \u202e \u2028 ñ",
    "carriage return": "a\rb",
}


def settle_at(neovim: Neovim, text: str) -> None:
    """Wait for a text of the whole buffer, and show both where it never comes."""
    neovim.settle()
    assert neovim.text() == text


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_the_text_is_exact_and_one_insert(
    neovim: Neovim, fake_server: FakeServer, text: str
) -> None:
    """Whatever is set and mapped: the text as shown; `.` repeats it, one `u` takes it back."""
    neovim.lua(MEDDLING)
    offer(fake_server, text, 2, 2)
    neovim.keys("gg0iab")
    neovim.wait(GHOST)
    fake_server.answers.clear()
    neovim.keys("<Tab><Esc>")
    inserted = f"ab{text}"
    settle_at(neovim, inserted + LINES)
    assert neovim.lua("return vim.fn.getreg('\"')") == "kept"
    neovim.keys("G0.")
    settle_at(neovim, inserted + LINES.replace("line 11", f"{inserted}line 11"))
    neovim.keys("u")
    settle_at(neovim, inserted + LINES)
    neovim.keys("u")
    settle_at(neovim, LINES)
    assert neovim.lua("return vim.v.errmsg") == ""


@pytest.mark.parametrize("combining", [False, True], ids=["", "delcombine"])
def test_what_it_replaces_goes_along(
    neovim: Neovim, fake_server: FakeServer, *, combining: bool
) -> None:
    """Text behind the cursor that the suggestion replaces is gone, after `.` as well."""
    neovim.lua("vim.o.delcombine = ... vim.keymap.set('i', '<Del>', 'mine')", combining)
    lines = ["f(e\u0301é字]", "g(e\u0301é字]", "h(xyz]", ""]
    neovim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, ...)", lines)
    size = len("e\u0301é字".encode())
    offer(fake_server, "avalue", 2, 3 + size)
    neovim.keys("gg0lla")
    neovim.keys("<Left>a")
    neovim.wait(GHOST)
    fake_server.answers.clear()
    neovim.keys("<Tab>)<Esc>")
    settle_at(neovim, "f(avalue)]\ng(e\u0301é字]\nh(xyz]\n\n")
    if not combining:
        neovim.keys("jj0llhl.")
        settle_at(neovim, "f(avalue)]\ng(e\u0301é字]\nh(avalue)]\n\n")
        neovim.keys("u")
    neovim.keys("u")
    settle_at(neovim, "".join(f"{line}\n" for line in lines))


def test_the_lines_of_a_crlf_file_have_one_end(neovim: Neovim, fake_server: FakeServer) -> None:
    """In a file with CRLF the server's line ends are the buffer's, and not in its lines."""
    neovim.lua("vim.bo.fileformat = 'dos'")
    offer(fake_server, "x = (\r\n  1)", 0, 0)
    neovim.keys("ggO")
    assert "\r" not in neovim.wait(GHOST)
    neovim.keys("<Tab><Esc>")
    settle_at(neovim, "x = (\n  1)\n" + LINES)


def test_an_expr_mapping_of_the_users(neovim: Neovim, fake_server: FakeServer) -> None:
    """`accept()` works where it is called while Neovim evaluates a mapping, however quickly."""
    neovim.lua(
        """
        vim.keymap.set('i', '<C-l>', function()
          return require('glm').accept() and '' or 'none'
        end, { expr = true })
        """
    )
    offer(fake_server, "compute()", 0, 0)
    neovim.keys("ggO")
    neovim.wait(GHOST)
    fake_server.answers.clear()
    neovim.keys("com<C-l>;<C-l><Esc>")
    settle_at(neovim, "compute();none\n" + LINES)


def test_several_parts_in_one_mapping(neovim: Neovim, fake_server: FakeServer) -> None:
    """Parts that one key of the user's takes come one after the other, and replace once."""
    neovim.lua("vim.keymap.set('i', '<C-l>', '<Plug>(GlmAcceptWord)<Plug>(GlmAcceptWord)')")
    neovim.lua("vim.api.nvim_buf_set_lines(0, 0, 1, true, { 'xyz' })")
    offer(fake_server, "one two three four five", 0, 3)
    neovim.keys("gg0i")
    neovim.wait(GHOST)
    fake_server.answers.clear()
    neovim.keys("<C-l>")
    neovim.settle()
    assert neovim.lua(GHOST) == " three four five"
    neovim.keys("<C-l><Tab>;<Esc>")
    settle_at(neovim, "one two three four five;\n" + LINES.partition("\n")[2])


def test_typing_goes_on_in_one_step(neovim: Neovim, fake_server: FakeServer) -> None:
    """Deleting into what was accepted, breaking its lines and undoing lead back exactly."""
    neovim.lua("vim.keymap.del('i', '<C-u>') vim.keymap.del('i', '<C-w>')")  # They end a step.
    offer(fake_server, "one\n    two\n    three", 0, 0)
    neovim.keys("ggO")
    neovim.wait(GHOST)
    fake_server.answers.clear()
    neovim.keys("<Tab><BS><BS><C-w><CR>x<C-u><BS><BS><C-w>y<Esc>")
    neovim.settle()
    assert neovim.text().startswith("one\n")
    neovim.keys("u")
    settle_at(neovim, LINES)
    neovim.keys("<C-r>u")
    settle_at(neovim, LINES)


def test_accepted_while_a_macro_is_recorded(neovim: Neovim, fake_server: FakeServer) -> None:
    """A macro holds the key, not the text; in a replay without ghost text Tab is Tab."""
    offer(fake_server, "compute()", 0, 0)
    neovim.keys("ggqaO")
    neovim.wait(GHOST)
    fake_server.answers.clear()
    neovim.keys("<Tab><Esc>q")
    settle_at(neovim, "compute()\n" + LINES)
    assert neovim.lua("return vim.fn.getreg('a')") == neovim.lua(
        "return vim.keycode('O<Tab><Esc>')"
    )


def test_a_way_of_pasting_of_the_users(neovim: Neovim, fake_server: FakeServer) -> None:
    """A `vim.paste` that changes what it is given changes no suggestion."""
    neovim.lua(
        """
        local paste = vim.paste
        vim.paste = function(lines, phase) return paste({ lines[1]:upper() }, phase) end
        """
    )
    offer(fake_server, "one\ntwo", 0, 0)
    neovim.keys("ggO")
    neovim.wait(GHOST)
    neovim.keys("<Tab><Esc>")
    settle_at(neovim, "one\ntwo\n" + LINES)
    neovim.lua("vim.paste({ 'pasted' }, -1)")
    assert "PASTED" in neovim.text()
