-- Knows which tools have reported diagnostics of a buffer's text as it is.
--
-- Invariants: a report counts for the version that the buffer had when it came; GLM's own server
-- is no tool; nothing that sets diagnostics notices anything.

local M = {}

---The version that each tool has reported on last, by buffer and namespace.
---@type table<integer, table<integer, integer>>
local reported = {}

---When a tool reported last, in milliseconds of the event loop's clock.
---@type table<integer, integer>
local last = {}

local QUIET = 1000 -- Milliseconds without a report or a change: what follows is about something else.
local LONGEST = 10000 -- Milliseconds that are waited for reports.
local PATIENT = 3000 -- Milliseconds after which a tool that did not report again has nothing new.
local watching = false

local stale

---Begin to watch who reports.
function M.watch()
  if watching then
    return
  end
  watching = true
  local set = vim.diagnostic.set
  ---@diagnostic disable-next-line: duplicate-set-field
  vim.diagnostic.set = function(namespace, bufnr, ...)
    set(namespace, bufnr, ...)
    bufnr = bufnr == 0 and vim.api.nvim_get_current_buf() or bufnr
    if not require('glm.diagnostics').is_own(namespace) then
      reported[bufnr] = reported[bufnr] or {}
      reported[bufnr][namespace] = vim.lsp.util.buf_versions[bufnr]
      last[bufnr] = vim.uv.now()
    end
  end
end

---Forget a buffer that the server no longer sees.
---@param bufnr integer
function M.forget(bufnr)
  reported[bufnr], last[bufnr] = nil, nil
end

---Tell whether a tool has reported on a buffer's text as it is.
---@param bufnr integer
---@param namespace integer
---@return boolean
function M.is_fresh(bufnr, namespace)
  return (reported[bufnr] or {})[namespace] == vim.lsp.util.buf_versions[bufnr]
end

---Tell whether what is known of a buffer is about its text as it is.
---@param bufnr integer
---@return boolean
function M.is_known(bufnr)
  local changed = require('glm.positions').changed(bufnr)
  if not changed then
    return #vim.diagnostic.get(bufnr) > 0 or reported[bufnr] ~= nil
  end
  return M.any(bufnr) and (not stale(bufnr) or vim.uv.now() - changed >= PATIENT)
end

---Tell whether any tool has reported on a buffer's text as it is.
---@param bufnr integer
---@return boolean
function M.any(bufnr)
  return vim.iter(pairs(reported[bufnr] or {})):any(function(namespace)
    return M.is_fresh(bufnr, namespace)
  end)
end

---Call back once all tools have reported on a buffer's text as it is, or have been waited for.
---@param bufnr integer
---@param on_settled fun()
function M.settle(bufnr, on_settled)
  local timer = assert(vim.uv.new_timer())
  local ends = vim.uv.now() + LONGEST
  timer:start(0, 50, vim.schedule_wrap(function()
    if timer:is_closing() then
      return
    end
    local changed = require('glm.positions').changed(bufnr)
    local quiet = vim.uv.now() - math.max(last[bufnr] or 0, changed or 0) >= QUIET
    local settled = quiet and M.any(bufnr) and not stale(bufnr)
    if settled or vim.uv.now() >= ends or not vim.api.nvim_buf_is_valid(bufnr) then
      timer:close()
      on_settled()
    end
  end))
end

---Tell whether a tool's diagnostics are shown that are of an older text.
---@param bufnr integer
---@return boolean
function stale(bufnr)
  return vim.iter(vim.diagnostic.get(bufnr)):any(function(diagnostic)
    local namespace = diagnostic.namespace
    return not require('glm.diagnostics').is_own(namespace) and not M.is_fresh(bufnr, namespace)
  end)
end

return M
