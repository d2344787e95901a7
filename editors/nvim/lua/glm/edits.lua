-- Applies `glm/applyEdit`, so that one `u` takes a streamed edit back whole.
--
-- Invariants: an edit made for another version of a buffer changes nothing and is answered
-- `applied = false`; the server has seen every change, its own included, before it gets an
-- answer; the version in the answer holds exactly the edit, and no key of the user's that
-- the server does not know; what the user types while an edit streams is never lost; an undo
-- while it streams means "stop", and the stream does not write into the buffer again.

local M = {}

---@class glm.Stream
---@field buffers table<integer, boolean> buffers that it has written to
---@field latest integer when its last edit came, in milliseconds

---@type table<string, glm.Stream>
local streams = {}

---Buffers that were edited while the user was inserting text there, and still is.
---@type table<integer, boolean>
local guarded = {}

---The job that last changed each buffer.
---@type table<integer, string|integer>
local last_jobs = {}

---Milliseconds after which a stream that says nothing more, not even its end, counts as dead.
local SILENCE = 90000

local namespace = vim.api.nvim_create_namespace('glm.edits')

local prepare, apply, refusal, versions, begin_step, join_step
local watch, on_key, inserting, save_around_cursor, flush

---Handle the request `glm/applyEdit`.
---@param _ any
---@param params { edit: lsp.WorkspaceEdit, job: string|integer, first: boolean, last: boolean }
---@param ctx lsp.HandlerContext
---@return { applied: boolean, version: integer|vim.NIL, failureReason?: string }
function M.on_apply_edit(_, params, ctx)
  local client = assert(vim.lsp.get_client_by_id(ctx.client_id))
  local job = tostring(params.job)
  local edited = versions(params.edit)
  require('glm.cmdline').wait(edited)
  local reason = refusal(edited)
  if not reason then
    if params.first then
      streams[job] = nil
    end
    local stream = streams[job] or { buffers = {}, latest = 0 }
    stream.latest = vim.uv.now()
    streams[job] = stream
    if not prepare(stream, edited) then
      reason = 'the edit was undone'
      streams[job] = nil -- What the server restores now is a step of its own.
      require('glm.server').execute(client, 'glm.cancel', { job = params.job })
    else
      reason = apply(stream, params.edit, edited, client)
    end
  end
  if params.last and not reason then
    streams[job] = nil
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

---Put the next change of each buffer into the stream's undo step.
---@param stream glm.Stream
---@param edited table<integer, integer>
---@return boolean done false when the user has undone that step
function prepare(stream, edited)
  for bufnr in pairs(edited) do
    if not stream.buffers[bufnr] then
      begin_step(bufnr)
    elseif not join_step(bufnr) then
      return false
    end
  end
  return true
end

---Apply an edit and return why it could not be applied.
---@param stream glm.Stream
---@param edit lsp.WorkspaceEdit
---@param edited table<integer, integer>
---@param client vim.lsp.Client
---@return string? reason
function apply(stream, edit, edited, client)
  local ok, err = pcall(vim.lsp.util.apply_workspace_edit, edit, client.offset_encoding)
  if not ok then
    return tostring(err)
  end
  for bufnr in pairs(edited) do
    stream.buffers[bufnr] = true
    guarded[bufnr] = inserting(bufnr) or nil
  end
end

---Forget the streams of a buffer that the server no longer sees.
---@param bufnr integer
function M.forget(bufnr)
  guarded[bufnr], last_jobs[bufnr] = nil, nil
  for job, stream in pairs(streams) do
    if stream.buffers[bufnr] then
      streams[job] = nil
    end
  end
  watch()
end

---Return the buffers an edit changes, with the versions it was made for (-1: any).
---@param edit lsp.WorkspaceEdit
---@return table<integer, integer>
function versions(edit)
  local found = {}
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.textDocument then
      local version = change.textDocument.version
      local bufnr = vim.uri_to_bufnr(change.textDocument.uri)
      found[bufnr] = type(version) == 'number' and version or -1
    end
  end
  for uri in pairs(edit.changes or {}) do
    found[vim.uri_to_bufnr(uri)] = -1
  end
  return found
end

---Return why an edit cannot be applied to the buffers as they are.
---@param edited table<integer, integer>
---@return string?
function refusal(edited)
  for bufnr, version in pairs(edited) do
    local now = vim.lsp.util.buf_versions[bufnr]
    if version ~= -1 and not vim.api.nvim_buf_is_loaded(bufnr) then
      return 'the buffer is closed'
    elseif version ~= -1 and version ~= now then
      return ('the buffer has changed: it is at version %d, not %d'):format(now, version)
    elseif vim.api.nvim_buf_is_loaded(bufnr) and not vim.bo[bufnr].modifiable then
      return 'the buffer is not modifiable'
    end
  end
end

---Close the open undo step of a buffer, so that a stream begins one of its own.
---
---In insert mode what was typed so far stays a step of its own, too.
---@param bufnr integer
function begin_step(bufnr)
  if vim.api.nvim_buf_is_loaded(bufnr) then
    vim.api.nvim_buf_call(bufnr, function()
      vim.bo.undolevels = vim.bo.undolevels -- See |undo-break|.
    end)
  end
end

---Make the next change of a buffer part of its last undo step.
---@param bufnr integer
---@return boolean joined false when the user has undone that step
function join_step(bufnr)
  return (pcall(vim.api.nvim_buf_call, bufnr, vim.cmd.undojoin))
end

---While an edit streams into a buffer, let what the user does there join its undo step.
---
---Without this a change in normal mode would begin a step of its own between two edits, and
---one `u` would take back only what came after it.
function watch()
  local needed = next(streams) ~= nil or next(guarded) ~= nil
  vim.on_key(needed and on_key or nil, namespace)
end

---Called for each key, before it has its effect. Must return nothing: "" would swallow it.
function on_key()
  local bufnr = vim.api.nvim_get_current_buf()
  for job, stream in pairs(streams) do
    if vim.uv.now() - stream.latest > SILENCE then
      streams[job] = nil
      watch()
    elseif stream.buffers[bufnr] then
      pcall(vim.cmd.undojoin)
    end
  end
  if guarded[bufnr] and inserting(bufnr) then
    pcall(save_around_cursor)
  elseif guarded[bufnr] then
    guarded[bufnr] = nil
    watch()
  end
end

---Tell whether the user is inserting text into a buffer.
---@param bufnr integer
---@return boolean
function inserting(bufnr)
  local mode = vim.api.nvim_get_mode().mode
  return bufnr == vim.api.nvim_get_current_buf() and mode:match('^[iR]') ~= nil
end

---Record the lines at the cursor for undo, by replacing them with themselves.
---
---In insert mode Neovim records a line once and then believes that all that is typed stays
---within that record. An edit from outside ends the record without Neovim noticing: the
---next <CR> or <BS> is then undone at the wrong place, and text is lost (Neovim 0.12.4).
function save_around_cursor()
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local above = math.max(row - 1, 0)
  local lines = above < row and { vim.api.nvim_buf_get_lines(0, above, row, true)[1], '' } or { '' }
  vim.api.nvim_buf_set_text(0, above, 0, row, 0, lines)
end

---Tell the server now what changed, and return the version it has been told.
---
---Neovim would hold it back for up to 150 ms, and what the user types meanwhile would be in the
---same report. The function is Neovim's own and not documented; without it edits only stream
---slower, and no version is known to hold an edit and nothing else.
---@param client vim.lsp.Client
---@param edited table<integer, integer>
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
