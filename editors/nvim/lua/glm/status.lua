-- Keeps what `glm/status` last said, for statuslines.

local M = {}

---@class glm.Status
---@field state 'starting'|'ready'|'working'|'limited'|'error'|'off'
---@field model? string
---@field message? string
---@field tokens? integer today
---@field cost? number USD, estimated, today

---@type glm.Status?
local last

---@type table<string, string>
local signs = { starting = ' …', ready = '', working = ' ●', limited = ' !', error = ' ✗', off = ' off' }

local is_starting, has_failed = false, false

---@param status glm.Status
local function show(status)
  last = status
  vim.api.nvim_exec_autocmds('User', { pattern = 'GlmStatus', modeline = false, data = status })
  vim.cmd.redrawstatus({ bang = true })
end

---Say that a server is starting.
function M.on_start()
  is_starting, has_failed = true, false
  vim.schedule(function()
    if not last or last.state == 'off' then
      show({ state = 'starting' })
    end
  end)
end

---Note that a server has started: it says the rest itself.
function M.on_attach()
  is_starting = false
  if last and last.state == 'starting' then
    last = nil
  end
end

---Note that a server ended; one that had not begun does not start at all.
function M.on_exit()
  vim.schedule(function()
    if is_starting then
      is_starting, has_failed = false, true
      show({ state = 'off', message = 'The server does not start.' })
    end
  end)
end

---Tell whether the last server ended before it had begun.
---@return boolean
function M.failed()
  return has_failed
end

---Handle the notification `glm/status`.
---@param _ any
---@param params glm.Status
function M.on_status(_, params)
  show(params)
end

---Forget the state when the last client has gone.
function M.on_detach()
  vim.schedule(function()
    if not has_failed and not require('glm.server').client() then
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
