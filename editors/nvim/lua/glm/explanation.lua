-- Shows `glm/explanation`: Markdown that streams into a window beside the code, and stays.
--
-- Invariants: the cursor stays where the user works; the window shows the beginning until
-- the user moves there; closing it while it streams cancels the job; each explanation has a buffer of
-- its own, however many are written at once, and the last ones can be shown again.

local M = {}

local MOST = 20

---@class glm.Explanation
---@field client integer
---@field job string the one that it began with
---@field title string
---@field bufnr integer
---@field code integer the buffer that it is about
---@field done boolean
---@field dismissed boolean the user closed it: what still arrives is dropped

---The last ones, the latest at the end.
---@type glm.Explanation[]
local kept = {}

local open, append, show_window, float, label, cancel, map, block, shown, find

---Handle the notification `glm/explanation`.
---@param _ any
---@param params { job: string|integer, uri?: string, title?: string, delta?: string, done?: boolean }
---@param ctx lsp.HandlerContext
function M.on_explanation(_, params, ctx)
  local job = tostring(params.job)
  local explanation = find(ctx.client_id, job)
  if not explanation then
    explanation = open(params, ctx.client_id)
  elseif explanation.done and not params.done then -- What was asked about it is answered.
    explanation.done, explanation.dismissed = false, false
    show_window(explanation.bufnr)
  end
  if not explanation.dismissed then
    explanation.title = params.title or 'GLM'
    append(explanation.bufnr, params.delta or '')
  end
  explanation.done = params.done == true
  label(explanation)
end

---Show an explanation again: the last, or with a step one before or after what is shown.
---@param step? integer
---@return boolean found
function M.show(step)
  local at = shown()
  local place = at and vim.fn.index(kept, at) + 1 or #kept + (step and step < 0 and 1 or 0)
  local explanation = step and kept[place + step] or (not step and kept[#kept]) or nil
  if not explanation then
    return false
  end
  show_window(explanation.bufnr)
  label(explanation)
  return true
end

---Ask about the explanation that is shown, else about the last.
---@param question string
function M.ask(question)
  local explanation = shown() or kept[#kept]
  local client = explanation and vim.lsp.get_client_by_id(explanation.client)
  if not client then
    vim.notify('glm: there is no explanation to ask about', vim.log.levels.WARN)
    return
  end
  local function send(words)
    require('glm.server').execute(client, 'glm.followUp', { job = explanation.job, question = words })
  end
  if question ~= '' then
    return send(question)
  end
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local here = { bufnr = vim.api.nvim_get_current_buf(), row = row, column = 0 }
  here.title = ' What do you ask about it? '
  require('glm.prompt').ask(here, send)
end

---@param client integer
---@param job string
---@return glm.Explanation?
function find(client, job)
  return vim.iter(kept):find(function(each)
    return each.client == client and each.job == job
  end)
end

---Return the explanation that is shown in this tab page.
---@return glm.Explanation?
function shown()
  local window = M.window()
  local bufnr = window and vim.api.nvim_win_get_buf(window)
  return vim.iter(kept):find(function(each)
    return each.bufnr == bufnr
  end)
end

---@param params { job: string|integer, uri?: string, title?: string }
---@param client_id integer
---@return glm.Explanation
function open(params, client_id)
  local bufnr = vim.api.nvim_create_buf(false, true)
  ---@type glm.Explanation
  local explanation = {
    client = client_id,
    job = tostring(params.job),
    title = params.title or 'GLM',
    bufnr = bufnr,
    code = params.uri and vim.uri_to_bufnr(params.uri) or vim.api.nvim_get_current_buf(),
    done = false,
    dismissed = false,
  }
  kept[#kept + 1] = explanation
  vim.bo[bufnr].bufhidden = 'hide'
  vim.bo[bufnr].modifiable = false
  vim.api.nvim_buf_set_name(bufnr, ('glm://explanation/%s/%s'):format(client_id, params.job))
  map(explanation)
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = bufnr,
    once = true,
    callback = function()
      cancel(explanation)
      kept = vim.tbl_filter(function(each)
        return each ~= explanation
      end, kept)
    end,
  })
  show_window(bufnr)
  -- After the window, so that what filetype plugins set there takes effect.
  vim.bo[bufnr].filetype = 'markdown'
  if #kept > MOST then
    vim.api.nvim_buf_delete(kept[1].bufnr, { force = true })
  end
  return explanation
end

---Stop what is being written; what still arrives is dropped.
---@param explanation glm.Explanation
function cancel(explanation)
  local client = vim.lsp.get_client_by_id(explanation.client)
  if not explanation.done and not explanation.dismissed and client then
    require('glm.server').execute(client, 'glm.cancel', { job = explanation.job })
  end
  explanation.dismissed = not explanation.done
end

---@param explanation glm.Explanation
function map(explanation)
  local function key(name, description, call)
    vim.keymap.set('n', name, call, { buffer = explanation.bufnr, desc = description })
  end
  key('q', 'Close the explanation', '<Cmd>close<CR>')
  key('a', 'Ask about it', function()
    M.ask('')
  end)
  key('gy', 'Copy the block of code at the cursor', function()
    local lines = block(explanation.bufnr)
    if lines then
      vim.fn.setreg('"', lines, 'l')
      pcall(vim.fn.setreg, '+', lines, 'l')
      vim.notify('glm: copied')
    end
  end)
  key('gp', 'Insert the block below the cursor in the code', function()
    local lines, window = block(explanation.bufnr), vim.fn.bufwinid(explanation.code)
    if lines and window ~= -1 then
      local row = vim.api.nvim_win_get_cursor(window)[1]
      vim.api.nvim_buf_set_lines(explanation.code, row, row, true, lines)
    end
  end)
end

---Return the lines of the block of code at the cursor.
---@param bufnr integer
---@return string[]?
function block(bufnr)
  local row = vim.api.nvim_win_get_cursor(0)[1]
  local lines, first, fence = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), nil, nil
  for at, line in ipairs(lines) do
    local mark = line:match('^%s*(```+)') or line:match('^%s*(~~~+)')
    if mark and not first then
      first, fence = at, mark
    elseif mark and vim.startswith(mark, fence) then
      if first <= row and row <= at then
        return vim.list_slice(lines, first + 1, at - 1)
      end
      first = nil
    end
  end
  vim.notify('glm: there is no block of code at the cursor', vim.log.levels.WARN)
end

---@param bufnr integer
function show_window(bufnr)
  local window = M.window()
  if window then -- One window: the newer explanation takes the place, the older one stays.
    vim.api.nvim_win_set_buf(window, bufnr)
  else
    local where = require('glm.config').get().explanation
    local wide = where == 'right' or (where ~= 'below' and vim.o.columns >= 140)
    window = vim.api.nvim_open_win(bufnr, false, where == 'float' and float() or {
      split = wide and 'right' or 'below',
      win = vim.api.nvim_get_current_win(),
      height = not wide and math.max(8, math.floor(vim.o.lines * 0.35)) or nil,
    })
    vim.api.nvim_create_autocmd('WinClosed', {
      pattern = tostring(window),
      once = true,
      callback = function(event)
        for _, each in ipairs(kept) do
          if each.bufnr == event.buf then
            cancel(each)
          end
        end
      end,
    })
  end
  for option, value in pairs({
    wrap = true,
    linebreak = true,
    conceallevel = 2,
    number = false,
    relativenumber = false,
    signcolumn = 'no',
    spell = false,
  }) do
    vim.api.nvim_set_option_value(option, value, { win = window, scope = 'local' })
  end
end

---Return what makes a float at the right edge, which leaves the left of the code in sight.
---@return vim.api.keyset.win_config
function float()
  local width = math.max(math.min(80, math.floor(vim.o.columns * 0.6)), 20)
  return {
    relative = 'editor',
    anchor = 'NE',
    row = 1,
    col = vim.o.columns - 1,
    width = width,
    height = math.max(math.floor(vim.o.lines * 0.6), 5),
    border = vim.fn.exists('+winborder') == 1 and vim.o.winborder ~= '' and vim.o.winborder or 'rounded',
  }
end

---Return the window of the explanation shown in this tab page.
---@return integer?
function M.window()
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local name = vim.api.nvim_buf_get_name(vim.api.nvim_win_get_buf(window))
    if vim.startswith(name, 'glm://explanation/') then
      return window
    end
  end
end

---@param bufnr integer
---@param delta string
function append(bufnr, delta)
  if delta == '' or not vim.api.nvim_buf_is_valid(bufnr) then
    return
  end
  local lines = vim.split(delta:gsub('\r\n?', '\n'), '\n', { plain = true })
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_text(bufnr, -1, -1, -1, -1, lines)
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].modified = false
end

---@param explanation glm.Explanation
function label(explanation)
  local text = explanation.title:gsub('%%', '%%%%')
  local state = explanation.done and '' or ' …'
  for _, window in ipairs(vim.fn.win_findbuf(explanation.bufnr)) do
    local bar = ('%%#Title# %s%%*%s'):format(text, state)
    vim.api.nvim_set_option_value('winbar', bar, { win = window, scope = 'local' })
  end
end

return M
