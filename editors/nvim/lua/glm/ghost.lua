-- Neovim's ghost text, where its public functions end: asking for suggestions, several of
-- them, and the rest of one that is taken in part. Only this file touches Neovim's own parts.
--
-- Invariants: what is shown fits at the cursor (`suggestion`), and stays while an answer says
-- the same; in a Neovim that has other parts `of` returns nil, and nothing here is reached.

local M = {}

---@class glm.Ghost what is known of a buffer beside what Neovim knows
---@field asked? string where a question was sent at once
---@field pending? string where the user asked, until the answer comes
---@field alone? string where the user asked, and there is but one suggestion
---@field move? integer how many suggestions to move on when they are there
---@field dismissed? integer the version of the text for which the user wants none
---@field under_popup? boolean hidden while the popup menu is there

---@type table<vim.lsp.inline_completion.Completor, glm.Ghost>
local states = setmetatable({}, { __mode = 'k' })

---@type table<lsp.InlineCompletionItem, glm.Suggestion> by the items that Neovim has
local suggestions = setmetatable({}, { __mode = 'k' })

local used = { 'automatic_request', 'count_items', 'get_item', 'handler', 'hide' }
vim.list_extend(used, { 'request', 'reset_timer', 'select', 'show' })

local INVOKED, AUTOMATIC = 1, 2

local kind, here, is_silent, conceal, clear, realign, moved, on_move, on_answer, take_in, merge
local shown_by, index_of

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
    states[completor] = {}
    completor.automatic_request = on_move
    completor.handler = on_answer
  end
  return completor
end

---Return the suggestion that is shown, as it is at the cursor; nil when none fits there.
---@param completor vim.lsp.inline_completion.Completor
---@return glm.Suggestion?
---@return vim.lsp.Client? client whose suggestion it is
function M.shown(completor)
  if completor.current then
    local client_id, item = completor:get_item(completor.current._index)
    local suggestion = item and suggestions[item]
    local fitting = suggestion and require('glm.suggestion').at_cursor(suggestion)
    return fitting, fitting and vim.lsp.get_client_by_id(client_id)
  end
end

---Tell whether what is shown has no place here: a snippet, or a range away from the cursor.
---@param completor vim.lsp.inline_completion.Completor
---@return boolean
function M.is_foreign(completor)
  local _, item = completor:get_item(completor.current and completor.current._index or 0)
  return item ~= nil and suggestions[item] == nil
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
    clear(completor)
  end
  return done
end

---Hide the ghost text under the popup menu, which has just been shown.
---@param completor vim.lsp.inline_completion.Completor
function M.on_popup(completor)
  if is_silent(completor) then
    completor:reset_timer()
    conceal(completor)
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
  clear(completor)
  if suggestion.item.command then
    client:exec_cmd(suggestion.item.command, { bufnr = completor.bufnr })
  end
  completor:reset_timer()
  states[completor].asked = here()
  completor:request(AUTOMATIC)
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
  local popup = vim.fn.pumvisible() == 1 and not require('glm.config').get().with_popup
  state.under_popup = popup or state.under_popup
  return popup
end

---@param completor vim.lsp.inline_completion.Completor
function conceal(completor)
  completor.current = nil
  completor:hide()
end

---@param completor vim.lsp.inline_completion.Completor
function clear(completor)
  for _, state in pairs(completor.client_state) do
    state.items = {}
  end
  conceal(completor)
end

---Let every suggestion begin at the cursor, without those that no longer fit.
---@param completor vim.lsp.inline_completion.Completor
function realign(completor)
  local shown, current = M.shown(completor), completor.current
  for client_id, state in pairs(completor.client_state) do
    state.items = moved(state.items or {}, client_id)
  end
  if current then
    completor:select(shown and index_of(completor, shown) or 1)
  end
end

---Return the items as they are at the cursor. What has no place stays as it is.
---@param items lsp.InlineCompletionItem[]
---@param client_id integer
---@return lsp.InlineCompletionItem[]
function moved(items, client_id)
  local found = {}
  for _, item in ipairs(items) do
    local suggestion = suggestions[item]
    if suggestion then
      item = shown_by(require('glm.suggestion').at_cursor(suggestion), client_id)
    end
    found[#found + 1] = item
  end
  return found
end

---Called when the cursor or the text has moved, in place of Neovim's own function.
---@param completor vim.lsp.inline_completion.Completor
function on_move(completor)
  local state = states[completor]
  realign(completor)
  if is_silent(completor) then
    completor:reset_timer()
    return conceal(completor)
  end
  if state.under_popup then
    state.under_popup = nil
    completor:select(1)
  end
  if state.asked ~= here() then -- Else the question is on its way.
    getmetatable(completor).automatic_request(completor)
  end
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
  local inserting = vim.startswith(vim.api.nvim_get_mode().mode, 'i')
  if err then
    return getmetatable(completor).handler(completor, err, result, ctx)
  elseif not inserting or vim.api.nvim_get_current_buf() ~= completor.bufnr then
    return
  elseif
    not completor.client_state[ctx.client_id] or not vim.lsp.get_client_by_id(ctx.client_id)
  then
    return -- Switched off by now.
  end
  local at = take_in(completor, result and result.items or result or {}, ctx)
  local count = completor:count_items()
  if invoked and pending == here() then
    state.alone = count <= 1 and pending or nil
    at = (at - 1 + (move or 0)) % math.max(count, 1) + 1
  end
  completor:select(at, invoked and count > 1)
  if is_silent(completor) then
    conceal(completor)
  end
end

---Take in what a client answered, and return which suggestion should be shown.
---@param completor vim.lsp.inline_completion.Completor
---@param items lsp.InlineCompletionItem[]
---@param ctx lsp.HandlerContext
---@return integer index
function take_in(completor, items, ctx)
  realign(completor)
  local shown = M.shown(completor)
  local known = completor.client_state[ctx.client_id]
  local before = known.items
  known.items = {}
  local encoding = assert(vim.lsp.get_client_by_id(ctx.client_id)).offset_encoding
  for _, item in ipairs(items) do
    local place = require('glm.suggestion').place
    local suggestion, is_text = place(item, encoding, ctx.params.position)
    if suggestion and not index_of(completor, suggestion) then
      known.items[#known.items + 1] = shown_by(suggestion, ctx.client_id)
    elseif not is_text then
      known.items[#known.items + 1] = item
    end
  end
  local invoked = ctx.params.context.triggerKind == INVOKED
  if not shown or not (invoked or index_of(completor, shown)) then
    return 1
  elseif not index_of(completor, shown) then
    table.insert(known.items, 1, shown_by(shown, ctx.client_id))
  end
  for _, item in ipairs(before) do -- What was known here can still be cycled to.
    if suggestions[item] and not index_of(completor, suggestions[item]) then
      known.items[#known.items + 1] = item
    end
  end
  return assert(index_of(completor, shown))
end

---Return the item by which Neovim shows a suggestion of a client's.
---@param suggestion? glm.Suggestion
---@param client_id integer
---@return lsp.InlineCompletionItem?
function shown_by(suggestion, client_id)
  local client = vim.lsp.get_client_by_id(client_id)
  if suggestion and client then
    local item = require('glm.suggestion').to_item(suggestion, client.offset_encoding)
    suggestions[item] = suggestion
    return item
  end
end

---Return at which place among all items a suggestion is.
---@param completor vim.lsp.inline_completion.Completor
---@param wanted glm.Suggestion
---@return integer?
function index_of(completor, wanted)
  for index = 1, completor:count_items() do
    local _, item = completor:get_item(index)
    local found = item and suggestions[item]
    if found and found.text == wanted.text and found.behind == wanted.behind then
      return index
    end
  end
end

return M
