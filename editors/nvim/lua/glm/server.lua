-- Finds the server and the running client. Invariant: a missing server is said once, with
-- the command that installs it, and disturbs no buffer.

local M = {}

M.install = 'uv tool install glm-lsp==0.1.0 (or: pipx install glm-lsp==0.1.0)'

local WAIT = 10000 -- Milliseconds that a command waits for a server that starts.

local client_of

---Return why a buffer has no server and gets none; nil when one is on its way, or can be.
---@param bufnr integer
---@return string? reason a sentence
function M.hindrance(bufnr)
  local command = M.command()
  local filetypes = (vim.lsp.config.glm or {}).filetypes
  if command and vim.fn.executable(command[1]) == 0 then
    return ('the server %s is not on PATH. Install it: %s'):format(command[1], M.install)
  elseif not M.is_file(bufnr) then
    return 'this buffer is not a file: GLM does nothing in it'
  elseif filetypes and not vim.list_contains(filetypes, vim.bo[bufnr].filetype) then
    return ('no server here: it is not started for file type “%s”'):format(vim.bo[bufnr].filetype)
  elseif require('glm.lifecycle').failed() then
    return 'no server here; :checkhealth glm says why, :Glm restart tries again'
  elseif vim.v.vim_did_enter == 1 and not require('glm.lifecycle').is_enabled() then
    return 'it is switched off; :Glm enable switches it on'
  end
end

---Have `ready` called with the client of a buffer, now or once its server has started.
---@param bufnr integer
---@param ready fun(client: vim.lsp.Client)
---@param on_failure fun(reason: string)
function M.when_ready(bufnr, ready, on_failure)
  require('glm.unnamed').want(bufnr)
  local client, reason = client_of(bufnr), nil
  if client then
    return ready(client)
  end
  reason = M.hindrance(bufnr)
  if reason then
    return on_failure(reason)
  elseif vim.v.vim_did_enter == 1 then
    M.attach(bufnr)
  end
  local timer = assert(vim.uv.new_timer())
  local ends = vim.uv.now() + WAIT
  timer:start(20, 20, vim.schedule_wrap(function()
    if timer:is_closing() then
      return
    end
    local valid = vim.api.nvim_buf_is_valid(bufnr)
    client = valid and client_of(bufnr) or nil
    reason = not valid and 'the buffer is gone' or M.hindrance(bufnr)
    if not client and not reason and vim.uv.now() <= ends then
      return
    end
    timer:close()
    if client then
      ready(client)
    else
      on_failure(reason or 'the server is still starting; :checkhealth glm may say why')
    end
  end))
end

---@param bufnr integer
---@return vim.lsp.Client?
function client_of(bufnr)
  return vim.iter(vim.lsp.get_clients({ name = 'glm', bufnr = bufnr })):find(function(client)
    return not client:is_stopped()
  end)
end

---Return the buffer of a document that the server knows; nil when it is closed by now.
---@param client vim.lsp.Client
---@param uri string
---@return integer?
function M.buffer(client, uri)
  for bufnr in pairs(client.attached_buffers) do
    if vim.uri_from_bufnr(bufnr) == uri then
      return bufnr
    end
  end
end

---Return the command line in force; nil when it is a function.
---@return string[]?
function M.command()
  local cmd = (vim.lsp.config.glm or {}).cmd
  return type(cmd) == 'table' and cmd or nil
end

---Enable the server, or say that it is missing when the first file is opened.
function M.enable()
  require('glm.unnamed').install()
  vim.lsp.enable('glm')
  if vim.fn.has('nvim-0.12') == 0 then
    -- Early 0.11 attaches only to files that are opened later.
    vim.cmd('silent! doautoall nvim.lsp.enable FileType')
  end
  local command = M.command()
  if not command or vim.fn.executable(command[1]) == 1 then
    return
  end
  local function warn(bufnr)
    if M.is_file(bufnr) then
      local message = 'glm: the server %s is not on PATH. Install it: %s'
      vim.notify_once(message:format(command[1], M.install), vim.log.levels.WARN)
      local status = 'The server is not on PATH: see :checkhealth glm'
      require('glm.status').no_server('error', status)
      return true -- Removes the autocommand.
    end
  end
  if not vim.iter(vim.api.nvim_list_bufs()):filter(vim.api.nvim_buf_is_loaded):any(warn) then
    vim.api.nvim_create_autocmd('FileType', {
      group = vim.api.nvim_create_augroup('glm.missing', {}),
      callback = function(event)
        return warn(event.buf)
      end,
    })
  end
end

---Start the server for every open file that has none.
function M.start()
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) then
      M.attach(bufnr)
    end
  end
end

---Start the server for one buffer, as |vim.lsp.enable()| would.
---@param bufnr integer
function M.attach(bufnr)
  if client_of(bufnr) or M.hindrance(bufnr) then
    return
  end
  local config = vim.deepcopy(vim.lsp.config.glm)
  config.name = 'glm'
  local function start(root_dir)
    config.root_dir = root_dir
    if vim.api.nvim_buf_is_loaded(bufnr) then
      vim.lsp.start(config, { bufnr = bufnr, reuse_client = config.reuse_client })
    end
  end
  if type(config.root_dir) == 'function' then
    config.root_dir(bufnr, vim.schedule_wrap(start))
  else
    start(config.root_dir or vim.fs.root(bufnr, config.root_markers or {}))
  end
end

---Decide whether a buffer gets the server, and where its project begins.
---@param bufnr integer
---@param on_dir fun(root_dir?: string)
function M.root_dir(bufnr, on_dir)
  require('glm.unnamed').install()
  if M.is_file(bufnr) then
    on_dir(vim.fs.root(bufnr, (vim.lsp.config.glm or {}).root_markers or {}))
  end
end

---Tell whether a buffer is a file of the user's, or may become one: not help, a terminal or a
---plugin's page.
---@param bufnr integer
---@return boolean
function M.is_file(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  if name == '' then
    local unnamed = require('glm.unnamed')
    return unnamed.is_unnamed(bufnr) and unnamed.is_wanted(bufnr)
  end
  return not name:match('^%a[%w+.-]+://') and vim.bo[bufnr].buftype == ''
end

---Give the server its settings from the first moment; later ones it asks for.
---@param params lsp.InitializeParams
---@param config vim.lsp.ClientConfig
function M.before_init(params, config)
  require('glm.lifecycle').on_start()
  local settings = vim.tbl_get(config, 'settings', 'glm')
  if settings then
    local options = params.initializationOptions or {}
    params.initializationOptions = vim.tbl_deep_extend('force', settings, options)
  end
end

---Run a command of the server.
---@param client vim.lsp.Client
---@param command string
---@param argument table
---@param on_result? fun(result: any)
function M.execute(client, command, argument, on_result)
  local params = { command = command, arguments = { argument } }
  client:request('workspace/executeCommand', params, function(err, result)
    if err then
      vim.notify('glm: ' .. err.message, vim.log.levels.ERROR)
    elseif on_result then
      on_result(result)
    end
  end, argument.uri and vim.uri_to_bufnr(argument.uri) or vim.api.nvim_get_current_buf())
end

return M
