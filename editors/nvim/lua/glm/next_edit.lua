-- Next edits: shows where the change that the user has just made waits, and leads there.
--
-- Invariants: nothing is asked while somebody types, nor of a server that does not announce it; a
-- line is changed only while it says what it said when the edit was found.

local M = {}

local REST = 250 -- Milliseconds without a change after which it is looked for.

---@class glm.NextEdit
---@field row integer
---@field before string[]
---@field after string[]
---@field reason string

---@class glm.Waiting
---@field client integer
---@field all glm.NextEdit[]
---@field elsewhere { uri: string, range: lsp.Range }[] in other files

local namespace = vim.api.nvim_create_namespace('glm.next_edit')

---@type table<integer, glm.Waiting>
local waiting = {}

---@type table<integer, uv.uv_timer_t>
local timers = {}

local ask, ask_soon, draw, clear, first, there, is_there, name_of

---Look for next edits whenever a buffer of a client has come to rest.
---@param client vim.lsp.Client
---@param bufnr integer
function M.attach(client, bufnr)
  local announced = vim.tbl_get(client.server_capabilities, 'experimental', 'glm', 'nextEdit')
  if not announced then
    return
  end
  vim.api.nvim_create_autocmd({ 'TextChanged', 'InsertLeave' }, {
    group = vim.api.nvim_create_augroup('glm.next_edit.' .. bufnr, {}),
    buffer = bufnr,
    callback = function()
      clear(bufnr)
      ask_soon(client.id, bufnr)
    end,
  })
  vim.api.nvim_create_autocmd('DiagnosticChanged', {
    group = 'glm.next_edit.' .. bufnr,
    buffer = bufnr,
    callback = function()
      if not first(bufnr) then
        ask_soon(client.id, bufnr, 'diagnostics')
      end
    end,
  })
  vim.api.nvim_create_autocmd('InsertEnter', {
    group = 'glm.next_edit.' .. bufnr,
    buffer = bufnr,
    callback = function()
      clear(bufnr)
    end,
  })
end

---Forget a buffer that the server no longer sees.
---@param bufnr integer
function M.forget(bufnr)
  clear(bufnr)
  if timers[bufnr] then
    timers[bufnr]:close()
    timers[bufnr] = nil
  end
  pcall(vim.api.nvim_del_augroup_by_name, 'glm.next_edit.' .. bufnr)
end

---Go to the next edit of the current window's buffer, else to that in another file; make it when
---the cursor is there already.
---@param bufnr integer
---@return boolean done false when there is none
function M.go(bufnr)
  local edit = first(bufnr)
  if not edit then
    return there(bufnr)
  end
  if vim.api.nvim_win_get_cursor(0)[1] - 1 ~= edit.row then
    vim.cmd.normal({ "m'", bang = true }) -- CTRL-O leads back.
    local column = #edit.before[1]:match('^%s*')
    vim.api.nvim_win_set_cursor(0, { edit.row + 1, column })
    draw(bufnr)
    return true
  end
  vim.api.nvim_buf_set_lines(bufnr, edit.row, edit.row + #edit.before, true, edit.after)
  return true
end

---Refuse the next edit: it is offered no more.
---@param bufnr integer
---@return boolean done false when there is none
function M.refuse(bufnr)
  local edit = first(bufnr)
  local client = edit and vim.lsp.get_client_by_id(waiting[bufnr].client)
  if not edit or not client then
    return false
  end
  local argument = {
    uri = vim.uri_from_bufnr(bufnr),
    before = table.concat(edit.before, '\n'),
    after = table.concat(edit.after, '\n'),
  }
  client:exec_cmd({ title = 'Refuse', command = 'glm.refuseNextEdit', arguments = { argument } }, {
    bufnr = bufnr,
  })
  clear(bufnr)
  ask(client.id, bufnr, 'typed')
  return true
end

---@param id integer the client's
---@param bufnr integer
---@param trigger? string what made us ask, for the server
function ask_soon(id, bufnr, trigger)
  local timer = timers[bufnr] or assert(vim.uv.new_timer())
  timers[bufnr] = timer
  timer:start(REST, 0, vim.schedule_wrap(function()
    ask(id, bufnr, trigger or 'insertLeave')
  end))
end

---@param id integer the client's
---@param bufnr integer
---@param trigger string
function ask(id, bufnr, trigger)
  local client = vim.lsp.get_client_by_id(id)
  local current = vim.api.nvim_get_current_buf() == bufnr
  if not client or not current or vim.fn.mode():sub(1, 1) ~= 'n' then
    return
  end
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(bufnr) },
    position = { line = row, character = 0 },
    context = { trigger = trigger },
  }
  client:request('glm/nextEdit', params, function(err, result)
    clear(bufnr)
    if err or not vim.api.nvim_buf_is_valid(bufnr) then
      return
    end
    local all = {}
    for _, edit in ipairs(result.edits) do
      all[#all + 1] = {
        row = edit.range.start.line,
        before = vim.split(edit.before, '\n'),
        after = vim.split(edit.text, '\r?\n'),
        reason = edit.reason,
      }
    end
    waiting[bufnr] = { client = id, all = all, elsewhere = result.elsewhere or {} }
    draw(bufnr)
  end, bufnr)
end

---@param bufnr integer
function draw(bufnr)
  vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  local edit = first(bufnr)
  local here = vim.api.nvim_win_get_cursor(0)[1] - 1
  local away = not edit and waiting[bufnr] and waiting[bufnr].elsewhere[1]
  local hint
  if edit then
    local lines = vim.tbl_map(function(line)
      return { { line, 'GlmAdded' } }
    end, edit.after)
    table.insert(lines[#lines], { '  ' .. edit.reason, 'Comment' })
    for row = edit.row, edit.row + #edit.before - 1 do
      local last = row == edit.row + #edit.before - 1
      vim.api.nvim_buf_set_extmark(bufnr, namespace, row, 0, {
        line_hl_group = 'GlmRemoved',
        virt_lines = last and lines or nil,
      })
    end
    if here ~= edit.row then
      hint = ('%s next edit, line %d'):format(edit.row > here and '↓' or '↑', edit.row + 1)
    end
  elseif away then
    hint = ('→ next edit, %s line %d'):format(name_of(away.uri), away.range.start.line + 1)
  end
  if hint then
    vim.api.nvim_buf_set_extmark(bufnr, namespace, here, 0, {
      virt_text = { { hint, 'Comment' } },
      virt_text_pos = 'eol',
    })
  end
end

---Go to the next edit in another file, which is shown there once the server has seen the file.
---@param bufnr integer
---@return boolean done false when there is none
function there(bufnr)
  local away = waiting[bufnr] and waiting[bufnr].elsewhere[1]
  local client = away and vim.lsp.get_client_by_id(waiting[bufnr].client)
  if not client then
    return false
  end
  clear(bufnr)
  local shown = vim.lsp.util.show_document(away, client.offset_encoding, { focus = true })
  ask_soon(client.id, vim.api.nvim_get_current_buf())
  return shown
end

---@param uri string
---@return string
function name_of(uri)
  return vim.fs.basename(vim.uri_to_fname(uri))
end

---@param bufnr integer
function clear(bufnr)
  waiting[bufnr] = nil
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  end
end

---Return the first that is still there.
---@param bufnr integer
---@return glm.NextEdit?
function first(bufnr)
  for _, edit in ipairs(waiting[bufnr] and waiting[bufnr].all or {}) do
    if is_there(bufnr, edit) then
      return edit
    end
  end
end

---@param bufnr integer
---@param edit glm.NextEdit
---@return boolean
function is_there(bufnr, edit)
  local last = edit.row + #edit.before
  return vim.deep_equal(vim.api.nvim_buf_get_lines(bufnr, edit.row, last, false), edit.before)
end

return M
