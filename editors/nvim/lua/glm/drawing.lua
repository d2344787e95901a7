-- Draws a suggestion at the cursor as the text would look with it.
--
-- Neovim's own drawing (0.12.4) lays what replaces text over the line, and hides as much of the
-- code behind the cursor as the suggestion is longer; before other text it leaves out what
-- that text and the suggestion begin with.
--
-- Invariant: all that is drawn is in Neovim's own namespace, which its `hide` empties.

local M = {}

local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')

local between, over

---@param bufnr integer
---@param suggestion glm.Suggestion at the cursor
---@param hint? string which of the suggestions it is
function M.draw(bufnr, suggestion, hint)
  local lines = vim.split(suggestion.text, '\n')
  local count = hint and { hint, 'ComplHintMore' }
  local pieces = #lines == 1 and between(lines[1], suggestion.behind)
  if not pieces then
    return over(bufnr, suggestion, lines, count)
  end
  pieces[#suggestion.behind] = pieces[#suggestion.behind] or (count and '')
  for offset, piece in pairs(pieces) do
    local last = offset == #suggestion.behind and count or nil
    vim.api.nvim_buf_set_extmark(bufnr, namespace, suggestion.row, suggestion.col + offset, {
      virt_text = { { piece, 'ComplHint' }, last },
      virt_text_pos = 'inline',
      hl_mode = 'combine',
    })
  end
end

---Return what a text has around and between the characters of another, by the offset where it
---is to be drawn; nil when it has not all of them. The last ones count: they close brackets.
---@param text string
---@param other string
---@return table<integer, string>?
function between(text, other)
  if other:find('[\128-\255]') then
    return nil
  end
  local pieces = {}
  for offset = #other, 1, -1 do
    local character = vim.pesc(other:sub(offset, offset))
    local before, after = text:match('^(.*)' .. character .. '(.*)$')
    if not before then
      return nil
    end
    pieces[offset] = after ~= '' and after or nil
    text = before
  end
  pieces[0] = text ~= '' and text or nil
  return pieces
end

---Draw over the text behind the cursor, which is shown where it would be.
---@param bufnr integer
---@param suggestion glm.Suggestion
---@param lines string[] of the suggestion
---@param count? [string, string]
function over(bufnr, suggestion, lines, count)
  local drawn = vim.tbl_map(function(line)
    return { { line, 'ComplHint' } }
  end, lines)
  local last = drawn[#drawn]
  local rest = suggestion.tail:sub(#suggestion.behind + 1)
  if rest ~= '' then
    last[#last + 1] = { rest }
  end
  last[#last + 1] = count
  local before = vim.api.nvim_get_current_line():sub(1, suggestion.col)
  local width = vim.fn.strdisplaywidth(suggestion.tail, vim.fn.strdisplaywidth(before))
  for _, chunk in ipairs(drawn[1]) do
    width = width - vim.fn.strdisplaywidth(chunk[1])
  end
  if width > 0 then
    table.insert(drawn[1], { (' '):rep(width) })
  end
  vim.api.nvim_buf_set_extmark(bufnr, namespace, suggestion.row, suggestion.col, {
    virt_text = drawn[1],
    virt_lines = { unpack(drawn, 2) },
    virt_text_pos = suggestion.tail == '' and 'inline' or 'overlay',
    hl_mode = 'combine',
  })
end

return M
