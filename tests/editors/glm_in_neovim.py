"""What a user of GLM does in Neovim, for the tests: start, choose an action, wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.editors.neovim import Neovim
from tests.editors.real_server import SERVER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.editors.fake_server import FakeServer

INIT = f"""
vim.lsp.config('glm', {{ cmd = {{ {", ".join(map(repr, SERVER))} }} }})
vim.g.states = {{}}
vim.api.nvim_create_autocmd('User', {{
  pattern = 'GlmStatus',
  callback = function(event)
    vim.g.states = vim.list_extend(vim.g.states, {{ event.data.state }})
  end,
}})
"""
WORKED = """
local states = vim.g.states
return vim.list_contains(states, 'working') and states[#states] ~= 'working'
"""
INLINE = "textDocument/inlineCompletion"
INVOKED, AUTOMATIC = 1, 2
GHOST = """
local namespace = vim.api.nvim_get_namespaces()['nvim.lsp.inline_completion']
local marks = namespace and vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })
if not marks or #marks == 0 then return nil end
local text = marks[1][4].virt_text[1][1]
for _, line in ipairs(marks[1][4].virt_lines or {}) do
  text = text .. '\\n' .. (line[1] and line[1][1] or '')
end
return text ~= '' and text
"""


def start(folder: Path, environ: Mapping[str, str], path: Path, init: str = "") -> Neovim:
    """Open a file in Neovim and wait for the server."""
    neovim = Neovim(folder / "home", INIT + init, environ=environ, size=(110, 40))
    neovim.edit(path)
    neovim.wait("local c = vim.lsp.get_clients({ name = 'glm' })[1] return c and c.initialized")
    neovim.wait("return vim.lsp.buf_is_attached(0, vim.lsp.get_clients({ name = 'glm' })[1].id)")
    return neovim


def choose(neovim: Neovim, title: str) -> None:
    """Choose the code action whose title begins so, as `gra` does."""
    neovim.lua(
        """
        local title = ...
        vim.g.states = {}
        vim.lsp.buf.code_action({
          apply = true,
          filter = function(action) return vim.startswith(action.title, title) end,
        })
        """,
        title,
    )


def offer(fake_server: FakeServer, text: str, start: int, end: int) -> None:
    """Let a server of the test offer ghost text for a range of the first line."""
    item = {
        "insertText": text,
        "range": {"start": {"line": 0, "character": start}, "end": {"line": 0, "character": end}},
        "command": {"title": "", "command": "glm.completionAccepted", "arguments": ["id"]},
    }
    fake_server.answers["textDocument/inlineCompletion"] = {"items": [item]}


def finish(neovim: Neovim, seconds: float = 120) -> None:
    """Wait until the server has worked and no longer does."""
    neovim.wait(WORKED, seconds=seconds)


def offers(
    fake_server: FakeServer, automatic: Sequence[str], invoked: Sequence[str], rest: int = 0
) -> None:
    """Let the server offer texts at the cursor, which replace `rest` bytes behind it."""

    def answer(params: Any) -> Any:
        kind = params["context"]["triggerKind"]
        line, column = params["position"]["line"], params["position"]["character"]
        place = {
            "start": {"line": line, "character": column},
            "end": {"line": line, "character": column + rest},
        }
        return [
            {
                "insertText": text,
                "range": place,
                "command": {"title": "", "command": "glm.completionAccepted", "arguments": [text]},
            }
            for text in (invoked if kind == INVOKED else automatic)
        ]

    fake_server.answers[INLINE] = answer


def kinds(fake_server: FakeServer) -> list[int]:
    """Return how each request for ghost text came about."""
    return [params["context"]["triggerKind"] for params in fake_server.all(INLINE)]


def shows(neovim: Neovim, text: str) -> None:
    """Wait until this ghost text is shown; the count of suggestions may follow it."""
    shown = f"local shown = (function() {GHOST} end)() return shown == ...".replace("...", "(...)")
    neovim.wait(shown, text)


def shows_none(neovim: Neovim, seconds: float = 0.4) -> None:
    """Look for a while whether no ghost text comes."""
    neovim.settle()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert not neovim.lua(GHOST)
        time.sleep(0.02)
