-- Neovim's ghost text, where its public functions end: when it is asked for and shown. Only
-- this file and `choice` touch Neovim's own parts.
--
-- Invariants: an answer is shown only where the user has but typed on since the question; in a
-- Neovim that has other parts `of` returns nil, and nothing here or in `choice` is reached.

local M = {}

local choice = require('glm.choice')

---@class glm.Ghost what is known of a buffer beside what Neovim knows
---@field questions table<integer, glm.Asked> by the version of the text
---@field asked? string where a question was sent at once
---@field pending? string where the user asked, until the answer comes
---@field alone? string where the user asked, and there is but one suggestion
---@field move? integer how many suggestions to move on when they are there
---@field dismissed? integer the version of the text for which the user wants none
---@field under_popup? boolean hidden while the popup menu is there

---@type table<vim.lsp.inline_completion.Completor, glm.Ghost>
local states = setmetatable({}, { __mode = 'k' })

local used = { 'automatic_request', 'count_items', 'get_item', 'handler', 'hide' }
vim.list_extend(used, { 'request', 'reset_timer', 'select', 'show' })

local INVOKED, AUTOMATIC = 1, 2

local kind, here, is_silent, on_move, on_request, on_answer, on_show, is_current

---Return Neovim's own kind of thing that shows ghost text; nil when it has other parts.
---@return vim.lsp.inline_completion.Completor?
function kind()
  local ok, capability = pcall(require, 'vim.lsp._capability')
  local found = ok
    and vim.lsp.inline_completion
    and vim.tbl_get(capability, 'all', 'inline_completion')
  for _, name in ipairs(used) do
    if not found or type(found[name]) ~= 'function' then
      return nil
    end
  end
  return type(found.active) == 'table' and found or nil
end

---Tell whether this Neovim has the parts that are needed here.
---@return boolean
function M.is_possible()
  return kind() ~= nil
end

---Return what shows the ghost text of a buffer; nil when there is none, or it has other parts.
---@param bufnr integer
---@return vim.lsp.inline_completion.Completor?
function M.of(bufnr)
  local completor = (kind() or { active = {} }).active[bufnr]
  if not completor or type(completor.client_state) ~= 'table' then
    return nil
  elseif not states[completor] then
    states[completor] = { questions = {} }
    completor.automatic_request = on_move
    completor.request = on_request
    completor.handler = on_answer
    completor.show = on_show
  end
  return completor
end

---Ask for suggestions, now and at the user's wish.
---@param completor vim.lsp.inline_completion.Completor
function M.ask(completor)
  local state = states[completor]
  completor:reset_timer()
  state.dismissed, state.move, state.alone = nil, nil, nil
  state.asked, state.pending = here(), here()
  completor:request(INVOKED)
end

---Show the next suggestion, or with a negative count one before; ask when only one is known.
---@param completor vim.lsp.inline_completion.Completor
---@param count integer
---@return boolean done false when there is none
function M.cycle(completor, count)
  local state = states[completor]
  if completor.current and (completor:count_items() > 1 or state.alone == here()) then
    vim.lsp.inline_completion.select({ count = count })
    return true
  elseif completor.current and state.pending ~= here() then
    M.ask(completor)
  end
  state.move = (state.move or 0) + count
  return state.pending == here()
end

---Hide the ghost text, also what is still to come, until the text changes.
---@param completor vim.lsp.inline_completion.Completor
---@return boolean done false when there is none
function M.dismiss(completor)
  local state = states[completor]
  local done = completor.current ~= nil or state.pending == here()
  if done then
    completor:reset_timer()
    state.dismissed = vim.api.nvim_buf_get_changedtick(completor.bufnr)
    choice.clear(completor)
  end
  return done
end

---Hide the ghost text under the popup menu, which has just been shown.
---@param completor vim.lsp.inline_completion.Completor
function M.on_popup(completor)
  if is_silent(completor) then
    completor:reset_timer()
    choice.conceal(completor)
  end
end

---Go on after a part of a suggestion was inserted, the rest of which `on_move` shows; after all
---of it ask for the next one.
---@param completor vim.lsp.inline_completion.Completor
---@param client vim.lsp.Client
---@param suggestion glm.Suggestion
---@param part string
function M.taken(completor, client, suggestion, part)
  if part ~= suggestion.text then
    local accepted = #suggestion.whole - #suggestion.text + #part
    if client.name == 'glm' then
      client:notify('textDocument/didPartiallyAcceptCompletion', {
        item = suggestion.item,
        acceptedLength = vim.str_utfindex(suggestion.whole, 'utf-16', accepted),
      })
    end
    return
  end
  choice.clear(completor)
  if suggestion.item.command then
    client:exec_cmd(suggestion.item.command, { bufnr = completor.bufnr })
  end
  completor:reset_timer()
  states[completor].asked = here()
  completor:request(AUTOMATIC)
end

---Forget what was asked when insert mode ends: Neovim has given up the answers.
---@param completor vim.lsp.inline_completion.Completor
function M.on_leave(completor)
  local state = states[completor]
  state.questions, state.asked, state.pending, state.move = {}, nil, nil, nil
end

---@return string place the cursor's, in this version of the text
function here()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  return ('%d:%d:%d'):format(vim.api.nvim_buf_get_changedtick(0), row, col)
end

---Tell whether no ghost text is wanted now.
---@param completor vim.lsp.inline_completion.Completor
---@return boolean
function is_silent(completor)
  local state = states[completor]
  if state.dismissed == vim.api.nvim_buf_get_changedtick(completor.bufnr) then
    return true
  end
  state.dismissed = nil
  local popup = not require('glm.config').get().with_popup and require('glm.menu').visible()
  state.under_popup = popup or state.under_popup
  return popup
end

---Called when the cursor or the text has moved, in place of Neovim's own function.
---@param completor vim.lsp.inline_completion.Completor
function on_move(completor)
  local state = states[completor]
  choice.realign(completor)
  if is_silent(completor) then
    completor:reset_timer()
    return choice.conceal(completor)
  end
  if state.under_popup then
    state.under_popup = nil
    completor:select(1)
  end
  if state.asked ~= here() then -- Else the question is on its way.
    getmetatable(completor).automatic_request(completor)
  end
end

---Called when a question goes out, in place of Neovim's own function.
---@param completor vim.lsp.inline_completion.Completor
---@param kind lsp.InlineCompletionTriggerKind
function on_request(completor, kind)
  local state = states[completor]
  if vim.tbl_count(state.questions) > 100 then
    state.questions = {} -- No server is that far behind.
  end
  state.questions[vim.lsp.util.buf_versions[completor.bufnr]] = require('glm.suggestion').here()
  getmetatable(completor).request(completor, kind)
end

---Called with every answer, in place of Neovim's own function, which shows the first item.
---@param completor vim.lsp.inline_completion.Completor
---@param err? lsp.ResponseError
---@param result? lsp.InlineCompletionItem[]|lsp.InlineCompletionList
---@param ctx lsp.HandlerContext
function on_answer(completor, err, result, ctx)
  local state = states[completor]
  local invoked = ctx.params.context.triggerKind == INVOKED
  local pending, move = state.pending, state.move
  if invoked then
    state.pending, state.move = nil, nil
  end
  if err then
    return getmetatable(completor).handler(completor, err, result, ctx)
  end
  local asked = state.questions[ctx.version]
  if not completor.client_state[ctx.client_id] or not asked or not is_current(completor, asked) then
    return
  end
  local at = choice.take_in(completor, result and result.items or result or {}, ctx, asked)
  local count = completor:count_items()
  if invoked and pending == here() then
    state.alone = count <= 1 and pending or nil
    at = (at - 1 + (move or 0)) % math.max(count, 1) + 1
  end
  completor:select(at, invoked and count > 1)
  if is_silent(completor) then
    choice.conceal(completor)
  end
end

---Called to draw what is shown, in place of Neovim's own function.
---@param completor vim.lsp.inline_completion.Completor
---@param hint? string
function on_show(completor, hint)
  local suggestion = choice.shown(completor)
  if not suggestion then
    return getmetatable(completor).show(completor, hint)
  end
  completor:hide()
  require('glm.drawing').draw(completor.bufnr, suggestion, hint)
end

---Tell whether what was asked can still be shown: the user inserts there, and has but typed on.
---@param completor vim.lsp.inline_completion.Completor
---@param asked glm.Asked
---@return boolean
function is_current(completor, asked)
  return vim.startswith(vim.api.nvim_get_mode().mode, 'i')
    and vim.api.nvim_get_current_buf() == completor.bufnr
    and require('glm.suggestion').is_current(asked)
end

return M
