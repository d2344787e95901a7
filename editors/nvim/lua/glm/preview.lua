-- Shows changes that GLM offers and has not made, as a coloured diff in the buffer: below the
-- lines that would go stand the lines that would come, and one key takes or refuses them.
--
-- Invariants: the text of the buffer does not change; no mapping of the user's is replaced,
-- and ours are gone with the preview; each offer is announced once.

local M = {}

---@class glm.Preview
---@field client_id integer
---@field offered glm.Change[]
---@field keys table<string, string> what was mapped, and the word that says what it does

---@type table<integer, glm.Preview>
local previews = {}

local namespace = vim.api.nvim_create_namespace('glm.preview')

local draw, heading, map, unmap, announce, how

---Show what is offered in a buffer in the place of what was shown there.
---@param bufnr integer
---@param client vim.lsp.Client
---@param offered glm.Change[]
function M.show(bufnr, client, offered)
  local known = {}
  for _, change in ipairs(previews[bufnr] and previews[bufnr].offered or {}) do
    known[change.job] = true
  end
  M.forget(bufnr)
  if #offered == 0 then
    return
  end
  local preview = { client_id = client.id, offered = offered, keys = {} }
  previews[bufnr] = preview
  local config = require('glm.config').get()
  map(bufnr, preview, config.preview_accept, 'apply')
  map(bufnr, preview, config.preview_refuse, 'refuse')
  for _, change in ipairs(offered) do
    draw(bufnr, preview, change)
    if not known[change.job] then
      announce(preview, change)
    end
  end
end

---Remove the preview of a buffer.
---@param bufnr integer
function M.forget(bufnr)
  local preview = previews[bufnr]
  previews[bufnr] = nil
  if preview and vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
    unmap(bufnr, preview)
  end
end

---Take or refuse what is offered at the cursor, else the last of what is offered here.
---@param bufnr integer
---@param word 'apply'|'refuse'
function M.answer(bufnr, word)
  local preview = previews[bufnr]
  local client = preview and vim.lsp.get_client_by_id(preview.client_id)
  if not client then
    vim.notify('glm: nothing is offered in this file', vim.log.levels.WARN)
    return
  end
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local here = require('glm.changes').at(bufnr, row, 'offered')
  local job = here and here.job or preview.offered[#preview.offered].job
  local command = word == 'apply' and 'glm.apply' or 'glm.reject'
  require('glm.server').execute(client, command, { job = job }, function()
    if word == 'refuse' then
      vim.notify('glm: the change is refused')
    end
  end)
end

---@param bufnr integer
---@param preview glm.Preview
---@param change glm.Change
function draw(bufnr, preview, change)
  local diff = require('glm.diff')
  for index, hunk in ipairs(change.hunks) do
    local lines = index == 1 and heading(preview, change) or {}
    vim.list_extend(lines, diff.lines(hunk.after, 'GlmAdded'))
    if hunk.last > hunk.first then
      vim.api.nvim_buf_set_extmark(bufnr, namespace, hunk.first, 0, {
        end_row = hunk.last - 1,
        end_col = 0,
        line_hl_group = 'GlmRemoved',
      })
    end
    diff.draw(bufnr, namespace, hunk.last, lines)
  end
end

---Return the lines that say what is offered, what is wrong with it, and what can be done.
---@param preview glm.Preview
---@param change glm.Change
---@return [string, string][][]
function heading(preview, change)
  local lines = { { { ('%s: %s'):format(change.title, how(preview)), 'GlmTitle' } } }
  local line = ''
  for word in (change.fault or ''):gmatch('%S+') do
    if line ~= '' and vim.api.nvim_strwidth(line .. ' ' .. word) > vim.o.columns - 12 then
      lines[#lines + 1] = { { line, 'GlmFault' } }
      line = word
    else
      line = line == '' and word or line .. ' ' .. word
    end
  end
  if line ~= '' then
    lines[#lines + 1] = { { line, 'GlmFault' } }
  end
  return lines
end

---Say that something is offered, in one line: a longer message would wait for a key.
---@param preview glm.Preview
---@param change glm.Change
function announce(preview, change)
  local line = change.hunks[1] and change.hunks[1].first + 1 or 1
  local title = change.title:gsub('^GLM: ', '')
  local text = ('glm: %s (line %d): %s'):format(title, line, how(preview))
  text = text .. (change.fault and '. ' .. change.fault or '')
  local space = math.max(vim.v.echospace, 40)
  if vim.api.nvim_strwidth(text) > space then
    text = vim.fn.strcharpart(text, 0, space - 1) .. '…'
  end
  vim.notify(text, change.fault and vim.log.levels.WARN or vim.log.levels.INFO)
end

---Return which keys do what.
---@param preview glm.Preview
---@return string
function how(preview)
  local keys = preview.keys
  return ('%s applies it, %s refuses it'):format(
    keys.apply or ':Glm apply',
    keys.refuse or ':Glm refuse'
  )
end

---Map a key while the preview is shown, unless it is the user's.
---@param bufnr integer
---@param preview glm.Preview
---@param key string|boolean
---@param word 'apply'|'refuse'
function map(bufnr, preview, key, word)
  if type(key) ~= 'string' or key == '' then
    return
  end
  local mapping = vim.api.nvim_buf_call(bufnr, function()
    return vim.fn.maparg(key, 'n', false, true)
  end)
  if vim.tbl_isempty(mapping) then
    preview.keys[word] = key
    vim.keymap.set('n', key, function()
      M.answer(bufnr, word)
    end, { buffer = bufnr, nowait = true, desc = ('glm: %s the offered change'):format(word) })
  end
end

---Remove what is mapped, unless the user has mapped it since.
---@param bufnr integer
---@param preview glm.Preview
function unmap(bufnr, preview)
  for _, key in pairs(preview.keys) do
    local mapping = vim.api.nvim_buf_call(bufnr, function()
      return vim.fn.maparg(key, 'n', false, true)
    end)
    if vim.startswith(mapping.desc or '', 'glm: ') then
      vim.keymap.del('n', key, { buffer = bufnr })
    end
  end
end

return M
