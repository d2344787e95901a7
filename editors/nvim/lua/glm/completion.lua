-- Ghost text: Neovim's own inline completion, switched on for buffers that have the server,
-- and what the user does with it. How it is shown and asked for is in `ghost`, the keys in
-- `keys`.
--
-- Invariant: each of these says whether it did something, so that a key can fall back.

local M = {}

local watch, after_popup, inserting, without_ghost

---Tell whether this Neovim has inline completion.
---@return boolean
function M.available()
  return vim.lsp.inline_completion ~= nil
end

---Switch ghost text on for a buffer, and map the keys.
---@param client vim.lsp.Client
---@param bufnr integer
function M.attach(client, bufnr)
  if not M.available() or not require('glm.config').get().inline_completion then
    return
  end
  if client:supports_method('textDocument/inlineCompletion', bufnr) then
    vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
    watch(bufnr)
    require('glm.keys').map()
  end
end

---Switch ghost text on or off in a buffer.
---@param bufnr integer
---@return boolean enabled
function M.toggle(bufnr)
  local enabled = not vim.lsp.inline_completion.is_enabled({ bufnr = bufnr })
  vim.lsp.inline_completion.enable(enabled, { bufnr = bufnr })
  require('glm.ghost').of(bufnr)
  return enabled
end

---Return why a buffer has no ghost text; nil where it has.
---@param client vim.lsp.Client
---@param bufnr integer
---@return string? reason a sentence
function M.off(client, bufnr)
  if not M.available() or not require('glm.config').get().inline_completion then
    return nil -- Nobody expects any.
  end
  local settings = vim.tbl_get(client.settings or {}, 'glm', 'completion') or {}
  local language = client.get_language_id(bufnr, vim.bo[bufnr].filetype)
  if settings.enabled == false then
    return 'Ghost text is off: completion.enabled.'
  elseif vim.list_contains(settings.disabledLanguages or {}, language) then
    return ('Ghost text is off for %s: completion.disabledLanguages.'):format(language)
  elseif
    client:supports_method('textDocument/inlineCompletion', bufnr)
    and not vim.lsp.inline_completion.is_enabled({ bufnr = bufnr })
  then
    return 'Ghost text is off in this buffer: :Glm completion switches it on.'
  end
end

---Accept the ghost text at the cursor, or part of it.
---@param amount? 'all'|'line'|'word'
---@return boolean accepted
function M.accept(amount)
  if not M.available() or not inserting() then
    return false
  end
  local ghost, choice = require('glm.ghost'), require('glm.choice')
  local completor = ghost.of(vim.api.nvim_get_current_buf())
  if not completor or choice.is_foreign(completor) then
    return without_ghost(amount or 'all')
  end
  if not choice.shown(completor) then
    return false
  end
  require('glm.insertion').soon(function()
    local suggestion, client = choice.shown(completor)
    if not suggestion or not client then
      require('glm.keys').fall_back(require('glm.config').get().accept or '')
      return
    end
    local part = require('glm.suggestion').part(suggestion.text, amount or 'all')
    local behind = part == suggestion.text and suggestion.behind or ''
    require('glm.insertion').insert(part, behind, function()
      ghost.taken(completor, client, suggestion, part)
    end)
  end)
  return true
end

---Ask for suggestions at the cursor, whatever `completion.trigger` is.
---@return boolean asked
function M.suggest()
  local bufnr = vim.api.nvim_get_current_buf()
  if not M.available() or #vim.lsp.get_clients({ name = 'glm', bufnr = bufnr }) == 0 then
    return false
  end
  local ghost = require('glm.ghost')
  local completor = ghost.of(bufnr)
  if completor and inserting() then
    require('glm.insertion').soon(function()
      require('glm.menu').close()
      ghost.ask(completor)
    end)
    return true
  end
  local reason = 'this Neovim cannot be asked for ghost text'
  if not inserting() then
    reason = 'suggestions are for Insert mode'
  elseif not vim.lsp.inline_completion.is_enabled({ bufnr = bufnr }) then
    reason = 'ghost text is off in this buffer'
  end
  vim.notify('glm: ' .. reason, vim.log.levels.WARN)
  return true
end

---Show the next suggestion, or with a negative count one before.
---@param count integer
---@return boolean shown false when there is no suggestion
function M.cycle(count)
  local ghost = require('glm.ghost')
  local completor = M.available() and ghost.of(vim.api.nvim_get_current_buf())
  if completor then
    return ghost.cycle(completor, count)
  elseif M.available() then
    vim.lsp.inline_completion.select({ count = count })
  end
  return false
end

---Hide the ghost text until the text changes.
---@return boolean hidden false when there is none
function M.dismiss()
  if not M.available() then
    return false
  end
  local ghost = require('glm.ghost')
  local completor = ghost.of(vim.api.nvim_get_current_buf())
  if completor then
    return ghost.dismiss(completor)
  end
  return vim.lsp.inline_completion.get({ on_accept = function() end })
end

---Watch a buffer for what tells Neovim's own ghost text nothing: a popup menu that a plugin
---opens, or that closes and changes no text.
---@param bufnr integer
function watch(bufnr)
  local group = vim.api.nvim_create_augroup('glm.completion:' .. bufnr, {})
  local function on(event, action)
    vim.api.nvim_create_autocmd(event, {
      group = group,
      buffer = bufnr,
      callback = function()
        local completor = require('glm.ghost').of(bufnr)
        if completor then
          action(completor)
        end
      end,
    })
  end
  require('glm.ghost').of(bufnr)
  on('InsertEnter', function() end) -- Somebody may have switched it off and on.
  on('InsertLeave', require('glm.ghost').on_leave)
  on('CompleteChanged', require('glm.ghost').on_popup)
  on('CompleteDone', function()
    after_popup(bufnr)
  end)
  require('glm.menu').watch(function()
    local completor = require('glm.ghost').of(vim.api.nvim_get_current_buf())
    if completor then
      require('glm.ghost').on_popup(completor)
    end
  end, function()
    after_popup(vim.api.nvim_get_current_buf())
  end)
end

---Show ghost text again once a menu has closed.
---@param bufnr integer
function after_popup(bufnr)
  vim.schedule(function()
    local completor = require('glm.ghost').of(bufnr)
    if completor and inserting() and vim.api.nvim_get_current_buf() == bufnr then
      completor:automatic_request()
    end
  end)
end

---@return boolean
function inserting()
  return vim.startswith(vim.api.nvim_get_mode().mode, 'i')
end

---Accept in Neovim's own way, where `ghost` has no part in what is shown.
---
---Neovim keeps showing a suggestion while the user types on. What was typed since must be its
---own beginning, and is not inserted a second time.
---@param amount 'all'|'line'|'word'
---@return boolean accepted
function without_ghost(amount)
  return vim.lsp.inline_completion.get({
    on_accept = function(item)
      local col = vim.api.nvim_win_get_cursor(0)[2]
      if type(item.insert_text) ~= 'string' or not item.range then
        return item
      end
      local row, start, _, last = item.range:to_extmark()
      if last > col then
        return item
      end
      local tail = vim.api.nvim_get_current_line():sub(col + 1)
      local place = { text = item.insert_text, row = row, col = start, tail = tail, behind = '' }
      local left = require('glm.suggestion').at_cursor(place)
      if left then
        item.insert_text, item.range = require('glm.suggestion').part(left.text, amount), nil
        item.command = item.insert_text == left.text and item.command or nil
        return item
      end
    end,
  })
end

return M
