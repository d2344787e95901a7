-- Puts text at the cursor as if it had been typed: one insertion for `.`, one step for `u`.
--
-- Invariants: the text stands there exactly as it was given, whatever is mapped, abbreviated,
-- indented or wrapped while typing; no register changes; keys typed meanwhile come after it.

local M = {}

---@type table<integer, fun()> by the number in the keys that run it
local waiting = {}
local last = 0

local put, deleting, remove, after

---Insert a text, in insert mode.
---@param text string
---@param behind string what goes away behind the cursor
---@param done fun() called when the text is there
function M.insert(text, behind, done)
  local keys = deleting(behind)
  after(keys or '', function()
    if not keys then
      remove(behind)
    end
    put(text)
    done()
  end)
end

---Do something in insert mode once what was typed before is there, which is not so yet while
---an <expr> mapping is evaluated. A popup menu is closed first; what it has inserted stays.
---@param action fun()
function M.soon(action)
  after('', action)
end

---Let keys be worked on before what the user has typed ahead.
---@param keys string
function M.feed(keys)
  vim.api.nvim_feedkeys(vim.keycode(keys), 'ni', false)
end

---Do what waits under a number. What an error has flushed with its keys is never done.
---@param number integer
function M.run(number)
  local action = waiting[number]
  waiting[number] = nil
  if action and vim.startswith(vim.api.nvim_get_mode().mode, 'i') then
    action()
  end
end

---@param keys string to be worked on first
---@param action fun()
function after(keys, action)
  last = last + 1
  waiting[last] = action
  local ending = vim.fn.pumvisible() == 1 and '<C-x><C-z>' or ''
  M.feed(('%s%s<Cmd>lua require("glm.insertion").run(%d)<CR>'):format(ending, keys, last))
end

---Return the keys that delete a text behind the cursor, so that `.` does, too; nil where a key
---would take more or less than one character.
---@param behind string
---@return string?
function deleting(behind)
  local col = vim.api.nvim_win_get_cursor(0)[2]
  local rest = vim.api.nvim_get_current_line():sub(col + #behind + 1)
  local count = vim.fn.strchars(behind, true)
  local apart = count + vim.fn.strchars(rest, true) + 1
  if vim.o.delcombine or behind:find('%c[\128-\255]') then
    return nil
  end
  return vim.fn.strchars('x' .. behind .. rest, true) == apart and ('<Del>'):rep(count) or nil
end

---@param behind string
function remove(behind)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  vim.api.nvim_buf_set_text(0, row - 1, col, row - 1, col + #behind, {})
end

---Paste a text: Neovim leaves it as it is, and notes it for `.`. The user's own way of pasting
---is put aside, since it may change the text.
---@param text string
function put(text)
  local paste = vim.paste
  ---@diagnostic disable-next-line: duplicate-set-field
  vim.paste = function(lines)
    vim.api.nvim_put(lines, 'c', false, true)
    return true
  end
  local ok, err = pcall(vim.api.nvim_paste, text, false, -1)
  vim.paste = paste
  if not ok then
    error(err, 0)
  end
end

return M
