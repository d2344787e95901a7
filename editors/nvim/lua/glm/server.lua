-- Finds the server and the running client. Invariant: a missing server is said once, with
-- the command that installs it, and disturbs no buffer.

local M = {}

M.install = 'uv tool install glm-lsp==0.1.0 (or: pipx install glm-lsp==0.1.0)'

---Return the running client of a buffer, or any when the buffer has none.
---@param bufnr? integer
---@return vim.lsp.Client?
function M.client(bufnr)
  local here = bufnr and vim.lsp.get_clients({ name = 'glm', bufnr = bufnr })[1]
  return here or vim.lsp.get_clients({ name = 'glm' })[1]
end

local WAIT = 10000 -- Milliseconds that a command waits for a server that starts.

---Tell whether a server is on its way to a buffer.
---@param bufnr integer
---@return boolean
function M.is_starting(bufnr)
  local command = M.command()
  local missing = command and vim.fn.executable(command[1]) == 0
  if not M.is_file(bufnr) or missing or require('glm.status').failed() then
    return false
  end
  -- Early 0.11 does not tell; commands on Neovim's own command line come before all else.
  return vim.v.vim_did_enter == 0 or not vim.lsp.is_enabled or vim.lsp.is_enabled('glm')
end

---Have `ready` called with the client of a buffer, now or once its server has started.
---@param bufnr integer
---@param ready fun(client: vim.lsp.Client)
---@param on_failure fun()
function M.when_ready(bufnr, ready, on_failure)
  local client = M.client(bufnr)
  if client then
    return ready(client)
  elseif not M.is_starting(bufnr) then
    return on_failure()
  end
  local timer = assert(vim.uv.new_timer())
  local ends = vim.uv.now() + WAIT
  timer:start(20, 20, vim.schedule_wrap(function()
    if timer:is_closing() then
      return
    end
    client = vim.lsp.get_clients({ name = 'glm', bufnr = bufnr })[1]
    local over = vim.uv.now() > ends or not vim.api.nvim_buf_is_valid(bufnr)
    if not client and not over and M.is_starting(bufnr) then
      return
    end
    timer:close()
    if client then
      ready(client)
    else
      on_failure()
    end
  end))
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

---Decide whether a buffer gets the server, and where its project begins.
---@param bufnr integer
---@param on_dir fun(root_dir?: string)
function M.root_dir(bufnr, on_dir)
  if M.is_file(bufnr) then
    on_dir(vim.fs.root(bufnr, (vim.lsp.config.glm or {}).root_markers or {}))
  end
end

---Tell whether a buffer is a file of the user's: not help, a terminal or a plugin's page.
---@param bufnr integer
---@return boolean
function M.is_file(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  return name ~= '' and not name:match('^%a[%w+.-]+://') and vim.bo[bufnr].buftype == ''
end

---Give the server its settings from the first moment; later ones it asks for.
---@param params lsp.InitializeParams
---@param config vim.lsp.ClientConfig
function M.before_init(params, config)
  require('glm.status').on_start()
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
  end, vim.uri_to_bufnr(argument.uri or vim.uri_from_bufnr(0)))
end

return M
