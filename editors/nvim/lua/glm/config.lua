-- The one place that reads the plugin's own options, `vim.g.glm`.
-- What the server should do is configured with `vim.lsp.config('glm', …)`, not here.

local M = {}

---@class glm.Config
---@field autostart boolean Enable the server when Neovim starts.
---@field inline_completion boolean Show ghost text (Neovim 0.12 and later).
---@field accept string|false Key that accepts ghost text; never taken from a mapping of yours.
---@field accept_line string|false Key that accepts its next line.
---@field accept_word string|false Key that accepts its next word.
---@field suggest string|false Key that asks for suggestions.
---@field next string|false Key that shows the next suggestion.
---@field previous string|false Key that shows the one before.
---@field dismiss string|false Key that hides ghost text until the text changes.
---@field with_popup boolean Show ghost text also while the popup menu is there.
---@field highlight boolean Highlight the lines that GLM wrote until they are kept or undone.
---@field preview_accept string|false Key that applies an offered change while it is shown.
---@field preview_refuse string|false Key that refuses it.
---@field explanation 'auto'|'right'|'below'|'float' Where explanations open.
---@field prompt 'float'|'ui' Where `:Glm edit` asks: beside the code, or |vim.ui.input()|.

---@type glm.Config
local defaults = {
  autostart = true,
  inline_completion = true,
  accept = '<Tab>',
  accept_line = '<M-C-Right>',
  accept_word = '<M-Right>',
  suggest = '<M-\\>',
  next = '<M-]>',
  previous = '<M-[>',
  dismiss = '<C-]>',
  with_popup = false,
  highlight = true,
  preview_accept = '<C-y>',
  preview_refuse = '<C-e>',
  explanation = 'auto',
  prompt = 'float',
}

---Options with a few words to choose from.
local choices = {
  explanation = { 'auto', 'right', 'below', 'float' },
  prompt = { 'float', 'ui' },
}

---Options that name a key: `false` means none.
local keys = vim.tbl_filter(function(option)
  return type(defaults[option]) == 'string' and not choices[option]
end, vim.tbl_keys(defaults))

local fault

---Return the options in force: the defaults, with the user's good values over them.
---@return glm.Config
function M.get()
  local config = vim.deepcopy(defaults)
  for key, value in pairs(M.given()) do
    if not fault(key, value) then
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
    problems[#problems + 1] = fault(key, value)
  end
  return problems
end

---@param option string
---@param value any
---@return string? problem one sentence
function fault(option, value)
  local name, default = 'vim.g.glm.' .. option, defaults[option]
  if default == nil then
    return name .. ' is not an option'
  elseif vim.list_contains(keys, option) then
    local good = value == false or type(value) == 'string'
    return not good and name .. ' should be a key, such as "<Tab>", or false' or nil
  elseif choices[option] then
    local good = vim.list_contains(choices[option], value)
    return not good and name .. ' should be one of ' .. table.concat(choices[option], ', ') or nil
  elseif type(value) ~= type(default) then
    return ('%s should be a %s'):format(name, type(default))
  end
end

return M
