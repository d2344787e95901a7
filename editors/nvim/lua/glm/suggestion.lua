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

---Return an item at its place in the current buffer; nil when it does not fit there.
---@param item lsp.InlineCompletionItem
---@param encoding string
---@param asked lsp.Position where the cursor was when it was asked for
---@return glm.Suggestion?
---@return boolean known false for what is no text at the cursor: a snippet, a far range
function M.place(item, encoding, asked)
  local text, range = item.insertText, item.range or { start = asked, ['end'] = asked }
  local first, last = range.start, range['end']
  if
    type(text) ~= 'string'
    or first.line ~= asked.line
    or last.line ~= asked.line
    or first.character > asked.character
    or last.character < asked.character
  then
    return nil, false
  end
  local line = vim.api.nvim_buf_get_lines(0, first.line, first.line + 1, false)[1] or ''
  -- What was typed since the question stands before the cursor; behind it all is as it was.
  local tail = vim.api.nvim_get_current_line():sub(vim.api.nvim_win_get_cursor(0)[2] + 1)
  local replaced = vim.str_byteindex(tail, encoding, last.character - asked.character, false)
  local line_end = ({ dos = '\r\n', mac = '\r' })[vim.bo.fileformat] or '\n'
  local whole = text:gsub(line_end, '\n')
  local suggestion = {
    item = item,
    whole = whole,
    text = whole,
    row = first.line,
    col = vim.str_byteindex(line, encoding, first.character, false),
    tail = tail,
    behind = tail:sub(1, replaced),
  }
  return M.at_cursor(suggestion), true
end

---Return what is left of a suggestion at the cursor; nil when it does not fit there.
---@param suggestion glm.Suggestion
---@return glm.Suggestion?
function M.at_cursor(suggestion)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  row = row - 1
  local first_row, first_col = suggestion.row, suggestion.col
  local ok, typed = pcall(vim.api.nvim_buf_get_text, 0, first_row, first_col, row, col, {})
  if not ok or vim.api.nvim_get_current_line():sub(col + 1) ~= suggestion.tail then
    return nil
  end
  local before = table.concat(typed, '\n')
  local text = suggestion.text:sub(#before + 1)
  if not vim.startswith(suggestion.text, before) or text .. suggestion.behind == '' then
    return nil
  end
  return vim.tbl_extend('force', suggestion, { row = row, col = col, text = text })
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
