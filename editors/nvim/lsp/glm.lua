-- The server's configuration for `vim.lsp.enable('glm')`. Change any of it the usual way:
-- `vim.lsp.config('glm', { settings = { glm = { … } } })`. The API key never stands here:
-- it comes from the environment or from the keyring (`glm-lsp auth set`).

---@type vim.lsp.Config
return {
  cmd = { 'glm-lsp' },
  root_markers = { '.git', '.hg', '.jj' },
  root_dir = function(bufnr, on_dir)
    require('glm.server').root_dir(bufnr, on_dir)
  end,
  before_init = function(params, config)
    require('glm.server').before_init(params, config)
  end,
  on_exit = function(...)
    require('glm.lifecycle').on_exit(...)
  end,
  capabilities = {
    experimental = {
      glm = { applyEdit = true, changes = true, context = true, explanation = true, status = true },
    },
  },
  handlers = {
    ['glm/applyEdit'] = function(...)
      return require('glm.edits').on_apply_edit(...)
    end,
    ['glm/changes'] = function(...)
      return require('glm.changes').on_changes(...)
    end,
    ['glm/context'] = function(...)
      return require('glm.context').on_context(...)
    end,
    ['glm/explanation'] = function(...)
      return require('glm.explanation').on_explanation(...)
    end,
    ['glm/status'] = function(...)
      return require('glm.status').on_status(...)
    end,
  },
}
