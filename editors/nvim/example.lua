-- Neovim 0.11 or later: with the plugin in editors/nvim installed nothing is needed; `:help glm`
-- says how. These lines for your init.lua show what can be changed.
-- The API key never stands here: set GLM_API_KEY, or run `glm-lsp auth set`.

vim.g.glm = {
  accept = '<Tab>', -- The key that accepts ghost text; false for none.
  accept_line = '<M-C-Right>', -- Its next line.
  accept_word = '<M-Right>', -- Its next word.
  suggest = '<M-\\>', -- Asks for suggestions.
  next = '<M-]>', -- Shows the next one.
  previous = '<M-[>', -- Shows the one before.
  dismiss = '<C-]>', -- Hides it until the text changes.
  with_popup = false, -- True: ghost text also under the popup menu.
  highlight = true, -- Show what GLM wrote until it is kept or undone.
  preview_accept = '<C-y>', -- Makes a change that is only offered; false for no key.
  preview_refuse = '<C-e>', -- Drops it.
  explanation = 'auto', -- Or 'right', 'below', 'float'.
  prompt = 'float', -- Where `:Glm edit` asks; or 'ui', for vim.ui.input.
}

vim.lsp.config('glm', {
  -- filetypes = { 'python', 'go', 'rust' }, -- All file types without it.
  settings = {
    glm = {
      -- models = { actions = 'glm-5.1', completion = 'glm-4.7' },
      -- completion = { maxLines = 6, disabledLanguages = { 'markdown' } },
    },
  },
})

-- Only without the plugin: edits then arrive when they are complete.
-- vim.lsp.config('glm', { cmd = { 'glm-lsp' }, root_markers = { '.git' } })
-- vim.lsp.enable('glm')
