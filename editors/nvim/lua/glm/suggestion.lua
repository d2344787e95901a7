-- A suggestion at its place: what is left of it, and whether it still fits where the cursor is.
--
-- Invariant: it fits only where the text before the cursor is its beginning, and the text
-- behind the cursor is what it was made for.

local M = {}

---@class glm.Suggestion
---@field item lsp.InlineCompletionItem as the server sent it
---@field whole string its text as the buffer would have it
---@field text string what is left of it
---@field row integer where that begins, from 0
---@field col integer in bytes
---@field tail string the line behind it
---@field behind string the beginning of the tail, which it replaces

---@class glm.Asked where suggestions were asked for
---@field row integer from 0
---@field before string the line up to the cursor
---@field tail string the line behind it

local up_to_cursor, tail_at_cursor

---Return where the cursor is.
---@return glm.Asked
function M.here()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  local before = vim.api.nvim_get_current_line():sub(1, col)
  return { row = row - 1, before = before, tail = tail_at_cursor() }
end

---Tell whether the user has done nothing but type since something was asked.
---@param asked glm.Asked
---@return boolean
function M.is_current(asked)
  local before = up_to_cursor(asked.row, 0)
  return before ~= nil and vim.startswith(before, asked.before) and asked.tail == tail_at_cursor()
end

---Return an item at its place in the current buffer; nil when it does not fit there.
---@param item lsp.InlineCompletionItem
---@param encoding string
---@param asked glm.Asked
---@return glm.Suggestion?
---@return boolean known false for what is no text at the cursor: a snippet, a far range
function M.place(item, encoding, asked)
  local position = { line = asked.row, character = vim.str_utfindex(asked.before, encoding) }
  local range = item.range or { start = position, ['end'] = position }
  local first, last = range.start, range['end']
  if
    type(item.insertText) ~= 'string'
    or first.line ~= asked.row
    or last.line ~= asked.row
    or first.character > position.character
    or last.character < position.character
  then
    return nil, false
  end
  local line_end = ({ dos = '\r\n', mac = '\r' })[vim.bo.fileformat] or '\n'
  local whole = item.insertText:gsub(line_end, '\n')
  local replaced = last.character - position.character
  local suggestion = {
    item = item,
    whole = whole,
    text = whole,
    row = asked.row,
    col = vim.str_byteindex(asked.before, encoding, first.character, false),
    tail = asked.tail,
    behind = asked.tail:sub(1, vim.str_byteindex(asked.tail, encoding, replaced, false)),
  }
  return M.at_cursor(suggestion), true
end

---Return what is left of a suggestion at the cursor; nil when it does not fit there.
---@param suggestion glm.Suggestion
---@return glm.Suggestion?
function M.at_cursor(suggestion)
  local before = up_to_cursor(suggestion.row, suggestion.col)
  if not before or suggestion.tail ~= tail_at_cursor() then
    return nil
  end
  local text = suggestion.text:sub(#before + 1)
  if not vim.startswith(suggestion.text, before) or text .. suggestion.behind == '' then
    return nil
  end
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  return vim.tbl_extend('force', suggestion, { row = row - 1, col = col, text = text })
end

---Return the text between a place and the cursor; nil when the cursor is before it.
---@param row integer
---@param col integer
---@return string?
function up_to_cursor(row, col)
  local cursor = vim.api.nvim_win_get_cursor(0)
  local ok, lines = pcall(vim.api.nvim_buf_get_text, 0, row, col, cursor[1] - 1, cursor[2], {})
  return ok and table.concat(lines, '\n') or nil
end

---@return string
function tail_at_cursor()
  return vim.api.nvim_get_current_line():sub(vim.api.nvim_win_get_cursor(0)[2] + 1)
end

---Return the item with which Neovim shows a suggestion at the cursor.
---@param suggestion glm.Suggestion
---@param encoding string
---@return lsp.InlineCompletionItem
function M.to_item(suggestion, encoding)
  local first = vim.lsp.util.make_position_params(0, encoding).position
  local replaced = vim.str_utfindex(suggestion.behind, encoding)
  return {
    insertText = suggestion.text,
    range = {
      start = first,
      ['end'] = { line = first.line, character = first.character + replaced },
    },
    command = suggestion.item.command,
  }
end

---Return the next line or word of a text; the whole text when that is all there is.
---@param text string
---@param amount 'all'|'line'|'word'
---@return string
function M.part(text, amount)
  if amount == 'all' then
    return text
  end
  local pattern = amount == 'line' and '^\n?[^\n]*' or '^%s*[%w_\128-\255]+'
  return text:match(pattern) or text:match('^%s*%S') or text
end

return M
