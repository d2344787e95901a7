-- lualine's component: `sections = { lualine_x = { 'glm' } }`.

local Glm = require('lualine.component'):extend()

---What each state looks like; a `color` of the user's goes before.
local groups = {
  limited = 'DiagnosticWarn',
  error = 'DiagnosticError',
  off = 'Comment',
}

function Glm:init(options)
  options.color = options.color
    or function()
      local status = require('glm.status').get()
      return status and groups[status.state]
    end
  Glm.super.init(self, options)
end

---@return string
function Glm:update_status()
  return (require('glm').status():gsub('%%', '%%%%'))
end

return Glm
