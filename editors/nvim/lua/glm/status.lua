-- Keeps what each server last said by `glm/status`, and what is known of servers that cannot
-- speak: for statuslines, `:Glm status` and the health check.
--
-- Invariant: no server's words outlive it; where none runs, what is shown says so.

local M = {}

---@class glm.Status
---@field state 'starting'|'ready'|'working'|'limited'|'error'|'off'
---@field model? string
---@field message? string one sentence; for an error, with what helps
---@field tokens? integer today
---@field cost? number USD, estimated, today
---@field ghost_text? false it is off where one looks

---@type table<integer, glm.Status> by the client's id
local said = {}

---@type glm.Status? what is so while no server speaks
local own

---@type table<string, string>
local signs = { starting = ' …', ready = '', working = ' ●', limited = ' !', error = ' ✗', off = ' off' }

---States, the most telling last.
local order = { 'off', 'ready', 'limited', 'error', 'working' }

local show, of_any, without_ghost_text

---Say that a server is starting.
function M.on_start()
  show({ state = 'starting' })
end

---Note that a server has started: it says the rest itself.
function M.on_attach()
  if own then
    own = nil
    vim.cmd.redrawstatus({ bang = true })
  end
end

---Say that there is no server, and why.
---@param state 'off'|'error'
---@param message string
function M.no_server(state, message)
  show({ state = state, message = message })
end

---Forget what a server said that has ended.
---@param client_id integer
function M.on_exit(client_id)
  said[client_id] = nil
end

---Handle the notification `glm/status`.
---@param _ any
---@param params glm.Status
---@param ctx { client_id: integer }
function M.on_status(_, params, ctx)
  said[ctx.client_id] = params
  M.announce(params)
end

---Return what is so: of the buffer's server, else of any; nil while there has been none.
---@param bufnr? integer the current one
---@return glm.Status?
function M.get(bufnr)
  bufnr = bufnr or vim.api.nvim_get_current_buf()
  local client = vim.lsp.get_clients({ name = 'glm', bufnr = bufnr })[1]
  local found = client and said[client.id] or own or of_any()
  if client and found and found.state == 'ready' then
    found = without_ghost_text(client, bufnr, found)
  end
  return found and vim.deepcopy(found)
end

---Return a short text for a statusline: "GLM", "GLM ●" at work, "GLM ! …" with a message.
---@return string
function M.text()
  local status = M.get()
  if not status then
    return ''
  end
  local message = status.message or ''
  if status.ghost_text == false then
    return 'GLM, no ghost text'
  end
  local text = 'GLM' .. (signs[status.state] or '')
  if (status.state == 'limited' or status.state == 'error') and message ~= '' then
    text = text .. ' ' .. message
  end
  return text
end

---Return all that is known, in sentences.
---@param status glm.Status
---@return string
function M.sentences(status)
  local parts = { ('GLM: %s.'):format(status.state) }
  local function add(text, ...)
    parts[#parts + 1] = text:format(...)
  end
  if (status.message or '') ~= '' then
    add('%s', status.message)
  end
  if (status.model or '') ~= '' then
    add('Model: %s.', status.model)
  end
  if type(status.tokens) == 'number' then
    local cost = type(status.cost) == 'number' and (', about $%.4f'):format(status.cost) or ''
    add('Today: %d tokens%s.', status.tokens, cost)
  end
  return table.concat(parts, ' ')
end

---Tell those who show it that something has changed.
---@param status glm.Status
function M.announce(status)
  vim.api.nvim_exec_autocmds('User', { pattern = 'GlmStatus', modeline = false, data = status })
  vim.cmd.redrawstatus({ bang = true })
end

---@param status glm.Status
function show(status)
  own = status
  vim.schedule(function()
    if own == status then
      M.announce(status)
    end
  end)
end

---Return the most telling of what the servers say.
---@return glm.Status?
function of_any()
  local best, rank = nil, 0
  for client_id, status in pairs(said) do
    for at, state in ipairs(order) do
      if status.state == state and at > rank and vim.lsp.get_client_by_id(client_id) then
        best, rank = status, at
      end
    end
  end
  return best
end

---Return the status of a buffer, which says where ghost text is off.
---@param client vim.lsp.Client
---@param bufnr integer
---@param status glm.Status
---@return glm.Status
function without_ghost_text(client, bufnr, status)
  local reason = require('glm.completion').off(client, bufnr)
  if not reason then
    return status
  end
  return vim.tbl_extend('force', status, { state = 'off', ghost_text = false, message = reason })
end

return M
