-- The public functions. Nothing here needs to be called: the plugin works as installed.

local M = {}

---Set options in one place, for plugin managers that call `setup`.
---
---The same as setting `vim.g.glm`, plus `lsp`, which goes to `vim.lsp.config('glm', …)`.
---@param options? table glm.Config, any part of it, and `lsp?: vim.lsp.Config`
function M.setup(options)
  local own = vim.deepcopy(options or {})
  if own.lsp then
    vim.lsp.config('glm', own.lsp)
    own.lsp = nil
  end
  vim.g.glm = vim.tbl_extend('force', require('glm.config').given(), own)
end

---Return a short text for a statusline, "" while there is no server.
---@return string
function M.status()
  return require('glm.status').text()
end

---Accept the ghost text at the cursor, or part of it.
---@param amount? 'all'|'line'|'word'
---@return boolean accepted false when there is none, so that a mapping can fall back
function M.accept(amount)
  return require('glm.completion').accept(amount)
end

return M
