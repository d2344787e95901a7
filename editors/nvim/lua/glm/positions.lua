-- Where a line of an earlier version of a buffer is by now.
--
-- Invariant: a row is told only when every change since that version is known.

local M = {}

---@class glm.Moves
---@field changes { tick: integer, first: integer, last: integer, count: integer }[]
---@field known integer the version since which all changes are known
---@field changed? integer when the last change was, in milliseconds of the event loop's clock

---@type table<integer, glm.Moves>
local moves = {}

---Changes that are remembered for each buffer: the server is never that far behind.
local LIMIT = 200

---Begin to watch a buffer that the server has just been given.
---@param bufnr integer
function M.watch(bufnr)
  if moves[bufnr] then
    return
  end
  local watched = { changes = {}, known = 0 }
  moves[bufnr] = watched
  vim.api.nvim_buf_attach(bufnr, false, {
    on_lines = function(_, _, tick, first, last, new_last)
      if moves[bufnr] ~= watched then
        return true
      end
      watched.changed = vim.uv.now()
      local changes = watched.changes
      -- A preview of a command has no tick; what it does is always newer, and taken back.
      tick = tick or math.huge
      changes[#changes + 1] = { tick = tick, first = first, last = last, count = new_last - first }
      if #changes > LIMIT then
        watched.known = table.remove(changes, 1).tick
      end
    end,
    on_reload = function()
      watched.changes = {}
    end,
    on_detach = function()
      M.forget(bufnr)
    end,
  })
end

---Forget a buffer.
---@param bufnr integer
function M.forget(bufnr)
  moves[bufnr] = nil
end

---Return when a buffer changed last since it is watched; nil when it has not.
---@param bufnr integer
---@return integer? milliseconds
function M.changed(bufnr)
  return moves[bufnr] and moves[bufnr].changed
end

---Return what tells where the rows of a version are now; nil when that is not known.
---@param bufnr integer
---@param version? integer nil: the text is as the server knows it
---@return nil|fun(row: integer): integer
function M.since(bufnr, version)
  local watched = moves[bufnr]
  if version and (not watched or version < watched.known) then
    return version == vim.lsp.util.buf_versions[bufnr] and M.since(bufnr) or nil
  end
  return function(row)
    for _, change in ipairs(version and watched.changes or {}) do
      if change.tick <= version then
        -- The version has it.
      elseif row >= change.last then
        row = row + change.count - (change.last - change.first)
      elseif row >= change.first then
        row = math.min(row, change.first + math.max(change.count - 1, 0))
      end
    end
    return row
  end
end

return M
