-- What `:Glm` does with the server itself: its state, its log, its model, whether it runs.
--
-- Invariant: each works wherever the cursor is, and whether or not there is a server.

local M = {}

local client_here, show_log, readable, set_model

---Show what is so, as `:Glm status` does.
function M.status()
  local status = require('glm.status')
  local known = status.get()
  local client = client_here()
  if not client then
    local reason = require('glm.server').hindrance(vim.api.nvim_get_current_buf())
    known = known or { state = 'off', message = reason and 'In this buffer: ' .. reason }
    vim.notify(status.sentences(known))
    return
  end
  local attached = client.attached_buffers[vim.api.nvim_get_current_buf()]
  local argument = attached and { uri = vim.uri_from_bufnr(0) } or {}
  require('glm.server').execute(client, 'glm.status', argument, function(answer)
    if type(answer) ~= 'table' then
      answer = { state = 'ready' }
    end
    local here = known and known.ghost_text == false and { message = known.message } or {}
    if answer.document == 'excluded' then
      here.message = 'This file is excluded: nothing of it leaves this machine.'
    end
    local lines = { status.sentences(vim.tbl_extend('force', answer, here)) }
    for _, job in ipairs(answer.jobs or {}) do
      lines[#lines + 1] = ('Running: %s (%s)'):format(job.title, vim.fs.basename(job.uri))
    end
    vim.notify(table.concat(lines, '\n'))
  end)
end

---Show the end of Neovim's log of language servers: what concerns this one.
function M.log()
  local log = vim.lsp.log
  local path = log.get_filename and log.get_filename() or vim.lsp.get_log_path()
  local file = io.open(path, 'r')
  local text = ''
  if file then
    local size = file:seek('end') or 0
    file:seek('set', math.max(size - 1000000, 0))
    text = file:read('*a') or ''
    file:close()
  end
  show_log(path, text)
end

---Start the server and let files have it.
function M.enable()
  require('glm.lifecycle').enable()
end

---End the server.
function M.disable()
  require('glm.lifecycle').disable()
end

---End the server and start it again.
function M.restart()
  require('glm.lifecycle').restart()
end

---Stop what runs for this file, and elsewhere all that runs; say what came of it.
function M.cancel()
  local bufnr = vim.api.nvim_get_current_buf()
  local here = vim.lsp.get_clients({ name = 'glm', bufnr = bufnr })
  local argument = #here > 0 and { uri = vim.uri_from_bufnr(bufnr) } or {}
  local clients = #here > 0 and here or vim.lsp.get_clients({ name = 'glm' })
  local open, stopped = #clients, false
  local function say()
    vim.notify(stopped and 'glm: cancelled' or 'glm: nothing is running here')
  end
  for _, client in ipairs(clients) do
    require('glm.server').execute(client, 'glm.cancel', argument, function(result)
      open, stopped = open - 1, stopped or result == true
      if open == 0 then
        say()
      end
    end)
  end
  if open == 0 then
    say()
  end
end

---Use another model for actions until Neovim ends, or show a choice.
---@param name string
function M.model(name)
  if name ~= '' then
    return set_model(name)
  end
  local known = require('glm.status').get()
  local prompt = ('Model for actions (now %s):'):format(known and known.model or 'the default')
  vim.ui.select(require('glm.names').models, { prompt = prompt }, function(choice)
    if choice then
      set_model(choice)
    end
  end)
end

---@param name string
function set_model(name)
  local settings = { glm = { models = { actions = name } } }
  vim.lsp.config('glm', { settings = settings })
  for _, client in ipairs(vim.lsp.get_clients({ name = 'glm' })) do
    client.settings = vim.tbl_deep_extend('force', client.settings or {}, settings)
    client:notify('workspace/didChangeConfiguration', { settings = client.settings })
  end
  vim.notify(('glm: actions ask %s, until Neovim ends'):format(name))
end

---@return vim.lsp.Client?
function client_here()
  local here = vim.lsp.get_clients({ name = 'glm', bufnr = vim.api.nvim_get_current_buf() })[1]
  return here or vim.lsp.get_clients({ name = 'glm' })[1]
end

---Return a line of the log; what the server wrote stands there as one string of Lua.
---@param line string
---@return string
function readable(line)
  local written = line:match('"stderr"%s+"(.*)"%s*$')
  local plain = { n = '\n', t = '  ', r = '' }
  return written
      and vim.trim((written:gsub('\\(.)', function(character)
        return plain[character] or character
      end)))
    or line
end

---@param path string
---@param text string
function show_log(path, text)
  local command = require('glm.server').command() or { 'glm' }
  local lines = { 'From ' .. path }
  for line in text:gmatch('[^\n]+') do
    if line:find(command[1], 1, true) or line:find('glm', 1, true) then
      vim.list_extend(lines, vim.split(readable(line), '\n'))
    end
  end
  if #lines == 1 then
    lines[2] = 'The server has written nothing.'
  end
  local bufnr = vim.fn.bufadd('glm://log')
  vim.fn.bufload(bufnr)
  vim.bo[bufnr].buftype, vim.bo[bufnr].swapfile = 'nofile', false
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable, vim.bo[bufnr].modified = false, false
  vim.cmd.sbuffer({ bufnr, mods = { split = 'botright' } })
  vim.cmd.normal({ 'G', bang = true })
end

return M
