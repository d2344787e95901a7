-- Asks what should be done, in a small window beside the code it is about.
--
-- Invariants: the cursor in the code stays where it was; a window that is left without an answer
-- asks nothing, and what was typed in it is not lost: it is in the history, which Neovim's shada
-- file keeps (`vim.g.GLM_HISTORY`) as it keeps that of the command line.

local M = {}

local MOST = 100 -- Instructions in the history.
local TALLEST = 6 -- Lines of the window.

local namespace = vim.api.nvim_create_namespace('glm.prompt')

---@class glm.Question
---@field bufnr integer the window's
---@field window integer
---@field code integer the window of the code
---@field cursor [integer, integer] the code's
---@field inserting boolean the user inserted text there
---@field at integer which instruction of the history is shown; 0: what is being typed
---@field draft string[]
---@field unmark fun()
---@field on_answer fun(answer: string)

local open, map, finish, browse, resize, lines_of, history

---Ask for an instruction.
---@param place { bufnr: integer, row: integer, column: integer, first?: integer, last?: integer, title?: string }
---@param on_answer fun(answer: string)
function M.ask(place, on_answer)
  if require('glm.config').get().prompt == 'ui' then
    vim.ui.input({ prompt = 'What should GLM do? ' }, function(answer)
      if answer and answer ~= '' then
        M.remember(answer)
        on_answer(answer)
      end
    end)
    return
  end
  local question = open(place, on_answer)
  map(question)
  vim.cmd.startinsert()
end

---Put an instruction at the end of the history.
---@param instruction string
function M.remember(instruction)
  local known = vim.tbl_filter(function(each)
    return each ~= instruction
  end, history())
  known[#known + 1] = instruction
  vim.g.GLM_HISTORY = vim.list_slice(known, math.max(#known - MOST + 1, 1))
end

---@return string[]
function history()
  local known = vim.g.GLM_HISTORY
  return vim.islist(known) and known or {}
end

---@param place { bufnr: integer, row: integer, column: integer, first?: integer, last?: integer, title?: string }
---@param on_answer fun(answer: string)
---@return glm.Question
function open(place, on_answer)
  local code, cursor = vim.api.nvim_get_current_win(), vim.api.nvim_win_get_cursor(0)
  local inserting = vim.startswith(vim.api.nvim_get_mode().mode, 'i')
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.bo[bufnr].bufhidden, vim.bo[bufnr].filetype = 'wipe', 'glmprompt'
  vim.b[bufnr].completion = false -- blink.cmp asks.
  for row = place.first or 0, place.last or -1 do
    vim.api.nvim_buf_set_extmark(place.bufnr, namespace, row, 0, { line_hl_group = 'Visual' })
  end
  local seen = vim.fn.screenpos(code, place.row + 1, place.column + 1)
  local below = seen.row + 4 <= vim.o.lines - vim.o.cmdheight
  local border = vim.fn.exists('+winborder') == 1 and vim.o.winborder ~= '' and vim.o.winborder
  local window = vim.api.nvim_open_win(bufnr, true, {
    relative = 'win',
    win = code,
    bufpos = { place.row, place.column },
    anchor = below and 'NW' or 'SW',
    row = below and 1 or 0,
    col = 0,
    width = math.max(math.min(60, vim.o.columns - 4), 10),
    height = 1,
    style = 'minimal',
    border = border or 'rounded',
    title = place.title or ' What should GLM do? ',
    footer = ' <CR> asks, <Up> earlier ones, <Esc><Esc> leaves ',
  })
  vim.wo[window].wrap, vim.wo[window].linebreak = true, true
  return {
    bufnr = bufnr,
    window = window,
    code = code,
    cursor = cursor,
    inserting = inserting,
    at = 0,
    draft = { '' },
    on_answer = on_answer,
    unmark = function()
      if vim.api.nvim_buf_is_valid(place.bufnr) then
        vim.api.nvim_buf_clear_namespace(place.bufnr, namespace, 0, -1)
      end
    end,
  }
end

---@param question glm.Question
function map(question)
  local function key(modes, keys, call)
    for _, each in ipairs(keys) do
      vim.keymap.set(modes, each, call, { buffer = question.bufnr, nowait = true })
    end
  end
  key({ 'i', 'n' }, { '<CR>' }, function()
    finish(question, true)
  end)
  key({ 'i', 'n' }, { '<Up>', '<C-p>' }, function()
    browse(question, 1)
  end)
  key({ 'i', 'n' }, { '<Down>', '<C-n>' }, function()
    browse(question, -1)
  end)
  key('n', { '<Esc>', 'q' }, function()
    finish(question, false)
  end)
  key({ 'i', 'n' }, { '<C-c>' }, function()
    finish(question, false)
  end)
  vim.api.nvim_create_autocmd('WinLeave', {
    buffer = question.bufnr,
    callback = function()
      finish(question, false)
    end,
  })
  vim.api.nvim_create_autocmd({ 'TextChanged', 'TextChangedI' }, {
    buffer = question.bufnr,
    callback = function()
      resize(question)
    end,
  })
end

---Close the window, and give the answer if there is one.
---@param question glm.Question
---@param answered boolean
function finish(question, answered)
  if question.at < 0 then
    return -- It is being closed.
  end
  question.at = -1
  local answer = vim.trim(table.concat(lines_of(question), '\n'))
  local left = vim.api.nvim_get_current_win() == question.window
  vim.cmd.stopinsert()
  if answer ~= '' then
    M.remember(answer)
  end
  vim.schedule(function()
    question.unmark()
    pcall(vim.api.nvim_win_close, question.window, true)
    if left and vim.api.nvim_win_is_valid(question.code) then
      vim.api.nvim_set_current_win(question.code)
      pcall(vim.api.nvim_win_set_cursor, question.code, question.cursor)
      if question.inserting then
        vim.cmd.startinsert({ bang = question.cursor[2] >= #vim.api.nvim_get_current_line() })
      end
    end
    if answered and answer ~= '' then
      question.on_answer(answer)
    end
  end)
end

---Show an earlier instruction, or with a negative count a later one, at last what was typed.
---@param question glm.Question
---@param count integer
function browse(question, count)
  local known = history()
  local at = math.min(math.max(question.at + count, 0), #known)
  if question.at == 0 then
    question.draft = lines_of(question)
  end
  question.at = at
  local shown = at == 0 and question.draft or vim.split(known[#known - at + 1], '\n')
  vim.api.nvim_buf_set_lines(question.bufnr, 0, -1, false, shown)
  vim.api.nvim_win_set_cursor(question.window, { #shown, #shown[#shown] })
  resize(question)
end

---@param question glm.Question
function resize(question)
  if vim.api.nvim_win_is_valid(question.window) then
    local height = vim.api.nvim_win_text_height(question.window, {}).all
    vim.api.nvim_win_set_height(question.window, math.min(math.max(height, 1), TALLEST))
  end
end

---@param question glm.Question
---@return string[]
function lines_of(question)
  return vim.api.nvim_buf_get_lines(question.bufnr, 0, -1, false)
end

return M
