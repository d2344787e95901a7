-- Completion menus of plugins, nvim-cmp and blink.cmp: whether one is shown, what happens when
-- one opens and closes, and the suggestions as entries for one.
--
-- Invariants: no plugin is loaded from here; an entry inserts exactly the suggestion, whatever
-- part of a word stands before it.

local M = {}

local INVOKED, AUTOMATIC = 1, 2

local cmp_watched = false

local to_entry, to_bytes, call, watch_cmp

---Tell whether a menu is shown, Neovim's own or a plugin's.
---@return boolean
function M.visible()
  if vim.fn.pumvisible() == 1 then
    return true
  end
  local blink, cmp = package.loaded['blink.cmp'], package.loaded['cmp']
  return call(blink and blink.is_menu_visible) == true or call(cmp and cmp.visible) == true
end

---Close the menus of plugins: the user has called for something else.
function M.close()
  local blink, cmp = package.loaded['blink.cmp'], package.loaded['cmp']
  call(blink and blink.hide)
  call(cmp and cmp.close)
end

---Have functions called when the menu of a plugin opens and closes.
---@param opened fun()
---@param closed fun()
function M.watch(opened, closed)
  local group = vim.api.nvim_create_augroup('glm.menu', {})
  for pattern, call in pairs({ BlinkCmpMenuOpen = opened, BlinkCmpMenuClose = closed }) do
    vim.api.nvim_create_autocmd('User', { group = group, pattern = pattern, callback = call })
  end
  vim.api.nvim_create_autocmd('InsertEnter', {
    group = group,
    callback = function()
      return watch_cmp(opened, closed) -- True removes this: it is done.
    end,
  })
end

---Ask for suggestions at the cursor, as entries of a menu.
---@param bufnr integer
---@param invoked boolean the user called for the menu
---@param done fun(entries: table[]) called once
---@return fun() cancel
function M.ask(bufnr, invoked, done)
  local client = vim.lsp.get_clients({ name = 'glm', bufnr = bufnr })[1]
  local method = 'textDocument/inlineCompletion'
  if not client or not client:supports_method(method, bufnr) then
    done({})
    return function() end
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = invoked and INVOKED or AUTOMATIC }
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local line = vim.api.nvim_get_current_line()
  local _, request = client:request(method, params, function(_, result)
    local entries = {}
    for _, item in ipairs(result and (result.items or result) or {}) do
      entries[#entries + 1] = to_entry(item, client, { row = row - 1, column = column, line = line })
    end
    done(entries)
  end, bufnr)
  return function()
    if request then
      client:cancel_request(request)
    end
  end
end

---Tell the server that an entry was chosen.
---@param entry table
function M.taken(entry)
  local data = entry.data or {}
  local client = data.glm and vim.lsp.get_client_by_id(data.glm)
  if client and entry.command then
    client:exec_cmd(entry.command, { bufnr = vim.api.nvim_get_current_buf() })
  end
end

---Return a suggestion as an entry, with positions in bytes; nil for what no menu can insert.
---
---Menus look for what is typed in an entry's text: it begins with the word before the cursor.
---@param item lsp.InlineCompletionItem
---@param client vim.lsp.Client
---@param at { row: integer, column: integer, line: string } where it was asked for
---@return table?
function to_entry(item, client, at)
  local text, first, last = item.insertText, at.column, at.column
  if type(text) ~= 'string' or text == '' then
    return nil
  end
  if item.range then
    if item.range.start.line ~= at.row or item.range['end'].line ~= at.row then
      return nil
    end
    first = to_bytes(at.line, item.range.start.character, client.offset_encoding)
    last = to_bytes(at.line, item.range['end'].character, client.offset_encoding)
  end
  local word = vim.fn.matchstr(at.line:sub(1, first), [[\k*$]])
  text, first = word .. text, first - #word
  local lines = vim.split(text, '\n', { plain = true })
  return {
    label = vim.trim(lines[1]) .. (#lines > 1 and ' …' or ''),
    kind = vim.lsp.protocol.CompletionItemKind.Text,
    detail = 'GLM',
    documentation = {
      kind = 'markdown',
      value = ('~~~~%s\n%s\n~~~~'):format(vim.bo.filetype, text),
    },
    filterText = lines[1],
    insertTextFormat = 1,
    insertTextMode = 1,
    textEdit = {
      newText = text,
      range = {
        start = { line = at.row, character = first },
        ['end'] = { line = at.row, character = last },
      },
    },
    command = item.command,
    data = { glm = client.id },
  }
end

---@param line string
---@param character integer
---@param encoding string
---@return integer
function to_bytes(line, character, encoding)
  return vim.str_byteindex(line, encoding, character, false)
end

---Call a function of another plugin's, if it has one.
---@param func? function
---@return any result
function call(func)
  local ok, result = pcall(func or function() end)
  return ok and result
end

---@param opened fun()
---@param closed fun()
---@return true? done
function watch_cmp(opened, closed)
  local cmp = package.loaded['cmp']
  if cmp_watched then
    return true
  elseif cmp and cmp.event and cmp.event.on then
    cmp_watched = true
    cmp.event:on('menu_opened', opened)
    cmp.event:on('menu_closed', closed)
    return true
  end
end

return M
