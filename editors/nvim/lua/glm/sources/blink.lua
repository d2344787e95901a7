-- A source for blink.cmp: `providers = { glm = { name = 'GLM', module = 'glm.sources.blink' } }`.

local Source = {}
Source.__index = Source

function Source.new()
  return setmetatable({}, Source)
end

---@return boolean
function Source:enabled()
  return #vim.lsp.get_clients({ name = 'glm', bufnr = vim.api.nvim_get_current_buf() }) > 0
end

---@param context { bufnr: integer, trigger: { initial_kind: string } }
---@param callback fun(response: table)
---@return fun() cancel
function Source:get_completions(context, callback)
  local trigger = context.trigger or {}
  local invoked = (trigger.initial_kind or trigger.kind) == 'manual'
  return require('glm.menu').ask(context.bufnr, invoked, function(entries)
    callback({ items = entries, is_incomplete_forward = true, is_incomplete_backward = true })
  end)
end

---@param _ table
---@param entry table
---@param callback fun()
---@param default_implementation? fun()
function Source:execute(_, entry, callback, default_implementation)
  if default_implementation then
    default_implementation()
  end
  require('glm.menu').taken(entry)
  callback()
end

return Source
