-- Shows `glm/explanation`: Markdown that streams into a window beside the code.
--
-- Invariants: the cursor stays where the user works; the window shows the beginning until
-- the user moves there; closing it while it streams cancels the job.

local M = {}

---@class glm.Explanation
---@field bufnr integer
---@field done boolean
---@field dismissed boolean the user closed it: what still arrives is dropped

---@type table<string, glm.Explanation>
local explanations = {}

local open, append, show_window, label

---Handle the notification `glm/explanation`.
---@param _ any
---@param params { job: string|integer, uri?: string, title?: string, delta?: string, done?: boolean }
---@param ctx lsp.HandlerContext
function M.on_explanation(_, params, ctx)
  local job = tostring(params.job)
  local explanation = explanations[job] or open(params, ctx.client_id)
  explanations[job] = explanation
  if not explanation.dismissed then
    append(explanation.bufnr, params.delta or '')
    explanation.done = params.done == true
    label(explanation, params.title)
  end
  if params.done then
    explanations[job] = nil
  end
end

---@param params { job: string|integer, uri?: string, title?: string }
---@param client_id integer
---@return glm.Explanation
function open(params, client_id)
  local bufnr = vim.api.nvim_create_buf(false, true)
  local explanation = { bufnr = bufnr, done = false, dismissed = false }
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.bo[bufnr].modifiable = false
  vim.api.nvim_buf_set_name(bufnr, ('glm://explanation/%s/%s'):format(client_id, params.job))
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = bufnr, desc = 'Close the explanation' })
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = bufnr,
    once = true,
    callback = function()
      explanation.dismissed = true
      local client = vim.lsp.get_client_by_id(client_id)
      if not explanation.done and client then
        require('glm.server').execute(client, 'glm.cancel', { job = params.job })
      end
    end,
  })
  show_window(bufnr)
  -- After the window, so that what filetype plugins set there takes effect.
  vim.bo[bufnr].filetype = 'markdown'
  return explanation
end

---@param bufnr integer
function show_window(bufnr)
  local window = M.window()
  if window then -- One explanation at a time: the newer one takes the place.
    vim.api.nvim_win_set_buf(window, bufnr)
  else
    local where = require('glm.config').get().explanation
    local wide = where == 'right' or (where ~= 'below' and vim.o.columns >= 140)
    window = vim.api.nvim_open_win(bufnr, false, {
      split = wide and 'right' or 'below',
      win = vim.api.nvim_get_current_win(),
      height = not wide and math.max(8, math.floor(vim.o.lines * 0.35)) or nil,
    })
  end
  for option, value in pairs({
    wrap = true,
    linebreak = true,
    conceallevel = 2,
    number = false,
    relativenumber = false,
    signcolumn = 'no',
    spell = false,
  }) do
    vim.api.nvim_set_option_value(option, value, { win = window, scope = 'local' })
  end
end

---Return the window of the explanation shown in this tab page.
---@return integer?
function M.window()
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local name = vim.api.nvim_buf_get_name(vim.api.nvim_win_get_buf(window))
    if vim.startswith(name, 'glm://explanation/') then
      return window
    end
  end
end

---@param bufnr integer
---@param delta string
function append(bufnr, delta)
  if delta == '' or not vim.api.nvim_buf_is_valid(bufnr) then
    return
  end
  local lines = vim.split(delta:gsub('\r\n?', '\n'), '\n', { plain = true })
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_text(bufnr, -1, -1, -1, -1, lines)
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].modified = false
end

---@param explanation glm.Explanation
---@param title? string
function label(explanation, title)
  local text = (title or 'GLM'):gsub('%%', '%%%%')
  local state = explanation.done and '' or ' …'
  for _, window in ipairs(vim.fn.win_findbuf(explanation.bufnr)) do
    local bar = ('%%#Title# %s%%*%s'):format(text, state)
    vim.api.nvim_set_option_value('winbar', bar, { win = window, scope = 'local' })
  end
end

return M
