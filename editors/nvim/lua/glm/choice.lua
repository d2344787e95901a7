-- The suggestions that Neovim has for a buffer, and which of them is shown.
--
-- Invariants: each fits at the cursor (`suggestion`); the one that is shown stays while an
-- answer has it, and asking for others loses none.

local M = {}

---@type table<lsp.InlineCompletionItem, glm.Suggestion> by the items that Neovim has
local suggestions = setmetatable({}, { __mode = 'k' })

local INVOKED = 1

local moved, shown_by, index_of

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

---@param completor vim.lsp.inline_completion.Completor
function M.conceal(completor)
  completor.current = nil
  completor:hide()
end

---@param completor vim.lsp.inline_completion.Completor
function M.clear(completor)
  for _, state in pairs(completor.client_state) do
    state.items = {}
  end
  M.conceal(completor)
end

---Let every suggestion begin at the cursor, without those that no longer fit.
---@param completor vim.lsp.inline_completion.Completor
function M.realign(completor)
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

---Take in what a client answered, and return which suggestion should be shown.
---@param completor vim.lsp.inline_completion.Completor
---@param items lsp.InlineCompletionItem[]
---@param ctx lsp.HandlerContext
---@param asked glm.Asked
---@return integer index
function M.take_in(completor, items, ctx, asked)
  M.realign(completor)
  local shown = M.shown(completor)
  local known = completor.client_state[ctx.client_id]
  local before = known.items
  known.items = {}
  local encoding = assert(vim.lsp.get_client_by_id(ctx.client_id)).offset_encoding
  for _, item in ipairs(items) do
    local place = require('glm.suggestion').place
    local suggestion, is_text = place(item, encoding, asked)
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
