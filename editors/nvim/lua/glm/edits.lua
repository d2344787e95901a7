-- Applies `glm/applyEdit`, so that one `u` takes a streamed edit back whole.
--
-- Invariants: an edit made for another version of a buffer changes nothing and is answered
-- `applied = false`; the server has seen every change, its own included, before it gets an
-- answer; the version in the answer holds exactly the edit, and no key of the user's that
-- the server does not know; what the user types while an edit streams is never lost; an undo
-- while it streams means "stop", and the stream does not write into the buffer again.

local M = {}

---@class glm.Stream
---@field buffers table<integer, boolean> buffers whose last undo step is its own
---@field records table<integer, glm.Record> what it has done to each buffer
---@field latest integer when its last edit came, in milliseconds

---@class glm.Edited what an edit means to change in a buffer
---@field version integer that it was made for; -1: any
---@field first integer the first row
---@field last integer the last row

---@type table<string, glm.Stream>
local streams = {}

---Buffers that were edited while the user was inserting text there, and still is.
---@type table<integer, boolean>
local guarded = {}

---The job that last changed each buffer.
---@type table<integer, string|integer>
local last_jobs = {}

---Milliseconds after which what the user does no longer joins the undo step of a stream that
---says nothing more, not even its end.
local SILENCE = 90000

local namespace = vim.api.nvim_create_namespace('glm.edits')

local receive, finish, prepare, apply, write, refusal, edited_by, watch, on_key, flush

---Handle the request `glm/applyEdit`.
---@param _ any
---@param params { edit: lsp.WorkspaceEdit, job: string|integer, first: boolean, last: boolean }
---@param ctx lsp.HandlerContext
---@return { applied: boolean, version: integer|vim.NIL, failureReason?: string }
function M.on_apply_edit(_, params, ctx)
  local client = assert(vim.lsp.get_client_by_id(ctx.client_id))
  local edited = edited_by(params.edit)
  local reason = not require('glm.cmdline').wait(edited) and 'a command is being typed'
  reason = reason or client:is_stopped() and 'the server has gone' or refusal(edited)
  if not reason then
    reason = receive(params, edited, client)
  end
  if params.last and not reason then
    for bufnr in pairs((streams[tostring(params.job)] or { records = {} }).records) do
      require('glm.unmodified').restore(bufnr)
    end
    finish(tostring(params.job))
  end
  for bufnr in pairs(edited) do
    last_jobs[bufnr] = not reason and params.job or last_jobs[bufnr]
  end
  watch()
  local version = flush(client, edited)
  return {
    applied = reason == nil,
    version = reason == nil and version or vim.NIL,
    failureReason = reason,
  }
end

---Return the job that last changed a buffer.
---@param bufnr integer
---@return string|integer|nil
function M.last_job(bufnr)
  return last_jobs[bufnr]
end

---Forget a buffer that the server no longer sees; what half a change did to it is taken back.
---@param bufnr integer
function M.forget(bufnr)
  guarded[bufnr], last_jobs[bufnr] = nil, nil
  for job, stream in pairs(streams) do
    local record, step = stream.records[bufnr], stream.buffers[bufnr] == true
    if record then
      streams[job] = nil
      vim.schedule(coroutine.wrap(function()
        require('glm.cmdline').wait({ [bufnr] = true })
        require('glm.recovery').take_back(record, step)
      end))
    end
  end
  watch()
end

---Take an edit of a stream in, and return why it could not be applied.
---@param params { edit: lsp.WorkspaceEdit, job: string|integer, first: boolean, last: boolean }
---@param edited table<integer, glm.Edited>
---@param client vim.lsp.Client
---@return string? reason
function receive(params, edited, client)
  local job = tostring(params.job)
  if params.first then
    finish(job)
  end
  local stream = streams[job] or { buffers = {}, records = {}, latest = 0 }
  stream.latest = vim.uv.now()
  streams[job] = stream
  if prepare(stream, edited) then
    return apply(stream, params.edit, edited, client)
  end
  finish(job) -- What the server restores now is a step of its own.
  require('glm.server').execute(client, 'glm.cancel', { job = params.job })
  return 'the edit was undone'
end

---End a stream: all that it wrote stands.
---@param job string
function finish(job)
  for _, record in pairs(streams[job] and streams[job].records or {}) do
    require('glm.recovery').drop(record)
  end
  streams[job] = nil
end

---Put the next change of each buffer into the stream's undo step.
---@param stream glm.Stream
---@param edited table<integer, glm.Edited>
---@return boolean done false when the user has undone that step
function prepare(stream, edited)
  local undo = require('glm.undo')
  for bufnr in pairs(edited) do
    if vim.api.nvim_buf_is_loaded(bufnr) then
      require('glm.unmodified').remember(bufnr)
    end
    if not stream.buffers[bufnr] then
      undo.begin(bufnr)
    elseif not undo.join(bufnr) then
      return false
    end
  end
  return true
end

---Apply an edit and return why it could not be applied.
---@param stream glm.Stream
---@param edit lsp.WorkspaceEdit
---@param edited table<integer, glm.Edited>
---@param client vim.lsp.Client
---@return string? reason
function apply(stream, edit, edited, client)
  local ok, err = true, nil
  write(stream, edited, next(edited), function()
    ok, err = pcall(vim.lsp.util.apply_workspace_edit, edit, client.offset_encoding)
  end)
  if not ok then
    return tostring(err)
  end
  for bufnr in pairs(edited) do
    stream.buffers[bufnr] = true
    guarded[bufnr] = require('glm.undo').inserting(bufnr) or nil
  end
end

---Do something that writes into each of the buffers, and record what.
---@param stream glm.Stream
---@param edited table<integer, glm.Edited>
---@param bufnr integer? the buffer to begin with
---@param action fun()
function write(stream, edited, bufnr, action)
  if not bufnr then
    return action()
  end
  local recovery, rows = require('glm.recovery'), edited[bufnr]
  stream.records[bufnr] = stream.records[bufnr] or recovery.record(bufnr)
  recovery.write(stream.records[bufnr], rows.first, rows.last, function()
    write(stream, edited, next(edited, bufnr), action)
  end)
end

---Return the buffers an edit changes.
---@param edit lsp.WorkspaceEdit
---@return table<integer, glm.Edited>
function edited_by(edit)
  local found = {} ---@type table<integer, glm.Edited>
  local function add(uri, version, edits)
    local of = { version = type(version) == 'number' and version or -1, first = 0, last = -1 }
    for index, each in ipairs(edits) do
      of.first = math.min(index > 1 and of.first or math.huge, each.range.start.line)
      of.last = math.max(of.last, each.range['end'].line)
    end
    found[vim.uri_to_bufnr(uri)] = of
  end
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.textDocument then
      add(change.textDocument.uri, change.textDocument.version, change.edits)
    end
  end
  for uri, edits in pairs(edit.changes or {}) do
    add(uri, nil, edits)
  end
  return found
end

---Return why an edit cannot be applied to the buffers as they are.
---@param edited table<integer, glm.Edited>
---@return string?
function refusal(edited)
  for bufnr, of in pairs(edited) do
    local version, now = of.version, vim.lsp.util.buf_versions[bufnr]
    if version ~= -1 and not vim.api.nvim_buf_is_loaded(bufnr) then
      return 'the buffer is closed'
    elseif version ~= -1 and version ~= now then
      return ('the buffer has changed: it is at version %d, not %d'):format(now, version)
    elseif vim.api.nvim_buf_is_loaded(bufnr) and not vim.bo[bufnr].modifiable then
      return 'the buffer is not modifiable'
    end
  end
end

---While an edit streams into a buffer, let what the user does there join its undo step.
---
---Without this a change in normal mode would begin a step of its own between two edits, and
---one `u` would take back only what came after it.
function watch()
  local needed = next(guarded) ~= nil
  for _, stream in pairs(streams) do
    needed = needed or next(stream.buffers) ~= nil
  end
  vim.on_key(needed and on_key or nil, namespace)
end

---Called for each key, before it has its effect. Must return nothing: "" would swallow it.
function on_key()
  local bufnr = vim.api.nvim_get_current_buf()
  for _, stream in pairs(streams) do
    if vim.uv.now() - stream.latest > SILENCE then
      stream.buffers = {}
      watch()
    elseif stream.buffers[bufnr] then
      pcall(vim.cmd.undojoin)
    end
  end
  local undo = require('glm.undo')
  if guarded[bufnr] and undo.inserting(bufnr) then
    pcall(undo.save_around_cursor)
  elseif guarded[bufnr] then
    guarded[bufnr] = nil
    watch()
  end
end

---Tell the server now what changed, and return the version it has been told.
---
---Neovim would hold it back for up to 150 ms, and what the user types meanwhile would be in the
---same report. The function is Neovim's own and not documented; without it edits only stream
---slower, and no version is known to hold an edit and nothing else.
---@param client vim.lsp.Client
---@param edited table<integer, glm.Edited>
---@return integer? version nil when it is not known
function flush(client, edited)
  local ok, tracking = pcall(require, 'vim.lsp._changetracking')
  local version
  for bufnr in pairs(edited) do
    if ok and tracking.flush and vim.lsp.buf_is_attached(bufnr, client.id) then
      version = pcall(tracking.flush, client, bufnr) and vim.lsp.util.buf_versions[bufnr] or nil
    end
  end
  return version
end

return M
