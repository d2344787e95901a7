"""Several suggestions, asked for by a key and shown in turn: in a real Neovim."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.editors.glm_in_neovim import (
    AUTOMATIC,
    GHOST,
    INLINE,
    INVOKED,
    kinds,
    offers,
    shows,
    shows_none,
)

if TYPE_CHECKING:
    from tests.editors.fake_server import FakeServer
    from tests.editors.neovim import Neovim

pytestmark = pytest.mark.editor

LINES = "".join(f"line {number}\n" for number in range(12))


def test_a_key_asks_where_nothing_is_asked_by_itself(
    neovim: Neovim, fake_server: FakeServer
) -> None:
    """With a manual trigger nothing is shown until the key; Tab takes what it brought."""
    offers(fake_server, [], ["one()", "two()"])
    neovim.keys("ggO")
    fake_server.wait(INLINE)
    shows_none(neovim, 0.1)
    neovim.keys(r"<M-\>")
    shows(neovim, "one()")
    assert "one() (1/2)" in neovim.screen()
    assert kinds(fake_server) == [AUTOMATIC, INVOKED]
    neovim.keys("<Tab>")
    neovim.wait("return vim.api.nvim_get_current_line() == 'one()'")


def test_the_key_is_not_overtaken(neovim: Neovim, fake_server: FakeServer) -> None:
    """What is typed before the key is not asked about once more while its answer is awaited."""
    offers(fake_server, [], ["one()"])
    neovim.keys(r"ggOx = <M-\>")
    shows(neovim, "one()")
    time.sleep(0.3)
    assert kinds(fake_server) == [INVOKED]
    assert neovim.lua(GHOST) == "one()"


def test_the_next_one_is_asked_for_and_shown(neovim: Neovim, fake_server: FakeServer) -> None:
    """With one known, the key asks, the shown one stays meanwhile, and the next one follows."""
    offers(fake_server, ["one()"], ["one()", "two()", "three()"])
    neovim.keys("ggO")
    shows(neovim, "one()")
    neovim.lua(
        """
        vim.g.gone = false
        local ghost = require('glm.ghost').of(vim.api.nvim_get_current_buf())
        local hide = ghost.hide
        ghost.hide = function(self)
          vim.g.gone = vim.g.gone or not self.current
          hide(self)
        end
        """
    )
    neovim.keys("<M-]>")
    shows(neovim, "two()")
    assert neovim.lua("return vim.g.gone") is False
    for key, text in [("]", "three()"), ("]", "one()"), ("[", "three()"), ("[", "two()")]:
        neovim.keys(f"<M-{key}>")
        shows(neovim, text)
    assert "two() (2/3)" in neovim.screen()
    assert kinds(fake_server) == [AUTOMATIC, INVOKED]
    neovim.keys("<Tab>")
    neovim.wait("return vim.api.nvim_get_current_line() == 'two()'")
    assert fake_server.wait("workspace/executeCommand")["arguments"] == ["two()"]


def test_where_there_is_but_one(neovim: Neovim, fake_server: FakeServer) -> None:
    """It stays, and is asked about once; without any, the key does nothing at all."""
    offers(fake_server, ["one()"], ["one()"])
    neovim.keys("ggO")
    shows(neovim, "one()")
    for _ in range(3):
        neovim.keys("<M-]>")
        fake_server.wait(INLINE, 2)
        shows(neovim, "one()")
    assert kinds(fake_server) == [AUTOMATIC, INVOKED]
    offers(fake_server, [], ["more"])
    neovim.keys("x")
    shows_none(neovim)
    neovim.keys("<M-]><M-[><M-Right><M-C-Right><Esc>")
    neovim.settle()
    assert neovim.text() == "x\n" + LINES


def test_the_shown_one_stays_while_typing_along(neovim: Neovim, fake_server: FakeServer) -> None:
    """What was cycled to is kept by typing its beginning, over a line break too."""
    offers(fake_server, ["one()"], ["one()", "two(\n  2)"])
    neovim.keys("ggO")
    shows(neovim, "one()")
    neovim.keys("<M-]>")
    shows(neovim, "two(\n  2)")
    fake_server.answers[INLINE] = None
    neovim.lua("vim.bo.indentexpr, vim.bo.autoindent = '', false")
    for keys, text in [("tw", "o(\n  2)"), ("o(", "\n  2)"), ("<CR>", "  2)"), ("  ", "2)")]:
        neovim.keys(keys)
        neovim.settle()
        assert neovim.lua(GHOST) == text
    neovim.keys("<Tab>")
    neovim.wait("return vim.api.nvim_get_current_line() == '  2)'")
    assert neovim.text() == "two(\n  2)\n" + LINES
    assert fake_server.wait("workspace/executeCommand")["arguments"] == ["two(\n  2)"]


def test_what_does_not_fit_is_gone_at_once(neovim: Neovim, fake_server: FakeServer) -> None:
    """The first key that leads elsewhere hides the ghost text, before any answer."""
    offers(fake_server, ["one()"], [])
    neovim.keys("ggO")
    shows(neovim, "one()")
    fake_server.answers[INLINE] = None
    neovim.keys("on")
    shows(neovim, "e()")
    neovim.keys("x")
    neovim.settle()
    assert not neovim.lua(GHOST)


def test_dismissed_until_the_text_changes(neovim: Neovim, fake_server: FakeServer) -> None:
    """It is hidden, and no movement and no answer brings it back; a typed key does."""
    offers(fake_server, ["one()"], ["two()"])
    neovim.keys("ggO ")
    shows(neovim, "one()")
    neovim.keys("<C-]>")
    shows_none(neovim, 0.1)
    neovim.keys("<Left>")
    shows_none(neovim)
    neovim.keys("<Right>")
    neovim.keys("<Tab>")
    shows(neovim, "one()")
    neovim.keys(r"<C-]><M-\>")
    shows(neovim, "two()")


def test_leaving_insert_mode_forgets_what_was_asked(
    neovim: Neovim, fake_server: FakeServer
) -> None:
    """Back at the same place, after Tab and Escape, the next suggestion is asked for again."""
    offers(fake_server, ["one()"], [])
    neovim.keys("ggO")
    shows(neovim, "one()")
    offers(fake_server, ["two()"], [])
    neovim.keys("<Tab><Esc>")
    fake_server.wait(INLINE, 2)
    shows_none(neovim, 0.1)
    neovim.keys("A")
    shows(neovim, "two()")


@pytest.mark.parametrize("keys", ["<Esc>ddi", "<Esc>u2GO", "<BS><Right>"])
def test_an_answer_for_another_place_is_not_shown(
    neovim: Neovim, fake_server: FakeServer, keys: str
) -> None:
    """What was asked before the user went elsewhere belongs nowhere by the time it comes."""
    offers(fake_server, ["one()"], ["one()"])
    answer, came = fake_server.answers[INLINE], threading.Event()
    fake_server.answers[INLINE] = lambda params: came.wait(20) and answer(params)
    neovim.keys(r"ggOx<M-\>")
    fake_server.wait(INLINE)
    neovim.keys(keys)
    neovim.settle()
    fake_server.answers[INLINE] = None
    came.set()
    shows_none(neovim, 0.5)


def test_a_server_that_goes_takes_its_ghost_text_along(
    neovim: Neovim, fake_server: FakeServer
) -> None:
    """Typing and the keys go on without it, and without an error."""
    offers(fake_server, ["one()"], ["two()"])
    neovim.keys("ggO")
    shows(neovim, "one()")
    fake_server.break_off()
    neovim.keys(r"o<M-]><M-\>")
    neovim.wait("return #vim.lsp.get_clients() == 0")
    shows_none(neovim, 0.1)
    neovim.keys(r"k<M-]><M-\><M-Right><C-]><Tab>x<Esc>")
    neovim.settle()
    assert neovim.text().split() == ["ok", "x", *LINES.split()]
    assert neovim.lua("return vim.v.errmsg") == ""


def test_a_bracket_of_the_editors_is_not_doubled(neovim: Neovim, fake_server: FakeServer) -> None:
    """Where a plugin puts text behind what is typed, the suggestion for before it is gone."""
    neovim.lua("vim.keymap.set('i', '(', '()<C-g>U<Left>')")
    offers(fake_server, ["call(1)"], [])
    neovim.keys("ggO")
    shows(neovim, "call(1)")
    fake_server.answers[INLINE] = None
    neovim.keys("call(<Tab><Esc>")
    neovim.settle()
    assert "".join(neovim.text().split("\n")[0].split()) == "call()"


def test_an_answer_keeps_the_one_that_is_shown(neovim: Neovim, fake_server: FakeServer) -> None:
    """What the server says while one types along neither changes the choice nor narrows it."""
    offers(fake_server, ["one()"], ["one()", "only()", "ones"])
    neovim.keys("ggO")
    shows(neovim, "one()")
    neovim.keys("<M-]>")
    shows(neovim, "only()")
    offers(fake_server, ["ne()", "nly()"], [])
    neovim.keys("o")
    fake_server.wait(INLINE, 3)
    shows(neovim, "nly()")
    time.sleep(0.1)
    assert neovim.lua(GHOST) == "nly()"
    for text in ["nes", "ne()", "nly()"]:
        neovim.keys("<M-]>")
        shows(neovim, text)
    assert kinds(fake_server) == [AUTOMATIC, INVOKED, AUTOMATIC]


def test_the_shown_one_is_never_lost_by_asking(neovim: Neovim, fake_server: FakeServer) -> None:
    """Others come in addition, and the key back leads to it."""
    offers(fake_server, ["one()"], ["two()", "three()"])
    neovim.keys("ggO")
    shows(neovim, "one()")
    neovim.keys("<M-]>")
    shows(neovim, "two()")
    neovim.keys("<M-[>")
    shows(neovim, "one()")
