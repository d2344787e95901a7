-- Draws lines that are not in the text: those that would come, and those that stood there before.
--
-- Invariant: the text of the buffer does not change.

local M = {}

local namespace = vim.api.nvim_create_namespace('glm.diff')

---Buffers in which one wants to see what stood there before.
---@type table<integer, true>
local shown = {}

---Return lines to be drawn, coloured to the edge of the window.
---@param text string
---@param group string
---@return [string, string][][]
function M.lines(text, group)
  if text == '' then
    return {}
  end
  local lines = vim.split((text:gsub('\r\n?', '\n'):gsub('\n$', '')), '\n', { plain = true })
  local edge = { (' '):rep(vim.o.columns), group }
  return vim.tbl_map(function(line)
    return { { line, group }, edge }
  end, lines)
end

---Draw lines before a row.
---@param bufnr integer
---@param space integer the namespace
---@param row integer
---@param lines [string, string][][]
function M.draw(bufnr, space, row, lines)
  local count = vim.api.nvim_buf_line_count(bufnr)
  local above = row == 0
  vim.api.nvim_buf_set_extmark(bufnr, space, math.max(math.min(row, count) - 1, 0), 0, {
    virt_lines = lines,
    virt_lines_above = above,
  })
  for _, window in ipairs(above and vim.fn.win_findbuf(bufnr) or {}) do
    vim.api.nvim_win_call(window, function()
      if vim.fn.line('w0') == 1 then -- Neovim scrolls them out of sight.
        vim.fn.winrestview({ topfill = #lines })
      end
    end)
  end
end

---Show what stood where GLM has changed something, or no longer.
---@param bufnr integer
---@return boolean shown
function M.toggle(bufnr)
  shown[bufnr] = not shown[bufnr] or nil
  M.update(bufnr)
  return shown[bufnr] == true
end

---Draw what stood there before, where it is wanted.
---@param bufnr integer
function M.update(bufnr)
  if not vim.api.nvim_buf_is_loaded(bufnr) then
    shown[bufnr] = nil
    return
  end
  vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  for row, hunk in require('glm.changes').made(shown[bufnr] and bufnr or -1) do
    if hunk.before ~= '' then
      M.draw(bufnr, namespace, row, M.lines(hunk.before, 'GlmRemoved'))
    end
  end
end

---Forget a buffer that the server no longer sees.
---@param bufnr integer
function M.forget(bufnr)
  shown[bufnr] = nil
  M.update(bufnr)
end

return M
