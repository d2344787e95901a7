-- Ghost text: Neovim's own inline completion, switched on for buffers that have the server,
-- and a key that accepts it.
--
-- Invariants: no mapping of the user's is ever replaced; a suggestion is accepted only
-- where the text before the cursor still is what it continues.

local M = {}

local map, rest_of, part_of, fall_back

---Tell whether this Neovim has inline completion.
---@return boolean
function M.available()
  return vim.lsp.inline_completion ~= nil
end

---Switch ghost text on for a buffer, and map the keys once.
---@param client vim.lsp.Client
---@param bufnr integer
function M.attach(client, bufnr)
  local config = require('glm.config').get()
  if not M.available() or not config.inline_completion then
    return
  end
  if client:supports_method('textDocument/inlineCompletion', bufnr) then
    vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
    map(config.accept, 'all')
    map(config.accept_line, 'line')
    map(config.accept_word, 'word')
  end
end

---Switch ghost text on or off in a buffer.
---@param bufnr integer
---@return boolean enabled
function M.toggle(bufnr)
  local enabled = not vim.lsp.inline_completion.is_enabled({ bufnr = bufnr })
  vim.lsp.inline_completion.enable(enabled, { bufnr = bufnr })
  return enabled
end

---Accept the ghost text at the cursor, or part of it.
---@param amount? 'all'|'line'|'word'
---@return boolean accepted
function M.accept(amount)
  if not M.available() then
    return false
  end
  return vim.lsp.inline_completion.get({
    on_accept = function(item)
      local rest, grown = rest_of(item)
      if not rest then
        fall_back(require('glm.config').get().accept)
        return nil
      end
      local part = part_of(rest, amount or 'all')
      if #part < #rest then
        item.command = nil -- The server hears "accepted" only for the whole.
      elseif not grown then
        return item
      end
      item.insert_text, item.range = part, nil -- At the cursor.
      return item
    end,
  })
end

---Return who holds a key in insert mode: nil, Neovim itself, this plugin or the user.
---@param key string
---@return nil|'neovim'|'glm'|'user'
function M.owner(key)
  local mapping = vim.fn.maparg(key, 'i', false, true)
  if vim.tbl_isempty(mapping) then
    return nil
  end
  local description = mapping.desc or ''
  if vim.startswith(description, 'glm: ') then
    return 'glm'
  end
  return vim.startswith(description, 'vim.snippet.jump') and 'neovim' or 'user'
end

---Map a key, unless it is the user's. The mapping is global, so that one made later wins.
---@param key string|false
---@param amount 'all'|'line'|'word'
function map(key, amount)
  if not key or key == '' or key == true or M.owner(key) == 'user' then
    return
  end
  vim.keymap.set('i', key, function()
    if M.accept(amount) then
      return ''
    end
    if key == '<Tab>' and vim.snippet.active({ direction = 1 }) then
      return '<Cmd>lua vim.snippet.jump(1)<CR>' -- What Neovim itself maps Tab to.
    end
    return key
  end, { expr = true, desc = 'glm: accept the ghost text (' .. amount .. ')' })
end

---Return what is left of a suggestion at the cursor; nil when it no longer fits there.
---
---Neovim keeps showing a suggestion while the user types on, and keeps the range it was
---made for. What was typed since must be the suggestion's own beginning, and is not inserted
---a second time.
---@param item vim.lsp.inline_completion.Item
---@return string? rest
---@return boolean grown the cursor has moved past the range
function rest_of(item)
  local text = item.insert_text
  if type(text) ~= 'string' then
    return nil, false -- A snippet: GLM's server sends none.
  elseif not item.range then
    return text, false
  end
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local start_row, start_column, end_row, end_column = item.range:to_extmark()
  if start_row ~= row - 1 or column < start_column then
    return nil, false
  end
  local typed = vim.api.nvim_get_current_line():sub(start_column + 1, column)
  if not vim.startswith(text, typed) then
    return nil, false
  end
  return text:sub(#typed + 1), end_row == start_row and end_column < column
end

---Return the next line or word of a text; the whole text when that is all there is.
---@param text string
---@param amount 'all'|'line'|'word'
---@return string
function part_of(text, amount)
  if amount == 'all' then
    return text
  end
  local pattern = amount == 'line' and '^\n?[^\n]*' or '^%s*[%w_\128-\255]+'
  return text:match(pattern) or text:match('^%s*%S') or text
end

---Give the key to whoever would have had it.
---@param key string|false
function fall_back(key)
  if key then
    local keys = vim.api.nvim_replace_termcodes(key, true, true, true)
    vim.api.nvim_feedkeys(keys, 'n', false)
  end
end

return M
