"""Neovim's buffers without a name or a file type, and those that get another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors.glm_in_neovim import GHOST, INIT
from tests.editors.neovim import Neovim
from tests.editors.real_server import through_gateway
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.editors.fake_server import FakeServer
    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor

OPEN, CHANGE, CLOSE = (f"textDocument/did{name}" for name in ("Open", "Change", "Close"))


@pytest.fixture
def empty(
    tmp_path: Path, editor: Callable[[str], Found], fake_server: FakeServer
) -> Iterator[Neovim]:
    """Yield a Neovim started without a file."""
    editor("nvim")
    (tmp_path / ".git").mkdir()
    with Neovim(tmp_path / "home", fake_server.init_lua) as neovim:
        neovim.lua("vim.cmd.cd(...)", str(tmp_path))
        yield neovim


def uris(server: FakeServer, method: str) -> list[str]:
    return [params["textDocument"]["uri"] for params in server.all(method)]


def test_a_buffer_without_a_name_is_served(tmp_path: Path, editor: Callable[[str], Found]) -> None:
    """One types into a new Neovim: a change streams in and is undone."""
    editor("nvim")
    reply = chat_stream("```\ndef two():\n    return 2.0\n```\n")
    with Gateway(reply) as gateway:
        environ = through_gateway(gateway.base_url)
        with Neovim(tmp_path / "home", INIT, environ=environ) as neovim:
            neovim.keys("idef two():<CR>    return 2<CR><Esc>")
            neovim.wait("return #vim.lsp.get_clients({ name = 'glm', bufnr = 0 }) == 1")
            neovim.keys("gg:Glm edit make it a float<CR>")
            gateway.wait_for_requests()
            neovim.wait("return vim.fn.getline(2) == '    return 2.0'")
            neovim.wait("return require('glm').status() == 'GLM'")
            neovim.keys("u")
            neovim.settle()
            assert neovim.text() == "def two():\n    return 2\n\n"
            assert "rror" not in neovim.messages()


def test_two_of_them_are_two_documents(empty: Neovim, fake_server: FakeServer) -> None:
    """Each has an address of its own, and is opened when something is typed into it."""
    empty.settle()
    assert fake_server.received == []
    empty.keys("ione<Esc>")
    fake_server.wait(OPEN)
    empty.keys(":enew!<CR>")
    empty.keys("itwo<Esc>")
    fake_server.wait(OPEN, 2)
    first, second = uris(fake_server, OPEN)
    assert first.startswith("untitled:")
    assert second.startswith("untitled:")
    assert first != second
    empty.wait("return vim.uri_to_bufnr(...) == vim.api.nvim_get_current_buf()", second)
    empty.keys(":edit help<CR>:help<CR>")
    empty.settle()
    assert empty.lua("return vim.uri_from_bufnr(0)").startswith("file:///")


@pytest.mark.parametrize("command", ["write", "saveas", "file"])
def test_a_name_makes_it_another_document(
    empty: Neovim, fake_server: FakeServer, tmp_path: Path, command: str
) -> None:
    """The server sees one document close and another open, and what is typed in that."""
    path = tmp_path / "named.py"
    empty.keys("ione<Esc>")
    fake_server.wait(OPEN)
    empty.keys(f":{command} {path}<CR>")
    fake_server.wait(OPEN, 2)
    empty.keys("Gotwo<Esc>")
    empty.wait("return vim.lsp.buf_is_attached(0, vim.lsp.get_clients({ name = 'glm' })[1].id)")
    empty.keys(":Glm explain<CR>")
    fake_server.wait("workspace/executeCommand")
    untitled, *named = uris(fake_server, OPEN)
    assert set(named) == {path.as_uri()}
    assert uris(fake_server, CLOSE)[0] == untitled
    assert fake_server.texts[path.as_uri()][fake_server.versions[path.as_uri()]] == "one\ntwo\n"
    assert "file://" not in uris(fake_server, CLOSE) + uris(fake_server, CHANGE)
    assert empty.messages().count("Error") == 0


def test_a_file_is_renamed(neovim: Neovim, fake_server: FakeServer, document: Path) -> None:
    """What is typed between `:file` and `:write` is of the document that the server has open."""
    other = document.with_name("other.py")
    neovim.keys(f":file {other}<CR>")
    fake_server.wait(OPEN, 2)
    neovim.keys("Onew<Esc>:write<CR>")
    neovim.settle()
    neovim.keys(":Glm explain<CR>")
    assert fake_server.wait("workspace/executeCommand")["arguments"][0]["uri"] == other.as_uri()
    assert uris(fake_server, OPEN) == [document.as_uri(), other.as_uri()]
    assert uris(fake_server, CLOSE) == [document.as_uri()]
    assert set(uris(fake_server, CHANGE)) == {other.as_uri()}


def test_a_file_without_a_type_is_served(
    empty: Neovim, fake_server: FakeServer, tmp_path: Path
) -> None:
    """A file whose name says nothing of its language, if it is text."""
    picture = tmp_path / "picture"
    picture.write_bytes(b"GIF89a\x00\x01\n")
    empty.edit(picture)
    path = tmp_path / "NOTES"
    path.write_text("some words\n")
    empty.edit(path)
    fake_server.wait(OPEN)
    assert uris(fake_server, OPEN) == [path.as_uri()]


def test_what_is_no_file_is_left(empty: Neovim, fake_server: FakeServer) -> None:
    """Windows of plugins without a name are none of GLM's."""
    empty.keys(":vnew<CR>:setlocal buftype=nofile<CR>ix<Esc>")
    empty.keys(":lua vim.api.nvim_win_set_buf(0, vim.api.nvim_create_buf(false, false))<CR>ix<Esc>")
    empty.settle()
    empty.lua("vim.wait(100)")
    assert fake_server.received == []
    assert not empty.lua(GHOST)
