-- Takes a half change back when the server has gone in the middle of it.
--
-- Invariants: only lines that still stand exactly as GLM wrote them are taken back; what the
-- user typed, and a line of GLM's that the user touched, stays; nothing is kept of a change
-- that has ended, and nothing while none streams.

local M = {}

---What a stream has done to a buffer.
---@class glm.Record
---@field bufnr integer
---@field owned glm.Ownership
---@field over boolean the stream has ended, or the buffer is another by now
---@field writing? { first: integer, lines: string[] } while GLM writes: what it writes over

local observe, rows_of, settle, taken_back, say

---Begin to watch a buffer for a stream.
---@param bufnr integer
---@return glm.Record
function M.record(bufnr)
  local record = { bufnr = bufnr, owned = require('glm.ownership').new(), over = false }
  local function finish()
    record.over = true
  end
  local attached = vim.api.nvim_buf_attach(bufnr, false, {
    on_bytes = function(_, _, _, row, column, _, old_row, old_column, _, new_row, new_column)
      return observe(record, { row, column, old_row, old_column, new_row, new_column })
    end,
    on_reload = finish,
    on_detach = finish,
  })
  record.over = not attached
  return record
end

---Let GLM write: what changes meanwhile is its own.
---@param record glm.Record
---@param first integer the first row that is changed
---@param last integer the last
---@param write fun()
function M.write(record, first, last, write)
  local lines = vim.api.nvim_buf_get_lines(record.bufnr, first, last + 1, false)
  record.writing = { first = first, lines = lines }
  write()
  record.writing = nil
  if not record.over then
    settle(record)
  end
end

---Forget what a stream did.
---@param record glm.Record
function M.drop(record)
  record.over = true
end

---Take back what still stands as GLM wrote it, in the undo step of the change, and say so.
---@param record glm.Record
---@param step boolean whether that step is the last one still
function M.take_back(record, step)
  local bufnr, undo = record.bufnr, require('glm.undo')
  local leaving = vim.v.exiting ~= vim.NIL
  if record.over or leaving or not vim.api.nvim_buf_is_loaded(bufnr) then
    return
  end
  record.over = true
  local edits, left = taken_back(record)
  if #edits == 0 and left == 0 then
    return
  elseif not step then
    undo.begin(bufnr)
  elseif not undo.join(bufnr) then
    return -- The user has undone it all.
  end
  local ok = pcall(vim.lsp.util.apply_text_edits, edits, bufnr, 'utf-8')
  undo.begin(bufnr)
  require('glm.unmodified').restore(bufnr)
  say(ok and #edits > 0, not ok or left > 0)
end

---@param taken boolean
---@param left boolean
function say(taken, left)
  local what = 'what it had written is taken back'
  if taken and left then
    what = what .. ', but not where you changed it'
  elseif left then
    what = 'what it had written stays, for you changed it'
  end
  vim.notify('glm: the server broke off in the middle of a change; ' .. what, vim.log.levels.WARN)
end

---Keep account of a change of the buffer, whoever made it.
---@param record glm.Record
---@param bytes integer[] as |nvim_buf_attach()| gives them: where, how much before, how much now
---@return true? over
function observe(record, bytes)
  if record.over then
    return true
  elseif require('glm.undo').saving then
    return
  end
  local ownership, writing = require('glm.ownership'), record.writing
  local first, last, count = rows_of(record, bytes)
  if not writing then
    ownership.others(record.owned, first, last, count)
    return
  end
  ownership.glm(record.owned, first, last, count, function(row)
    local line = writing.lines[row - writing.first + 1]
    record.over = record.over or line == nil -- Not where it said that it would write.
    return line or ''
  end)
end

---Return the rows that a change is about, and how many they are now.
---
---A new line begun at the end of one of GLM's leaves that line as it is.
---@param record glm.Record
---@param bytes integer[]
---@return integer first
---@return integer last
---@return integer count
function rows_of(record, bytes)
  local row, column, old_row, old_column, new_row, new_column = unpack(bytes)
  if column == 0 and old_column == 0 and new_column == 0 then
    return row, row + old_row, new_row
  elseif old_row == 0 and old_column == 0 and new_row > 0 and not record.writing then
    for run, at in require('glm.ownership').each(record.owned) do
      local line = (run.after or {})[row - at + 1]
      if line and #line == column then
        return row + 1, row + 1, new_row
      end
    end
  end
  return row, row + old_row + 1, new_row + 1
end

---Read the lines that GLM has just written.
---@param record glm.Record
function settle(record)
  for run, row in require('glm.ownership').each(record.owned) do
    run.after = run.after or vim.api.nvim_buf_get_lines(record.bufnr, row, row + run.rows, false)
  end
end

---Return the edits that put the original lines back, and how many places must stay.
---@param record glm.Record
---@return lsp.TextEdit[]
---@return integer left
function taken_back(record)
  local edits, left = {}, record.owned.touched
  for run, row in require('glm.ownership').each(record.owned) do
    local lines = vim.api.nvim_buf_get_lines(record.bufnr, row, row + run.rows, false)
    if vim.deep_equal(lines, run.after) then
      edits[#edits + 1] = {
        range = {
          start = { line = row, character = 0 },
          ['end'] = { line = row + run.rows, character = 0 },
        },
        newText = table.concat(run.before, '\n') .. (#run.before > 0 and '\n' or ''),
      }
    else
      left = left + 1
    end
  end
  return edits, left
end

return M
