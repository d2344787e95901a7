-- Records who changes a buffer, for the fuzz. Invariant: replaying the log from the text at
-- `attach` leads to the text in the buffer whenever `check` has run.
--
-- The changes come from on_bytes; whose they are is told by a flag that stands while an edit of
-- the server's is applied. What on_bytes did not say rightly (Neovim tells some commands'
-- changes while they are half done) `check` finds before the next key or edit, as one change.

local M = { log = {}, steps = {}, messages = {}, states = {}, offers = {} }

local who, request, shadow, bufnr, before_first = 'user', 0, '', nil, nil

local unsure = false -- on_bytes told something impossible; what follows waits for `check`.

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, true), '\n') .. '\n'
end

local function splice(start, old, new)
  local gone = shadow:sub(start + 1, start + old)
  shadow = shadow:sub(1, start) .. new .. shadow:sub(start + old + 1)
  if gone ~= new then
    local number = who == 'glm' and request or 0
    table.insert(M.log, { who = who, start = start, old = gone, new = new, request = number })
  end
end

-- Tells whether an offset is within a character.
local function divided(string, at)
  local byte = string:byte(at + 1)
  return byte ~= nil and byte >= 0x80 and byte < 0xC0
end

-- Puts down what was not told rightly.
local function check()
  if not bufnr or not vim.api.nvim_buf_is_loaded(bufnr) then
    return
  end
  local now = text()
  unsure = false
  if now == shadow then
    return
  end
  M.resyncs = M.resyncs + 1
  local head = 0
  while head < math.min(#now, #shadow) and now:byte(head + 1) == shadow:byte(head + 1) do
    head = head + 1
  end
  while head > 0 and (divided(now, head) or divided(shadow, head)) do
    head = head - 1
  end
  local tail, most = 0, math.min(#now, #shadow) - head
  while tail < most and now:byte(#now - tail) == shadow:byte(#shadow - tail) do
    tail = tail + 1
  end
  while tail > 0 and divided(now, #now - tail) do
    tail = tail - 1
  end
  splice(head, #shadow - head - tail, now:sub(head + 1, #now - tail))
end

local function offset(row, column)
  local at = 0
  for _ = 1, row do
    at = (shadow:find('\n', at + 1, true) or #shadow)
  end
  return at + column
end

local function on_bytes(_, buffer, _, row, column, _, _, _, old_bytes, new_rows, new_column)
  if buffer ~= bufnr then
    return true
  end
  local last = new_rows == 0 and column + new_column or new_column
  local ok, lines =
    pcall(vim.api.nvim_buf_get_text, buffer, row, column, row + new_rows, last, {})
  if not ok then -- The end of a text is the start of a line that is not there.
    lines = vim.api.nvim_buf_get_lines(buffer, row, row + new_rows, false)
    lines[1] = (lines[1] or ''):sub(column + 1)
    table.insert(lines, '')
  end
  local start, new = offset(row, column), table.concat(lines, '\n')
  local divides = divided(shadow, start) or divided(shadow, start + old_bytes) or divided(new, 0)
  unsure = unsure or divides or start + old_bytes > #shadow
  if not unsure then
    splice(start, old_bytes, new)
  end
end

---Begin with the current buffer.
function M.attach()
  bufnr = vim.api.nvim_get_current_buf()
  who, request, before_first, shadow = 'user', 0, nil, text()
  M.log, M.steps, M.messages, M.states, M.offers, M.resyncs = {}, {}, {}, {}, {}, 0
  vim.api.nvim_buf_attach(bufnr, false, { on_bytes = on_bytes })
end

local function sequence()
  return vim.api.nvim_buf_call(bufnr, vim.fn.undotree).seq_cur
end

-- What applies an edit never waits, while the handlers that call it may.
local apply = vim.lsp.util.apply_workspace_edit
vim.lsp.util.apply_workspace_edit = function(...)
  check()
  local before, edits = shadow, #M.log
  who = 'glm'
  local ok, result = pcall(apply, ...)
  check()
  who = 'user'
  if #M.log > edits then
    before_first = before_first or before
    table.insert(M.steps, sequence())
  end
  return assert(ok and { result } or nil, result)[1]
end

---Wrap what the client does for the server.
---@param client vim.lsp.Client
function M.wrap(client)
  for _, method in ipairs({ 'glm/applyEdit', 'workspace/applyEdit' }) do
    local handler = client.handlers[method] or vim.lsp.handlers[method]
    client.handlers[method] = function(...)
      request = request + 1
      return handler(...)
    end
  end
  local changes = client.handlers['glm/changes']
  client.handlers['glm/changes'] = function(err, params, ...)
    table.insert(M.offers, vim.json.encode(params))
    return changes and changes(err, params, ...)
  end
end

---Return everything since `attach`.
function M.take()
  check()
  return {
    log = M.log,
    steps = M.steps,
    messages = M.messages,
    offers = M.offers,
    requests = request,
    resyncs = M.resyncs,
    before_first = before_first,
    text = bufnr and text() or '',
    sequence = sequence(),
  }
end

---Tell whether the server has edited since `attach`.
function M.edited()
  return #M.steps > 0
end

---Tell whether the server has worked since `attach`, and no longer does.
function M.finished()
  return vim.list_contains(M.states, 'working') and M.states[#M.states] ~= 'working'
end

vim.on_key(function(key)
  check()
  local plain = vim.api.nvim_get_mode().mode == 'n'
  who = plain and (key == 'u' or key == '\18') and 'undo' or 'user'
end, vim.api.nvim_create_namespace('fuzz'))

vim.api.nvim_create_autocmd('User', {
  pattern = 'GlmStatus',
  callback = function(event)
    table.insert(M.states, event.data.state)
  end,
})

-- A message on the screen can ask for a key; what the user reads is kept instead.
local function keep(_, params)
  table.insert(M.messages, params.message)
  return vim.NIL
end
vim.lsp.handlers['window/showMessage'] = keep
vim.lsp.handlers['window/showMessageRequest'] = keep
vim.notify = function(message)
  table.insert(M.messages, message)
end

_G.fuzz = M
