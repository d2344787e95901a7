-- Keeps the changes that `glm/changes` lists: highlights what GLM wrote, and knows which
-- change and which part of it stand at a line.
--
-- Invariants: what the list no longer holds is no longer shown; the marks move with the text;
-- a place of a version that is not known any more is not guessed.

local M = {}

---@class glm.Hunk
---@field job string
---@field hunk integer
---@field first integer row
---@field last integer row after it
---@field before string
---@field after string
---@field mark? integer

---@class glm.Change
---@field job string
---@field title string
---@field state 'made'|'offered'
---@field fault? string
---@field hunks glm.Hunk[]

local namespace = vim.api.nvim_create_namespace('glm.changes')

---@type table<integer, glm.Change[]>
local listed = {}

local read, place, mark, rows

---Handle the notification `glm/changes`.
---@param _ any
---@param params { uri: string, version?: integer, changes: table[] }
---@param ctx lsp.HandlerContext
function M.on_changes(_, params, ctx)
  local client = vim.lsp.get_client_by_id(ctx.client_id)
  local bufnr = client and require('glm.server').buffer(client, params.uri)
  if not client or not bufnr or not vim.api.nvim_buf_is_loaded(bufnr) then
    return
  end
  local version = type(params.version) == 'number' and params.version or nil
  local changes = read(bufnr, params.changes, require('glm.positions').since(bufnr, version))
  vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  listed[bufnr] = changes
  for _, change in ipairs(changes) do
    for _, hunk in ipairs(change.hunks) do
      mark(bufnr, hunk, change.state == 'made' and require('glm.config').get().highlight)
    end
  end
  local offered = vim.tbl_filter(function(change)
    return change.state == 'offered'
  end, changes)
  require('glm.preview').show(bufnr, client, offered)
  require('glm.diff').update(bufnr)
end

---Forget a buffer that the server no longer sees.
---@param bufnr integer
function M.forget(bufnr)
  listed[bufnr] = nil
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  end
  require('glm.preview').forget(bufnr)
  require('glm.diff').forget(bufnr)
end

---Go through the parts of changes that are in the document, each with its row.
---@param bufnr integer
---@return fun(): integer?, glm.Hunk?
function M.made(bufnr)
  return coroutine.wrap(function()
    for _, change in ipairs(listed[bufnr] or {}) do
      for _, hunk in ipairs(change.state == 'made' and change.hunks or {}) do
        coroutine.yield((rows(bufnr, hunk)), hunk)
      end
    end
  end)
end

---Return the part of a change that stands at a row; where lines were removed, beside it.
---@param bufnr integer
---@param row integer
---@param state 'made'|'offered'
---@return glm.Hunk?
function M.at(bufnr, row, state)
  local beside
  for _, change in ipairs(listed[bufnr] or {}) do
    for _, hunk in ipairs(change.state == state and change.hunks or {}) do
      local first, last = rows(bufnr, hunk)
      if first <= row and row < last then
        return hunk
      elseif first == last and (row == first or row == first - 1) then
        beside = hunk
      end
    end
  end
  return beside
end

---Go to the next part of a change in the current window, or with a negative count to the one
---before; past the last it is the first again.
---@param bufnr integer the window's
---@param count integer
---@return boolean gone false when there is none
function M.go(bufnr, count)
  local all = {}
  for row in M.made(bufnr) do
    all[#all + 1] = math.min(row, vim.api.nvim_buf_line_count(bufnr) - 1)
  end
  if #all == 0 then
    return false
  end
  table.sort(all)
  local here = vim.api.nvim_win_get_cursor(0)[1] - 1
  local target = count > 0 and all[1] or all[#all]
  for index = 1, #all do
    local row = all[count > 0 and #all + 1 - index or index]
    if (row - here) * count > 0 then
      target = row
    end
  end
  vim.cmd.normal({ "m'", bang = true }) -- CTRL-O leads back.
  vim.api.nvim_win_set_cursor(0, { target + 1, 0 })
  return true
end

---Return the changes of a list, with their rows as they are now.
---@param bufnr integer
---@param changes table[] as the server sent them
---@param now? fun(row: integer): integer
---@return glm.Change[]
function read(bufnr, changes, now)
  local found = {}
  for _, change in ipairs(changes) do
    local hunks = {}
    for _, hunk in ipairs(change.hunks) do
      local first, last = place(bufnr, change.job, hunk, now)
      if first then
        hunks[#hunks + 1] = vim.tbl_extend('force', hunk, {
          job = change.job,
          first = first,
          last = last,
        })
      end
    end
    found[#found + 1] = {
      job = change.job,
      title = change.title,
      state = change.state,
      fault = type(change.fault) == 'string' and change.fault or nil,
      hunks = hunks,
    }
  end
  return found
end

---Return where a part of a change is now; nil when that is not known.
---@param bufnr integer
---@param job string
---@param hunk table
---@param now? fun(row: integer): integer
---@return integer? first
---@return integer? last
function place(bufnr, job, hunk, now)
  local first, last = hunk.range.start.line, hunk.range['end'].line
  if hunk.range['end'].character > 0 then
    last = last + 1 -- The last line of a file without a line end.
  end
  if now then
    local count = vim.api.nvim_buf_line_count(bufnr)
    last = last > first and now(last - 1) + 1 or now(first)
    first = now(first)
    return math.min(first, count), math.min(last, count)
  end
  for _, change in ipairs(listed[bufnr] or {}) do
    for _, known in ipairs(change.job == job and change.hunks or {}) do
      if known.hunk == hunk.hunk then
        return rows(bufnr, known)
      end
    end
  end
end

---@param bufnr integer
---@param hunk glm.Hunk
---@param shown boolean
function mark(bufnr, hunk, shown)
  local lines = hunk.last > hunk.first
  local group = hunk.before == '' and 'GlmAdded' or 'GlmChanged'
  hunk.mark = vim.api.nvim_buf_set_extmark(bufnr, namespace, hunk.first, 0, {
    end_row = lines and hunk.last - 1 or hunk.first, -- A line highlight takes its end in.
    end_col = 0,
    line_hl_group = lines and shown and group or nil,
  })
end

---@param bufnr integer
---@param hunk glm.Hunk
---@return integer first
---@return integer last
function rows(bufnr, hunk)
  local found = hunk.mark
      and vim.api.nvim_buf_get_extmark_by_id(bufnr, namespace, hunk.mark, { details = true })
    or {}
  if not found[1] then
    return hunk.first, hunk.last
  end
  return found[1], hunk.last > hunk.first and found[3].end_row + 1 or found[1]
end

return M
