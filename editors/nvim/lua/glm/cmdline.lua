-- Waits while Neovim previews a command, such as `:s/old/new` before <CR>; see 'inccommand'.
--
-- What changes a buffer during its preview is reported to no language server (Neovim 0.12.4):
-- the server's copy would be wrong from then on.

local M = {}

local previewing, next_change

---Commands that are shown while they are typed; user commands say it themselves.
local previewed = { substitute = true, smagic = true, snomagic = true, ['&'] = true, ['&&'] = true }

---Wait until none of the buffers shows a preview of the command that is being typed.
---@param buffers table<integer, any>
---@return boolean gone false where waiting is not possible: without LuaJIT a handler cannot
function M.wait(buffers)
  local thread, main = coroutine.running()
  while previewing(buffers) do
    if not jit or not thread or main then
      return false
    end
    next_change(thread)
    coroutine.yield()
  end
  return true
end

---@param buffers table<integer, any>
---@return boolean
function previewing(buffers)
  if
    buffers[vim.api.nvim_get_current_buf()] == nil
    or vim.o.inccommand == ''
    or vim.fn.getcmdtype() ~= ':'
  then
    return false
  end
  local ok, parsed = pcall(vim.api.nvim_parse_cmd, vim.fn.getcmdline(), {})
  local name = ok and parsed.cmd or ''
  local command = vim.api.nvim_get_commands({})[name] or vim.api.nvim_buf_get_commands(0, {})[name]
  return previewed[name] == true or (command ~= nil and command.preview ~= nil)
end

---Resume a thread when the command line has changed or is left.
---@param thread thread
function next_change(thread)
  local autocmd
  autocmd = vim.api.nvim_create_autocmd({ 'CmdlineChanged', 'CmdlineLeave' }, {
    callback = function()
      vim.api.nvim_del_autocmd(autocmd) -- For both events; `once` would keep the other.
      vim.schedule(function()
        assert(coroutine.resume(thread))
      end)
    end,
  })
end

return M
