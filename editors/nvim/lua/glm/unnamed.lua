-- Buffers without a name, without a file type, and those that get another name.
--
-- To Neovim (0.12.4) every buffer without a name is `file://` for servers, and one that is renamed
-- has its new address at once, which no server knows before it is written.
--
-- Invariants: two buffers never have one address; the server is told of a new name as what it is,
-- another document; what the user has not begun to write into starts no server.

local M = {}

---Buffers without a name in which the user has asked for something, or has begun to type.
---@type table<integer, true>
local wanted = {}

local is_installed = false

local attach, is_text, resolved

---Tell whether a buffer has no name and may become a file.
---@param bufnr integer
---@return boolean
function M.is_unnamed(bufnr)
  return vim.api.nvim_buf_is_valid(bufnr)
    and vim.api.nvim_buf_get_name(bufnr) == ''
    and vim.bo[bufnr].buftype == ''
    and vim.bo[bufnr].buflisted
end

---Tell whether a buffer without a name should have the server.
---@param bufnr integer
---@return boolean
function M.is_wanted(bufnr)
  return wanted[bufnr] == true or vim.bo[bufnr].filetype ~= ''
end

---Note that the user wants something in a buffer.
---@param bufnr integer
function M.want(bufnr)
  wanted[bufnr] = true
end

---Give buffers without a name addresses of their own, and follow names and beginnings.
function M.install()
  if is_installed then
    return
  end
  is_installed = true
  local from, to = vim.uri_from_bufnr, vim.uri_to_bufnr
  ---@diagnostic disable-next-line: duplicate-set-field
  vim.uri_from_bufnr = function(bufnr)
    local number = resolved(bufnr)
    return M.is_unnamed(number) and 'untitled:' .. number or from(bufnr)
  end
  ---@diagnostic disable-next-line: duplicate-set-field
  vim.uri_to_bufnr = function(uri)
    local number = tonumber(uri:match('^untitled:(%d+)$'))
    return number and M.is_unnamed(number) and number or to(uri)
  end
  local group = vim.api.nvim_create_augroup('glm.unnamed', {})
  local function on(event, call)
    vim.api.nvim_create_autocmd(event, {
      group = group,
      callback = function(context)
        call(context.buf, context.event)
      end,
    })
  end
  on({ 'InsertEnter', 'BufReadPost', 'BufNewFile' }, attach)
  on('BufFilePre', M.before_name)
  on('BufFilePost', M.after_name)
  -- For `:write NAME` Neovim says that a buffer without a name is gone, and there is another.
  on({ 'BufDelete', 'BufWipeout' }, function(bufnr)
    wanted[bufnr] = nil
    if M.is_unnamed(bufnr) then
      M.before_name(bufnr)
      vim.schedule(function()
        M.after_name(bufnr)
      end)
    end
  end)
end

---Buffers that are getting a name, and had the server.
---@type table<integer, true>
local renamed = {}

---Close what the server knows, while the buffer has its old address.
---@param bufnr integer
function M.before_name(bufnr)
  for _, client in ipairs(vim.lsp.get_clients({ name = 'glm', bufnr = bufnr })) do
    renamed[bufnr] = true
    vim.lsp.buf_detach_client(bufnr, client.id)
  end
end

---Open it with its new address.
---@param bufnr integer
function M.after_name(bufnr)
  if renamed[bufnr] and vim.api.nvim_buf_is_loaded(bufnr) then
    require('glm.server').attach(bufnr)
  end
  renamed[bufnr] = nil
end

---Start the server for a buffer for which Neovim does not: it has no file type.
---@param bufnr integer
---@param event string
function attach(bufnr, event)
  if vim.bo[bufnr].filetype ~= '' then
    return
  elseif event == 'InsertEnter' then
    M.want(bufnr)
  elseif not is_text(bufnr) then
    return
  end
  vim.schedule(function()
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.v.vim_did_enter == 1 then
      require('glm.server').attach(bufnr)
    end
  end)
end

---Tell whether a file looks like text: pictures and programs have no file type either.
---@param bufnr integer
---@return boolean
function is_text(bufnr)
  local lines = vim.api.nvim_buf_get_lines(bufnr, 0, 200, false)
  return not vim.bo[bufnr].binary and not table.concat(lines):find('\0', 1, true)
end

---@param bufnr? integer
---@return integer
function resolved(bufnr)
  return (bufnr == nil or bufnr == 0) and vim.api.nvim_get_current_buf() or bufnr
end

return M
