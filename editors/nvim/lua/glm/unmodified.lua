-- Knows what a buffer held when it was last unmodified, so that 'modified' is reset when GLM's
-- edits have come and gone: for Neovim, an edit that is taken back is one more edit.
--
-- Invariant: it is reset only where the text, and all else that a file is written with, is
-- exactly what it was then, and nothing has been written since.

local M = {}

---@class glm.Unmodified
---@field count integer of lines
---@field hash string

---@type table<integer, glm.Unmodified>
local known = {}

local options = { 'fileformat', 'fileencoding', 'bomb', 'endofline', 'binary' }

local hash_of

---Note what a buffer holds before an edit, if it is unmodified.
---@param bufnr integer
function M.remember(bufnr)
  if vim.bo[bufnr].modified or not vim.bo[bufnr].modifiable then
    return
  end
  if not known[bufnr] then
    vim.api.nvim_create_autocmd({ 'BufWritePost', 'BufReadPost', 'BufUnload' }, {
      group = vim.api.nvim_create_augroup('glm.unmodified:' .. bufnr, {}),
      buffer = bufnr,
      callback = function()
        known[bufnr] = nil
      end,
    })
  end
  known[bufnr] = { count = vim.api.nvim_buf_line_count(bufnr), hash = hash_of(bufnr) }
end

---Reset 'modified' if a buffer holds what it held when it was unmodified.
---@param bufnr integer
function M.restore(bufnr)
  local then_ = known[bufnr]
  if
    then_
    and vim.api.nvim_buf_is_loaded(bufnr)
    and vim.bo[bufnr].modified
    and vim.api.nvim_buf_line_count(bufnr) == then_.count
    and hash_of(bufnr) == then_.hash
  then
    vim.bo[bufnr].modified = false
  end
end

---@param bufnr integer
---@return string
function hash_of(bufnr)
  local parts = vim.tbl_map(function(option)
    return tostring(vim.bo[bufnr][option])
  end, options)
  vim.list_extend(parts, vim.api.nvim_buf_get_lines(bufnr, 0, -1, false))
  return vim.fn.sha256(table.concat(parts, '\n'))
end

return M
