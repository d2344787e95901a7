-- Undo steps: what a streamed edit and the user's typing beside it belong to.

local M = {}

---True while lines are replaced by themselves: nobody has changed anything.
M.saving = false

---Close the open undo step of a buffer, so that what comes is a step of its own.
---
---In insert mode what was typed so far stays a step of its own, too.
---@param bufnr integer
function M.begin(bufnr)
  if vim.api.nvim_buf_is_loaded(bufnr) then
    vim.api.nvim_buf_call(bufnr, function()
      vim.bo.undolevels = vim.bo.undolevels -- See |undo-break|.
    end)
  end
end

---Make the next change of a buffer part of its last undo step.
---@param bufnr integer
---@return boolean joined false when the user has undone that step
function M.join(bufnr)
  return (pcall(vim.api.nvim_buf_call, bufnr, vim.cmd.undojoin))
end

---Tell whether the user is inserting text into a buffer.
---@param bufnr integer
---@return boolean
function M.inserting(bufnr)
  local mode = vim.api.nvim_get_mode().mode
  return bufnr == vim.api.nvim_get_current_buf() and mode:match('^[iR]') ~= nil
end

---Record the lines at the cursor for undo, by replacing them with themselves.
---
---In insert mode Neovim records a line once and then believes that all that is typed stays
---within that record. An edit from outside ends the record without Neovim noticing: the
---next <CR> or <BS> is then undone at the wrong place, and text is lost (Neovim 0.12.4).
function M.save_around_cursor()
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local above = math.max(row - 1, 0)
  local lines = above < row and { vim.api.nvim_buf_get_lines(0, above, row, true)[1], '' } or { '' }
  M.saving = true
  pcall(vim.api.nvim_buf_set_text, 0, above, 0, row, 0, lines)
  M.saving = false
end

return M
