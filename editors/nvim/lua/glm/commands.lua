-- The command `:Glm`. Invariants: it only names what the user wants and where; the server
-- decides what that means, and answers at once. What a user chose is answered with a word.

local M = {}

local ask, send, on_change, on_hunk, decide, with_ghost_text

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

-- Does what a key of ghost text does; for mappings such as `<Cmd>Glm next<CR>`. With "hunk" goes to
-- another part of a change, with "edit" to the next edit and makes it there, or refuses it.
---@param name string
---@param argument? any
---@return fun(at: glm.Place, rest: string)
local function ghost_text(name, argument)
  return function(at, rest)
    if rest == 'edit' and (name == 'dismiss' or argument == 1) then
      local next_edit = require('glm.next_edit')
      local act = name == 'dismiss' and next_edit.refuse or next_edit.go
      if not act(at.bufnr) then
        vim.notify('glm: nothing waits for the change that you made last', vim.log.levels.WARN)
      end
    elseif name == 'cycle' and rest == 'hunk' then
      if not require('glm.changes').go(at.bufnr, argument) then
        vim.notify('glm: there is no change of GLM in this file', vim.log.levels.WARN)
      end
    elseif with_ghost_text() then
      require('glm.completion')[name](argument)
    end
  end
end

-- Names what `control` does with the server itself.
---@param name string
---@return fun(rest: string)
local function control(name)
  return function(rest)
    require('glm.control')[name](rest)
  end
end

---Those that need neither a server nor a place.
---@type table<string, fun(rest: string)>
local anywhere = {
  status = control('status'),
  log = control('log'),
  restart = control('restart'),
  enable = control('enable'),
  disable = control('disable'),
  model = control('model'),
  cancel = control('cancel'),

  ask = function(rest)
    require('glm.explanation').ask(rest)
  end,

  explanation = function(rest)
    local step = ({ previous = -1, next = 1 })[rest]
    if not require('glm.explanation').show(step) then
      vim.notify('glm: there is no such explanation', vim.log.levels.WARN)
    end
  end,
}

---@type table<string, fun(at: glm.Place, rest: string)>
local subcommands = {
  show = simply('show'),
  report = simply('reportNextEdit'),

  commit = simply('commitMessage'),

  review = function(at, rest)
    if rest == 'changes' then
      send(at, 'review', { changes = true })
    elseif rest == 'file' then
      require('glm.server').execute(at.client, 'glm.review', { uri = at.argument.uri })
    elseif rest == '' then
      send(at, 'review', {})
    else
      vim.notify(('glm: “%s” is neither “file” nor “changes”'):format(rest), vim.log.levels.ERROR)
    end
  end,

  keep = about_change('glm.accept'),
  undo = about_change('glm.reject'),
  retry = about_change('glm.retry'),

  diff = function(at)
    if not require('glm.changes').made(at.bufnr)() then
      vim.notify('glm: there is no change of GLM in this file', vim.log.levels.WARN)
    else
      require('glm.diff').toggle(at.bufnr)
    end
  end,

  apply = function(at)
    require('glm.preview').answer(at.bufnr, 'apply')
  end,

  refuse = function(at)
    require('glm.preview').answer(at.bufnr, 'refuse')
  end,

  fix = function(at, rest)
    if rest == 'broken' then
      return on_change(at, 'glm.fix')
    end
    local within = require('glm.diagnostics').within
    local found = within(at.bufnr, at.argument.range, at.client.offset_encoding)
    send(at, 'fix', { diagnostics = found })
  end,

  refactor = function(at, rest)
    local presets = require('glm.names').presets
    if rest ~= '' and not vim.list_contains(presets, rest) then
      local known = table.concat(presets, ', ')
      local message = 'glm: no refactoring “%s”. There are: %s; :Glm edit does what you say'
      vim.notify(message:format(rest, known), vim.log.levels.ERROR)
      return
    end
    send(at, 'refactor', rest ~= '' and { preset = rest } or {})
  end,

  edit = function(at, rest)
    send(at, 'edit', { instruction = rest })
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

-- The actions of which nothing needs to be said but where.
for _, name in ipairs(require('glm.names').actions) do
  subcommands[name] = subcommands[name] or simply(name)
end

---Run `:Glm`.
---@param command vim.api.keyset.create_user_command.command_args
function M.run(command)
  local name, rest = command.args:match('^(%S*)%s*(.*)$')
  name = name ~= '' and name or 'status'
  rest = vim.trim(rest)
  local subcommand = subcommands[name]
  if anywhere[name] then
    return anywhere[name](rest)
  elseif not subcommand then
    local known = table.concat(M.complete('', 'Glm '), ', ')
    vim.notify(
      ('glm: no command “%s”. There are: %s'):format(name, known),
      vim.log.levels.ERROR
    )
    return
  end
  local place = require('glm.place')
  local where = place.capture(command)
  if name ~= 'edit' then
    return place.reach(where, subcommand, rest)
  elseif rest ~= '' then
    require('glm.prompt').remember(rest)
    return place.reach(where, subcommand, rest)
  end
  require('glm.unnamed').want(where.bufnr)
  local hindrance = require('glm.server').hindrance(where.bufnr)
  if hindrance then
    vim.notify('glm: ' .. hindrance, vim.log.levels.ERROR)
    return
  end
  ask(where, function(instruction)
    place.reach(where, subcommand, instruction)
  end)
end

---What may follow a name.
---@type table<string, fun(): string[]>
local seconds = {
  fix = function()
    return { 'broken' }
  end,
  keep = function()
    return { 'hunk' }
  end,
  refactor = function()
    return require('glm.names').presets
  end,
  model = function()
    return require('glm.names').models
  end,
}
seconds.review = function()
  return { 'changes', 'file' }
end
seconds.explanation = function()
  return { 'next', 'previous' }
end
seconds.undo, seconds.retry = seconds.keep, seconds.keep
seconds.previous = seconds.keep
seconds.next = function()
  return { 'edit', 'hunk' }
end
seconds.dismiss = function()
  return { 'edit' }
end

---Complete the name of a subcommand, and the word after it.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local words = {}
  local first = line:match('Glm!?%s+(%S+)%s+%S*$')
  if seconds[first] then
    words = seconds[first]()
  elseif line:match('Glm!?%s+%S*$') then
    words = vim.tbl_keys(vim.tbl_extend('error', subcommands, anywhere))
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

---@param where glm.Where
---@param on_answer fun(answer: string)
function ask(where, on_answer)
  local first, column, last = require('glm.place').rows(where)
  require('glm.prompt').ask({
    bufnr = where.bufnr,
    row = last,
    column = where.lines and 0 or column,
    first = where.lines and first or nil,
    last = where.lines and last or nil,
  }, on_answer)
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
      if command.command == name and command.arguments[1].job then
        job = command.arguments[1].job
        break
      end
    end
    if job then
      decide(at.client, name, { job = job })
    else
      vim.notify('glm: there is no change of GLM here', vim.log.levels.WARN)
    end
  end, at.bufnr)
end

---What is said when it is done; a retry shows itself.
local done = { ['glm.accept'] = 'kept', ['glm.reject'] = 'taken back' }

---Keep, undo or retry, and say so.
---@param client vim.lsp.Client
---@param name string
---@param argument { job: string, hunk?: integer }
function decide(client, name, argument)
  require('glm.server').execute(client, name, argument, function()
    if done[name] then
      vim.notify(('glm: %s %s'):format(argument.hunk and 'the part is' or 'the change is', done[name]))
    end
  end)
end

---Run a command about the part of a change at the cursor, which `glm/changes` has listed.
---@param at glm.Place
---@param name string
function on_hunk(at, name)
  local hunk = require('glm.changes').at(at.bufnr, at.argument.range.start.line, 'made')
  if hunk then
    decide(at.client, name, { job = hunk.job, hunk = hunk.hunk })
  else
    vim.notify('glm: there is no part of a change of GLM at this line', vim.log.levels.WARN)
  end
end

return M
