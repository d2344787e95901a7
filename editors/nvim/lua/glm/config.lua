-- The one place that reads the plugin's own options, `vim.g.glm`.
-- What the server should do is configured with `vim.lsp.config('glm', …)`, not here.

local M = {}

---@class glm.Config
---@field autostart boolean Enable the server when Neovim starts.
---@field inline_completion boolean Show ghost text (Neovim 0.12 and later).
---@field accept string|false Key that accepts ghost text; never taken from a mapping of yours.
---@field accept_line string|false Key that accepts its next line.
---@field accept_word string|false Key that accepts its next word.
---@field highlight boolean Highlight the lines that GLM wrote until they are kept or undone.
---@field preview_accept string|false Key that applies an offered change while it is shown.
---@field preview_refuse string|false Key that refuses it.
---@field explanation 'auto'|'right'|'below' Where explanations open.

---@type glm.Config
local defaults = {
  autostart = true,
  inline_completion = true,
  accept = '<Tab>',
  accept_line = false,
  accept_word = false,
  highlight = true,
  preview_accept = '<C-y>',
  preview_refuse = '<C-e>',
  explanation = 'auto',
}

---@type table<string, string[]>
local types = {
  autostart = { 'boolean' },
  inline_completion = { 'boolean' },
  accept = { 'string', 'boolean' },
  accept_line = { 'string', 'boolean' },
  accept_word = { 'string', 'boolean' },
  highlight = { 'boolean' },
  preview_accept = { 'string', 'boolean' },
  preview_refuse = { 'string', 'boolean' },
  explanation = { 'string' },
}

---Return the options in force: the defaults, with the user's good values over them.
---@return glm.Config
function M.get()
  local config = vim.deepcopy(defaults)
  for key, value in pairs(M.given()) do
    if types[key] and vim.list_contains(types[key], type(value)) then
      config[key] = value
    end
  end
  return config
end

---Return the options the user set, as they are.
---@return table<string, any>
function M.given()
  return type(vim.g.glm) == 'table' and vim.g.glm or {}
end

---Return one sentence for each option that cannot be used.
---@return string[]
function M.problems()
  local problems = {}
  for key, value in vim.spairs(M.given()) do
    if not types[key] then
      problems[#problems + 1] = ('vim.g.glm.%s is not an option'):format(key)
    elseif not vim.list_contains(types[key], type(value)) then
      local wanted = table.concat(types[key], ' or ')
      problems[#problems + 1] = ('vim.g.glm.%s should be a %s'):format(key, wanted)
    end
  end
  return problems
end

return M
