-- A source for nvim-cmp: `require('cmp').register_source('glm', require('glm.sources.cmp').new())`.

local Source = {}
Source.__index = Source

function Source.new()
  return setmetatable({}, Source)
end

---@return boolean
function Source:is_available()
  return #vim.lsp.get_clients({ name = 'glm', bufnr = vim.api.nvim_get_current_buf() }) > 0
end

---@return string
function Source:get_position_encoding_kind()
  return 'utf-8'
end

---@param params table
---@param callback fun(response: table)
function Source:complete(params, callback)
  local reason = params.context and params.context.option and params.context.option.reason
  require('glm.menu').ask(vim.api.nvim_get_current_buf(), reason == 'manual', function(entries)
    callback({ items = entries, isIncomplete = true })
  end)
end

---@param entry table
---@param callback fun(entry: table)
function Source:execute(entry, callback)
  require('glm.menu').taken(entry)
  callback(entry)
end

return Source
