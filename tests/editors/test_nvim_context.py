"""What Neovim passes on of the buffer's other language servers, and what comes of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors import glm_in_neovim, other_server
from tests.editors.neovim import Neovim
from tests.editors.real_server import through_gateway
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.editors.fake_server import FakeServer

pytestmark = pytest.mark.editor

OTHER = f"""
vim.lsp.config('other', {{
  cmd = {{ '{sys.executable}', '{Path(other_server.__file__)}' }},
  filetypes = {{ 'python' }},
}})
vim.lsp.enable('other')
"""
SHAPES = "def area(width, height):\n    return width * height\n"
SOURCE = "from shapes import area\n\n\ndef total(é):\n    return area(é, é) + area(3, heigth)\n"
PROBLEM = "undefined name 'heigth'"
REPORTED = "return #vim.diagnostic.get(0) == ..."


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    (tmp_path / "work/shapes.py").write_text(SHAPES, encoding="utf-8")
    path = tmp_path / "work/total.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


@pytest.fixture
def beside(
    tmp_path: Path, path: Path, fake_server: FakeServer, editor: Callable[[str], Any]
) -> Iterator[Neovim]:
    """Yield a Neovim in which another language server reports beside GLM's."""
    editor("nvim")
    with Neovim(tmp_path / "home", fake_server.init_lua + OTHER) as neovim:
        neovim.edit(path)
        fake_server.wait("textDocument/didOpen")
        neovim.wait(REPORTED, 1)
        yield neovim


def at(text: str, words: str) -> dict[str, int]:
    """Return the position of words, in UTF-8 as the server of the test counts."""
    before = text[: text.index(words)].encode()
    line = before.count(b"\n")
    return {"line": line, "character": len(before) - before.rfind(b"\n") - 1}


def test_what_another_server_knows_of_a_name(
    beside: Neovim, fake_server: FakeServer, path: Path
) -> None:
    """Definitions and hovers come with the number of the place that was asked about."""
    places = [at(SOURCE, "heigth"), at(SOURCE, "area(3")]
    question = {"uri": path.as_uri(), "positions": places}
    answer = fake_server.request("glm/context", question)
    (definition,) = answer["definitions"]
    assert (definition["position"], definition["uri"]) == (1, (path.parent / "shapes.py").as_uri())
    assert definition["range"]["start"]["line"] == 0
    (hover,) = answer["hovers"]
    assert hover == {"position": 1, "text": "```python\ndef area(width, height)\n```"}
    assert [each["message"] for each in answer["diagnostics"]] == [PROBLEM]
    assert answer["settled"] is True


def test_a_server_that_does_not_answer_is_not_waited_for(
    beside: Neovim, fake_server: FakeServer, path: Path
) -> None:
    """What is known by the deadline is the answer, and Neovim goes on meanwhile."""
    beside.lua(
        """
        local other = vim.lsp.get_clients({ name = 'other' })[1]
        local request = other.request
        other.request = function(self, method, ...)
          if method == 'textDocument/hover' then return true, 99 end
          return request(self, method, ...)
        end
        """
    )
    question = {"uri": path.as_uri(), "positions": [at(SOURCE, "area(3")]}
    answer = fake_server.request("glm/context", question)
    assert len(answer["definitions"]) == 1
    assert answer["hovers"] == []


def test_it_waits_until_the_others_have_reported(
    beside: Neovim, fake_server: FakeServer, path: Path
) -> None:
    """Asked to settle, it answers with what was reported of the changed text, and only that."""
    beside.lua(
        """
        local slow = vim.api.nvim_create_namespace('slow')
        vim.diagnostic.set(slow, 0, { { lnum = 0, col = 0, message = 'of an older text' } })
        vim.defer_fn(function()
          vim.diagnostic.set(slow, 0, { { lnum = 4, col = 0, message = 'of this one' } })
        end, 1500)
        vim.api.nvim_buf_set_lines(0, 4, 5, true, { '    return area(é, reslut)' })
        """
    )
    question = {"uri": path.as_uri(), "positions": [], "settle": True}
    answer = fake_server.request("glm/context", question)
    found = {each["message"] for each in answer["diagnostics"]}
    assert found == {"undefined name 'reslut'", "of this one"}
    assert answer["settled"] is True


def test_what_nobody_reports_on_is_not_settled(
    neovim: Neovim, fake_server: FakeServer, document: Path
) -> None:
    """Without another server there is nothing to know; what is of an older text is left out."""
    neovim.lua(
        """
        local linter = vim.api.nvim_create_namespace('linter')
        vim.diagnostic.set(linter, 0, { { lnum = 0, col = 0, message = 'when it was saved' } })
        vim.api.nvim_buf_set_lines(0, 0, 1, true, { 'another line' })
        """
    )
    question = {"uri": document.as_uri(), "positions": [], "settle": True}
    answer = fake_server.request("glm/context", question)
    assert answer["diagnostics"] == []
    assert answer["settled"] is False


def test_what_another_server_knows_is_in_the_question(
    tmp_path: Path, path: Path, editor: Callable[[str], Any]
) -> None:
    """An explanation's question shows the definition that the other server names."""
    editor("nvim")
    with (
        Gateway(chat_stream("It adds.")) as gateway,
        glm_in_neovim.start(tmp_path, through_gateway(gateway.base_url), path, OTHER) as neovim,
    ):
        neovim.wait(REPORTED, 1)
        neovim.lua("vim.api.nvim_win_set_cursor(0, { 5, 4 })")
        neovim.lua("vim.g.states = {}")
        neovim.lua("vim.cmd('Glm explain')")
        glm_in_neovim.finish(neovim)
        question = gateway.requests[0].json["messages"][1]["content"]
        assert f"# shapes.py\n{SHAPES}" in question


def test_what_would_be_sent_is_shown_beside_the_code(
    tmp_path: Path, path: Path, editor: Callable[[str], Any]
) -> None:
    """`:Glm show` opens it where explanations stand, with what the other server knows; no more."""
    editor("nvim")
    shown = "return vim.api.nvim_buf_get_name(0):find('glm://explanation/', 1, true) ~= nil"
    with (
        Gateway(chat_stream("")) as gateway,
        glm_in_neovim.start(tmp_path, through_gateway(gateway.base_url), path, OTHER) as neovim,
    ):
        neovim.wait(REPORTED, 1)
        neovim.lua("vim.api.nvim_win_set_cursor(0, { 5, 4 })")
        neovim.lua("vim.cmd('Glm show')")
        neovim.wait("return require('glm.explanation').window() ~= nil")
        neovim.lua("vim.api.nvim_set_current_win(require('glm.explanation').window())")
        assert neovim.lua(shown)
        neovim.wait("return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false)):find('###')")
        neovim.wait(
            "return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false)):find('### Task')"
        )
        text = neovim.text()
        assert "Nothing was sent. *GLM: Refactor* would send this here" in text
        assert "`shapes.py:1`: `says your language server`" in text
        assert SHAPES in text
        assert gateway.requests == []


def test_a_fix_that_left_its_problem_is_said_and_mended(
    tmp_path: Path, path: Path, editor: Callable[[str], Any]
) -> None:
    """The whole way: the other server's word after the edit, and `:Glm fix broken` asks again."""
    editor("nvim")
    worse = "def total(é):\n    return area(é, é) + area(4, heigth)\n"
    good = "def total(é):\n    return area(é, é) + area(4, 3)\n"
    with (
        Gateway(chat_stream(f"```python\n{worse}```")) as gateway,
        glm_in_neovim.start(tmp_path, through_gateway(gateway.base_url), path, OTHER) as neovim,
    ):
        neovim.wait(REPORTED, 1)
        neovim.lua("vim.api.nvim_win_set_cursor(0, { 5, 4 })")
        glm_in_neovim.choose(neovim, "GLM: Fix “undefined name 'heigth'”")
        glm_in_neovim.finish(neovim)
        said = "GLM's change left its problem: “undefined name 'heigth'” (line 5)."
        neovim.wait("return vim.fn.execute('messages'):find(..., 1, true) ~= nil", said)
        assert len(gateway.requests) == 1
        gateway.script(chat_stream(f"```python\n{good}```"))
        neovim.lua("vim.g.states = {}")
        neovim.lua("vim.api.nvim_feedkeys(vim.keycode('<Plug>(GlmFixBroken)'), 'm', false)")
        glm_in_neovim.finish(neovim)
        assert neovim.text() == "from shapes import area\n\n\n" + good
        assert PROBLEM in gateway.requests[1].json["messages"][1]["content"]
        neovim.wait(REPORTED, 0)
        neovim.lua("vim.api.nvim_feedkeys(vim.keycode('<Plug>(GlmFixBroken)'), 'm', false)")
        neovim.wait("return vim.fn.execute('messages'):find('Nothing is known any more') ~= nil")
        assert neovim.messages().count("GLM's change left") == 1
