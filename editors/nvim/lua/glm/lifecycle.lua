-- The server's life: started, ended by the user or by itself, started anew.
--
-- Invariants: one that ends by itself is started again, but not for ever; one that the user has
-- ended is not; whatever happens, `status` says what is so, and what helps.

local M = {}

---How often a server that ends by itself is started again, and within how many milliseconds.
local MOST, WITHIN = 4, 180000

local PAUSE = 200 -- Milliseconds until it is started again.
local PATIENCE = 3000 -- Milliseconds that a server has to end when it is told to.

---@type table<integer, true> the clients that have begun
local begun = {}

---@type integer[] when servers ended by themselves
local ends = {}

local has_failed, is_restarting = false, false

local stop, after, start_again

---Note that a server is starting.
function M.on_start()
  has_failed = false
  require('glm.status').on_start()
end

---Note that a server has started.
---@param client_id integer
function M.on_attach(client_id)
  begun[client_id] = true
  require('glm.status').on_attach()
end

---Note that a server has ended. Called outside of Neovim's main loop.
---@param code integer
---@param signal integer
---@param client_id integer
function M.on_exit(code, signal, client_id)
  vim.schedule(function()
    if vim.v.exiting == vim.NIL then
      after(code, signal, client_id)
    end
  end)
end

---Tell whether the last server has ended, and none is to come.
---@return boolean
function M.failed()
  return has_failed
end

---Tell whether files get the server.
---@return boolean
function M.is_enabled()
  if vim.lsp.is_enabled then
    return vim.lsp.is_enabled('glm')
  end
  return (vim.lsp._enabled_configs or {}).glm ~= nil -- Early 0.11.
end

---Start the server, for all files that are open.
function M.enable()
  has_failed, ends = false, {}
  require('glm.server').enable()
end

---End the server, and start none for any file.
function M.disable()
  stop()
  require('glm.status').no_server('off', 'Switched off: :Glm enable switches it on.')
end

---End the server and start it again, for all files that are open.
function M.restart()
  local clients = vim.lsp.get_clients({ name = 'glm', _uninitialized = true })
  is_restarting = true
  stop()
  local function left()
    return vim.iter(clients):filter(function(client)
      return vim.lsp.get_client_by_id(client.id) ~= nil
    end)
  end
  local timer, ends_at = assert(vim.uv.new_timer()), vim.uv.now() + PATIENCE
  timer:start(20, 50, vim.schedule_wrap(function()
    if timer:is_closing() then
      return
    elseif not left():next() then
      timer:close()
      is_restarting = false
      M.enable()
    elseif vim.uv.now() > ends_at then
      ends_at = math.huge
      left():each(function(client)
        client:stop(true)
      end)
    end
  end))
end

---Start no server, and end those that run, which early 0.11 does not.
function stop()
  vim.lsp.enable('glm', false)
  for _, client in ipairs(vim.lsp.get_clients({ name = 'glm', _uninitialized = true })) do
    if not client:is_stopped() then
      client:stop()
    end
  end
end

---Say what has become of a server, and start it again if it ended by itself.
---@param code integer
---@param signal integer
---@param client_id integer
function after(code, signal, client_id)
  local status = require('glm.status')
  local had_begun = begun[client_id]
  begun[client_id] = nil
  status.on_exit(client_id)
  local others = vim.tbl_filter(function(client)
    return client.id ~= client_id and not client:is_stopped()
  end, vim.lsp.get_clients({ name = 'glm' }))
  if is_restarting then
    return
  elseif not M.is_enabled() then
    status.no_server('off', 'Switched off: :Glm enable switches it on.')
  elseif not had_begun then
    has_failed = true
    status.no_server('error', 'The server does not start: see :checkhealth glm')
  elseif code ~= 0 or (signal ~= 0 and signal ~= 15) then
    start_again()
  elseif #others == 0 then
    status.no_server('off', 'The server has ended: :Glm restart starts it again.')
  end
end

---Start the server again, unless it has ended too often.
function start_again()
  local status, now = require('glm.status'), vim.uv.now()
  ends = vim.tbl_filter(function(time)
    return now - time < WITHIN
  end, ends)
  ends[#ends + 1] = now
  if #ends > MOST then
    has_failed = true
    local message = 'The server ended %d times: :Glm log may say why, :Glm restart starts it'
    message = message:format(#ends)
    status.no_server('error', message)
    vim.notify('glm: ' .. message, vim.log.levels.ERROR)
    return
  end
  status.on_start()
  vim.defer_fn(function()
    if M.is_enabled() then
      require('glm.server').start()
    end
  end, PAUSE)
end

return M
