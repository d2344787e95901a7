-- `:checkhealth glm`: what works, what does not, and what to do about it.
--
-- Invariant: it runs on every Neovim that has `:checkhealth`, and tells the old ones that they are.

local M = {}

-- Neovim 0.7 has it elsewhere, and until 0.9 its functions had longer names.
local found = vim.health or require('health')
local health = setmetatable({}, {
  __index = function(_, name)
    return found[name] or found['report_' .. name]
  end,
})

local check_neovim, check_options, check_server, check_key, check_client, check_completion
local check_key_of

function M.check()
  health.start('glm: Neovim')
  if not check_neovim() then
    return
  end
  check_options()
  health.start('glm: server')
  check_server()
  check_key()
  check_client()
  health.start('glm: ghost text')
  check_completion()
end

---@return boolean new_enough
function check_neovim()
  local at = vim.version()
  local version = ('%d.%d.%d'):format(at.major, at.minor, at.patch)
  local new_enough = vim.fn.has('nvim-0.11') == 1
  if new_enough then
    health.ok('Neovim ' .. version)
  else
    health.error('Neovim ' .. version .. ' is too old: glm does nothing in it', {
      'Install 0.11 or later; ghost text needs 0.12',
    })
  end
  return new_enough
end

function check_options()
  local problems = require('glm.config').problems()
  for _, problem in ipairs(problems) do
    health.warn(problem, 'See :help glm-options')
  end
  if #problems == 0 then
    health.ok('The options in vim.g.glm are good')
  end
end

function check_server()
  local server = require('glm.server')
  local command = server.command()
  if not command then
    health.info('The server is started by a function of yours')
    return
  end
  local path = vim.fn.exepath(command[1])
  if path == '' then
    health.error(('%s is not on PATH'):format(command[1]), 'Install it: ' .. server.install)
    return
  end
  local ok, process = pcall(vim.system, { path, '--version' }, { text = true, timeout = 20000 })
  local answer = ok and process:wait() or nil
  if answer and answer.code == 0 then
    health.ok(('%s (%s)'):format(vim.trim(answer.stdout), path))
  else
    health.error(path .. ' does not start', {
      vim.trim(answer and answer.stderr or 'It cannot be run'),
      'Install it again: ' .. server.install,
    })
  end
end

function check_key()
  for _, name in ipairs({
    -- Written by `make docs`.
    'GLM_API_KEY',
    'RUNAPI_KEY',
    'RUNAPI_API_KEY',
    'ZAI_API_KEY',
    'ZAI_CODING_API_KEY',
    'ZHIPUAI_API_KEY',
    'ZHIPUAI_CODING_API_KEY',
  }) do
    if (vim.env[name] or '') ~= '' then
      health.ok('There is an API key in ' .. name)
      return
    end
  end
  health.info('No API key in the environment: the keyring is asked (glm-lsp auth status)')
end

function check_client()
  local clients = vim.lsp.get_clients({ name = 'glm' })
  if #clients == 0 then
    health.warn('No server is running', {
      'Open a file; it is started with it',
      ':Glm restart starts it, :Glm log shows what it wrote',
      'Look whether it is enabled: vim.lsp.is_enabled and vim.g.glm.autostart',
    })
  end
  for _, client in ipairs(clients) do
    local where = client.root_dir or 'no project'
    local buffers = vim.tbl_count(client.attached_buffers)
    health.ok(('Running for %s in %d buffer(s)'):format(where, buffers))
  end
  local status = require('glm.status').get()
  if status then
    local reports = { error = health.error, limited = health.warn, off = health.info }
    local report = reports[status.state] or health.ok
    report(require('glm.status').sentences(status))
  end
  health.info('`glm-lsp doctor` checks the settings, the key and the connection')
end

function check_completion()
  local completion = require('glm.completion')
  local config = require('glm.config').get()
  if not completion.available() then
    health.info('Ghost text needs Neovim 0.12; all else works')
    return
  end
  if not config.inline_completion then
    health.info('Switched off by vim.g.glm.inline_completion')
    return
  end
  health.ok('Neovim has inline completion')
  if not require('glm.ghost').is_possible() then
    health.warn('This Neovim shows it in a way of its own', {
      'No key asks for suggestions, and a part of one is taken at a time',
      'Look for a newer version of the plugin',
    })
  end
  for _, key in ipairs(require('glm.keys').all) do
    check_key_of(key, config[key.option])
  end
end

---@param key glm.Key
---@param mapped string|false
function check_key_of(key, mapped)
  if not mapped or mapped == '' then
    health.info(('No key %s; <Plug>(%s) does'):format(key.does, key.plug))
  elseif require('glm.keys').owner(mapped) ~= 'user' then
    local otherwise = key.option == 'accept' and ', and is itself where there is none' or ''
    health.ok(mapped .. ' ' .. key.does .. otherwise)
  elseif key.option ~= 'accept' then
    health.info(('%s is mapped by you; <Plug>(%s) %s'):format(mapped, key.plug, key.does))
  else
    health.warn(('%s is mapped by you, so it does not accept ghost text'):format(mapped), {
      "Choose another key: vim.g.glm = { accept = '<C-y>' }",
      "Or call it first in your mapping: if require('glm').accept() then return '' end",
    })
  end
end

return M
