-- Keeps what `glm/status` last said, for statuslines.

local M = {}

---@class glm.Status
---@field state 'ready'|'working'|'limited'|'error'|'off'
---@field model? string
---@field message? string
---@field tokens? integer today
---@field cost? number USD, estimated, today

---@type glm.Status?
local last

---@type table<string, string>
local signs = { ready = '', working = ' ●', limited = ' !', error = ' ✗', off = ' off' }

---Handle the notification `glm/status`.
---@param _ any
---@param params glm.Status
function M.on_status(_, params)
  last = params
  vim.api.nvim_exec_autocmds('User', { pattern = 'GlmStatus', modeline = false, data = params })
  vim.cmd.redrawstatus({ bang = true })
end

---Forget the state when the last client has gone.
function M.on_detach()
  vim.schedule(function()
    if not require('glm.server').client() then
      last = nil
    end
  end)
end

---Return what the server last said, nil while there is none.
---@return glm.Status?
function M.get()
  return last and vim.deepcopy(last)
end

---Return a short text for a statusline: "GLM", "GLM ●" at work, "GLM ! …" with a message.
---@return string
function M.text()
  if not last then
    return ''
  end
  local text = 'GLM' .. (signs[last.state] or '')
  local message = last.message
  if (last.state == 'limited' or last.state == 'error') and message and message ~= '' then
    text = text .. ' ' .. message
  end
  return text
end

return M
