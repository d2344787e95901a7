-- Where a command is about: the cursor, or the lines given, as they were when one asked.
--
-- Invariant: what is changed above it before the server is there, or before an answer has been
-- typed, moves it.

local M = {}

---@class glm.Place
---@field client vim.lsp.Client
---@field bufnr integer
---@field argument { uri: string, range: lsp.Range }

---@class glm.Where a place that moves with the text
---@field bufnr integer
---@field lines boolean whole lines were given, else it is the cursor's
---@field first integer the mark of its first line
---@field last integer the mark of its last

local namespace = vim.api.nvim_create_namespace('glm.place')

local place_of

---Note the cursor, or the lines given, as they are now.
---@param command vim.api.keyset.create_user_command.command_args
---@return glm.Where
function M.capture(command)
  local bufnr = vim.api.nvim_get_current_buf()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local function mark(at, byte, gravity)
    local line = vim.api.nvim_buf_get_lines(bufnr, at, at + 1, false)[1] or ''
    local options = { right_gravity = gravity }
    return vim.api.nvim_buf_set_extmark(bufnr, namespace, at, math.min(byte, #line), options)
  end
  if command.range == 0 then
    local here = mark(row - 1, column, true)
    return { bufnr = bufnr, lines = false, first = here, last = here }
  end
  local first, last = mark(command.line1 - 1, 0, false), mark(command.line2 - 1, 0, true)
  return { bufnr = bufnr, lines = true, first = first, last = last }
end

---Call something with the client of a buffer and the place noted, as it is by then.
---
---A server that is still starting is waited for; keys do what they do meanwhile.
---@param where glm.Where
---@param on_place fun(at: glm.Place, rest: string)
---@param rest string
function M.reach(where, on_place, rest)
  require('glm.server').when_ready(where.bufnr, function(client)
    on_place(place_of(where, client), rest)
  end, function(reason)
    vim.notify('glm: ' .. reason, vim.log.levels.ERROR)
  end)
end

---Return the rows of a place, as they are by now.
---@param where glm.Where
---@return integer first row
---@return integer column in bytes
---@return integer last row
function M.rows(where)
  local get = vim.api.nvim_buf_get_extmark_by_id
  local first = get(where.bufnr, namespace, where.first, {})
  local last = get(where.bufnr, namespace, where.last, {})
  return first[1] or 0, first[2] or 0, last[1] or first[1] or 0
end

---@param where glm.Where
---@param client vim.lsp.Client
---@return glm.Place
function place_of(where, client)
  local first, column, last = M.rows(where)
  local function position(row, byte)
    local line = vim.api.nvim_buf_get_lines(where.bufnr, row, row + 1, false)[1] or ''
    local bytes = math.min(byte, #line)
    return { line = row, character = vim.str_utfindex(line, client.offset_encoding, bytes) }
  end
  local range = {
    start = position(first, where.lines and 0 or column),
    ['end'] = position(last, where.lines and math.huge or column),
  }
  local argument = { uri = vim.uri_from_bufnr(where.bufnr), range = range }
  for _, mark in ipairs({ where.first, where.last }) do
    vim.api.nvim_buf_del_extmark(where.bufnr, namespace, mark)
  end
  return { client = client, bufnr = where.bufnr, argument = argument }
end

return M
