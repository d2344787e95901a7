"""A client of Copilot's next edits in a real Neovim, of sidekick.nvim's shape, with our server.

That plugin is not here: what stands in for it asks, shows, jumps, applies and tells as it does, by
`textDocument/copilotInlineEdit` with its notifications and nothing of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editors.neovim import Neovim
from tests.editors.real_server import SERVER, environ, through_gateway
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors.setup_editors import Found

pytestmark = pytest.mark.editor

SOURCE = """\
def mean(total, count):
    if count == 0:
        return 0
    return total / count
"""
CLIENT = """
vim.lsp.config('copilot', {{
  cmd = {{ {command} }},
  filetypes = {{ 'python' }},
  init_options = {options},
}})
vim.lsp.enable('copilot')
local namespace = vim.api.nvim_create_namespace('stand_in')
Edits = {{}}

local function client()
  return vim.lsp.get_clients({{ name = 'copilot', bufnr = 0 }})[1]
end

local function clear()
  Edits = {{}}
  vim.api.nvim_buf_clear_namespace(0, namespace, 0, -1)
end

function Update()
  local asked, buffer = client(), vim.api.nvim_get_current_buf()
  clear()
  if not asked then return end
  local params = vim.lsp.util.make_position_params(0, asked.offset_encoding)
  params.textDocument.version = vim.lsp.util.buf_versions[buffer]
  params.context = {{ triggerKind = 2 }}
  asked:request('textDocument/copilotInlineEdit', params, function(err, result)
    if err then return end
    for _, edit in ipairs(result.edits) do
      local same = edit.textDocument.version == vim.lsp.util.buf_versions[buffer]
      if same and edit.textDocument.uri == vim.uri_from_bufnr(buffer) then
        Edits[#Edits + 1] = edit
        vim.api.nvim_buf_set_extmark(buffer, namespace, edit.range.start.line, 0, {{
          virt_lines = {{ {{ {{ '+ ' .. edit.text, 'DiffAdd' }} }} }},
        }})
        asked:notify('textDocument/didShowInlineEdit', {{ item = {{ command = edit.command }} }})
      end
    end
  end)
end

function JumpOrApply()
  local edit = Edits[1]
  if not edit then return false end
  local line = edit.range.start.line + 1
  if vim.api.nvim_win_get_cursor(0)[1] ~= line then
    vim.api.nvim_win_set_cursor(0, {{ line, edit.range.start.character }})
    return true
  end
  local applied = {{ range = edit.range, newText = edit.text }}
  local buffer = vim.api.nvim_get_current_buf()
  vim.lsp.util.apply_text_edits({{ applied }}, buffer, client().offset_encoding)
  client():exec_cmd(edit.command, {{ bufnr = 0 }})
  clear()
  return true
end

local timer = assert(vim.uv.new_timer())
vim.api.nvim_create_autocmd({{ 'InsertLeave', 'TextChanged' }}, {{ callback = function()
  timer:start(100, 0, vim.schedule_wrap(Update))
end }})
vim.api.nvim_create_autocmd('BufEnter', {{ callback = function()
  local asked = client()
  if asked then
    asked:notify('textDocument/didFocus', {{ textDocument = {{ uri = vim.uri_from_bufnr(0) }} }})
  end
end }})
vim.keymap.set('n', '<Tab>', JumpOrApply)
"""


def started(path: Path, surroundings: dict[str, str], options: str = "{}") -> Neovim:
    """Return a Neovim with the stand-in and none of our plugin; the server is Copilot to it."""
    command = ", ".join(f"'{word}'" for word in SERVER)
    init = CLIENT.format(command=command, options=options)
    return Neovim(path / "home", init, environ=surroundings)


def rename(neovim: Neovim, path: Path) -> None:
    neovim.edit(path)
    neovim.wait("return #vim.lsp.get_clients({ name = 'copilot', bufnr = 0 }) == 1")
    neovim.keys("gg/count<CR>ciwitem_count<Esc>")


def test_one_key_jumps_and_then_applies(tmp_path: Path, editor: Callable[[str], Found]) -> None:
    """It is seen, gone to and made, and the next comes after it; undo takes one back."""
    editor("nvim")
    path = tmp_path / "mean.py"
    path.write_text(SOURCE)
    with started(tmp_path, environ()) as neovim:
        rename(neovim, path)
        neovim.wait("return #Edits == 1")
        assert "+     if item_count == 0:" in neovim.screen()
        neovim.keys("<Tab>")
        neovim.wait("return vim.fn.line('.') == 2")
        assert "if count == 0:" in neovim.text()
        neovim.keys("<Tab>")
        neovim.wait("return vim.fn.getline(2) == '    if item_count == 0:'")
        neovim.wait("return #Edits == 1 and Edits[1].range.start.line == 3")
        neovim.keys("<Tab><Tab>")
        neovim.wait("return vim.fn.getline(4) == '    return total / item_count'")
        neovim.keys("u")
        neovim.wait("return vim.fn.getline(4) == '    return total / count'")


def test_what_glm_foresees_comes_the_same_way(
    tmp_path: Path, editor: Callable[[str], Found]
) -> None:
    """With `nextEdits.model` GLM is asked once Insert mode is left."""
    editor("nvim")
    path = tmp_path / "mean.py"
    path.write_text(SOURCE)
    answer = "HIGH @4\n-    return total / count\n+    return scale * total / count"
    options = "{ nextEdits = { model = true, ['local'] = false } }"
    with (
        Gateway(chat_stream(answer)) as gateway,
        started(tmp_path, through_gateway(gateway.base_url), options) as neovim,
    ):
        neovim.edit(path)
        neovim.wait("return #vim.lsp.get_clients({ name = 'copilot', bufnr = 0 }) == 1")
        neovim.keys("ggf)i, scale<Esc>")
        neovim.wait("return #Edits == 1")
        neovim.keys("<Tab>")
        neovim.wait("return vim.fn.line('.') == 4")
        neovim.keys("<Tab>")
        neovim.wait("return vim.fn.getline(4) == '    return scale * total / count'")
