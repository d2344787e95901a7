-- The command `:Glm`. Invariant: it only names what the user wants and where; the server
-- decides what that means, and answers at once.

local M = {}

---@class glm.Place
---@field client vim.lsp.Client
---@field bufnr integer
---@field argument { uri: string, range: lsp.Range }

local place, place_of, ask, send, on_change, on_hunk, with_ghost_text

-- Names a job by a command of the server: `glm.<name>` on the range.
---@param name string
---@return fun(at: glm.Place, rest: string)
local function simply(name)
  return function(at)
    send(at, name, {})
  end
end

-- Names a command of the server about the change at the cursor, or with "hunk" a part of it.
---@param name string
---@return fun(at: glm.Place, rest: string)
local function about_change(name)
  return function(at, rest)
    if rest == '' then
      on_change(at, name)
    elseif rest == 'hunk' then
      on_hunk(at, name)
    else
      vim.notify(('glm: “%s” is not “hunk”'):format(rest), vim.log.levels.ERROR)
    end
  end
end

-- Does what a key of ghost text does; for mappings such as `<Cmd>Glm next<CR>`.
---@param name string
---@param argument? any
---@return fun()
local function ghost_text(name, argument)
  return function()
    if with_ghost_text() then
      require('glm.completion')[name](argument)
    end
  end
end

---@type table<string, fun(at: glm.Place, rest: string)>
local subcommands = {
  explain = simply('explain'),
  document = simply('document'),
  test = simply('test'),
  cancel = simply('cancel'),

  keep = about_change('glm.accept'),
  undo = about_change('glm.reject'),
  retry = about_change('glm.retry'),

  apply = function(at)
    require('glm.preview').answer(at.bufnr, 'apply')
  end,

  refuse = function(at)
    require('glm.preview').answer(at.bufnr, 'refuse')
  end,

  fix = function(at)
    local within = require('glm.diagnostics').within
    local found = within(at.bufnr, at.argument.range, at.client.offset_encoding)
    send(at, 'fix', { diagnostics = found })
  end,

  refactor = function(at, rest)
    send(at, 'refactor', rest ~= '' and { preset = rest } or {})
  end,

  edit = function(at, rest)
    ask(rest, 'What should GLM do? ', function(instruction)
      send(at, 'edit', { instruction = instruction })
    end)
  end,

  status = function(at)
    require('glm.server').execute(at.client, 'glm.status', {}, function(result)
      vim.notify(type(result) == 'string' and result or vim.inspect(result))
    end)
  end,

  suggest = ghost_text('suggest'),
  next = ghost_text('cycle', 1),
  previous = ghost_text('cycle', -1),
  dismiss = ghost_text('dismiss'),

  completion = function(at)
    if not with_ghost_text() then
      return
    end
    local enabled = require('glm.completion').toggle(at.bufnr)
    vim.notify('glm: ghost text is ' .. (enabled and 'on' or 'off') .. ' in this buffer')
  end,
}

---Run `:Glm`.
---@param command vim.api.keyset.create_user_command.command_args
function M.run(command)
  local name, rest = command.args:match('^(%S*)%s*(.*)$')
  local subcommand = subcommands[name ~= '' and name or 'status']
  if not subcommand then
    local known = table.concat(M.complete('', 'Glm '), ', ')
    vim.notify(
      ('glm: no command “%s”. There are: %s'):format(name, known),
      vim.log.levels.ERROR
    )
    return
  end
  place(command, function(at)
    subcommand(at, rest)
  end)
end

---Complete the name of a subcommand, and "hunk" after those that take it.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local words = {}
  local first = line:match('Glm!?%s+(%S+)%s+%S*$')
  if first == 'keep' or first == 'undo' or first == 'retry' then
    words = { 'hunk' }
  elseif line:match('Glm!?%s+%S*$') then
    words = vim.tbl_keys(subcommands)
  end
  local names = vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, words)
  table.sort(names)
  return names
end

---Tell whether this Neovim has ghost text, and say so if not.
---@return boolean
function with_ghost_text()
  local available = require('glm.completion').available()
  if not available then
    vim.notify('glm: ghost text needs Neovim 0.12', vim.log.levels.WARN)
  end
  return available
end

---Find the client and the range: the lines given, or the cursor, as they are now.
---
---A server that is still starting is waited for; keys do what they do meanwhile.
---@param command vim.api.keyset.create_user_command.command_args
---@param on_place fun(at: glm.Place)
function place(command, on_place)
  local bufnr = vim.api.nvim_get_current_buf()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  require('glm.server').when_ready(bufnr, function(client)
    on_place(place_of(command, client, bufnr, row - 1, column))
  end, function()
    vim.notify('glm: no server here; :checkhealth glm says why', vim.log.levels.ERROR)
  end)
end

---@param command vim.api.keyset.create_user_command.command_args
---@param client vim.lsp.Client
---@param bufnr integer
---@param row integer counted from 0
---@param column integer in bytes
---@return glm.Place
function place_of(command, client, bufnr, row, column)
  local encoding = client.offset_encoding
  local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ''
  local character = vim.str_utfindex(line, encoding, math.min(column, #line))
  local here = { line = row, character = character }
  local range = { start = here, ['end'] = here }
  if command.range > 0 then
    local last = vim.api.nvim_buf_get_lines(bufnr, command.line2 - 1, command.line2, false)[1]
    range = {
      start = { line = command.line1 - 1, character = 0 },
      ['end'] = { line = command.line2 - 1, character = vim.str_utfindex(last, encoding) },
    }
  end
  local argument = { uri = vim.uri_from_bufnr(bufnr), range = range }
  return { client = client, bufnr = bufnr, argument = argument }
end

---@param given string
---@param prompt string
---@param on_answer fun(answer: string)
function ask(given, prompt, on_answer)
  if given ~= '' then
    return on_answer(given)
  end
  vim.ui.input({ prompt = prompt }, function(answer)
    if answer and answer ~= '' then
      on_answer(answer)
    end
  end)
end

---@param at glm.Place
---@param name string
---@param more table
function send(at, name, more)
  local argument = vim.tbl_extend('force', at.argument, more)
  require('glm.server').execute(at.client, 'glm.' .. name, argument)
end

---Run a command about the change at the cursor; the last one when there is none here.
---
---The server knows where each change is by now, and lists what can be done there.
---@param at glm.Place
---@param name string
function on_change(at, name)
  local params = {
    textDocument = { uri = at.argument.uri },
    range = at.argument.range,
    context = { diagnostics = {} },
  }
  at.client:request('textDocument/codeAction', params, function(_, actions)
    local job = require('glm.edits').last_job(at.bufnr)
    for _, action in ipairs(actions or {}) do
      local command = type(action.command) == 'table' and action.command or {}
      if command.command == name then
        job = command.arguments[1].job
        break
      end
    end
    if job then
      require('glm.server').execute(at.client, name, { job = job })
    else
      vim.notify('glm: there is no change of GLM here', vim.log.levels.WARN)
    end
  end, at.bufnr)
end

---Run a command about the part of a change at the cursor, which `glm/changes` has listed.
---@param at glm.Place
---@param name string
function on_hunk(at, name)
  local hunk = require('glm.changes').at(at.bufnr, at.argument.range.start.line, 'made')
  if hunk then
    require('glm.server').execute(at.client, name, { job = hunk.job, hunk = hunk.hunk })
  else
    vim.notify('glm: there is no part of a change of GLM at this line', vim.log.levels.WARN)
  end
end

return M
