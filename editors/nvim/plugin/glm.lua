-- What Neovim reads at start: the command, the <Plug> mappings, the autocommands, and the wish
-- to be enabled.
-- Everything else loads when it is first used.

if vim.g.loaded_glm then
  return
end
vim.g.loaded_glm = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.notify_once('glm: Neovim 0.11 or later is needed', vim.log.levels.ERROR)
  return
end

vim.api.nvim_create_user_command('Glm', function(command)
  require('glm.commands').run(command)
end, {
  nargs = '*',
  range = true,
  desc = 'Ask GLM: explain, fix, refactor, …',
  complete = function(...)
    return require('glm.commands').complete(...)
  end,
})

require('glm.keys').plug()

for name, link in pairs({
  GlmAdded = 'DiffAdd',
  GlmChanged = 'DiffChange',
  GlmRemoved = 'DiffDelete',
  GlmTitle = 'Title',
  GlmFault = 'DiagnosticWarn',
}) do
  vim.api.nvim_set_hl(0, name, { link = link, default = true })
end

local group = vim.api.nvim_create_augroup('glm', {})

vim.api.nvim_create_autocmd('LspAttach', {
  group = group,
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'glm' then
      require('glm.lifecycle').on_attach(client.id)
      require('glm.diagnostics').attach(client)
      require('glm.reports').watch()
      require('glm.positions').watch(event.buf)
      require('glm.completion').attach(client, event.buf)
      require('glm.next_edit').attach(client, event.buf)
    end
  end,
})

vim.api.nvim_create_autocmd('LspDetach', {
  group = group,
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'glm' then
      require('glm.edits').forget(event.buf)
      require('glm.changes').forget(event.buf)
      require('glm.positions').forget(event.buf)
      require('glm.reports').forget(event.buf)
      require('glm.next_edit').forget(event.buf)
    end
  end,
})

local function enable()
  if require('glm.config').get().autostart then
    require('glm.server').enable()
  end
end

-- The user's own configuration has run by then, wherever it stands.
if vim.v.vim_did_enter == 1 then
  vim.schedule(enable)
else
  vim.api.nvim_create_autocmd('VimEnter', { group = group, once = true, callback = enable })
end
