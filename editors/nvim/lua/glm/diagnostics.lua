-- Lets GLM see what every other tool says about the code.
--
-- Neovim sends a server only its own diagnostics with a code action request, and GLM's server
-- has none: without this no fix would be offered for what a linter or a type checker found.

local M = {}

local others, to_lsp, position

---Clients whose requests already carry the diagnostics.
---@type table<vim.lsp.Client, boolean>
local attached = setmetatable({}, { __mode = 'k' })

---Add the diagnostics of all tools to a client's code action requests.
---@param client vim.lsp.Client
function M.attach(client)
  if attached[client] then
    return
  end
  attached[client] = true
  local request = client.rpc.request
  ---@diagnostic disable-next-line: duplicate-set-field
  client.rpc.request = function(method, params, ...)
    if method == 'textDocument/codeAction' then
      local bufnr = vim.uri_to_bufnr(params.textDocument.uri)
      params.context = vim.tbl_extend('force', params.context, {
        diagnostics = M.within(bufnr, params.range, client.offset_encoding),
      })
    end
    return request(method, params, ...)
  end
end

---Return the diagnostics on the lines of a range, as the protocol writes them.
---@param bufnr integer
---@param range lsp.Range
---@param encoding string of the positions in the answer
---@return lsp.Diagnostic[]
function M.within(bufnr, range, encoding)
  local found = {}
  for _, diagnostic in ipairs(others(bufnr)) do
    local last = diagnostic.end_lnum or diagnostic.lnum
    if diagnostic.lnum <= range['end'].line and last >= range.start.line then
      found[#found + 1] = to_lsp(diagnostic, encoding)
    end
  end
  return found
end

---Return the diagnostics of a whole document, as the protocol writes them.
---@param bufnr integer
---@param encoding string of the positions in the answer
---@param wanted fun(namespace: integer): boolean
---@return lsp.Diagnostic[]
function M.all(bufnr, encoding, wanted)
  local found = {}
  for _, diagnostic in ipairs(others(bufnr)) do
    if wanted(diagnostic.namespace) then
      found[#found + 1] = to_lsp(diagnostic, encoding)
    end
  end
  return found
end

---Return a buffer's diagnostics, from top to bottom, but for those of GLM's own server.
---@param bufnr integer
---@return vim.Diagnostic[]
function others(bufnr)
  local found = vim.tbl_filter(function(diagnostic)
    return not M.is_own(diagnostic.namespace)
  end, vim.diagnostic.get(bufnr))
  table.sort(found, function(a, b)
    return a.lnum < b.lnum or (a.lnum == b.lnum and a.col < b.col)
  end)
  return found
end

---Tell whether a namespace of diagnostics is that of GLM's own server.
---@param namespace integer
---@return boolean
function M.is_own(namespace)
  local known = vim.diagnostic.get_namespaces()[namespace] or {}
  return (known.name or ''):match('^n?vim%.lsp%.glm%.') ~= nil
end

---@param diagnostic vim.Diagnostic
---@param encoding string
---@return lsp.Diagnostic
function to_lsp(diagnostic, encoding)
  local bufnr = assert(diagnostic.bufnr)
  local last, last_column = diagnostic.end_lnum, diagnostic.end_col
  return {
    range = {
      start = position(bufnr, diagnostic.lnum, diagnostic.col, encoding),
      ['end'] = position(bufnr, last or diagnostic.lnum, last_column or diagnostic.col, encoding),
    },
    severity = diagnostic.severity,
    message = diagnostic.message,
    source = diagnostic.source,
    code = diagnostic.code,
    tags = vim.tbl_get(diagnostic, 'user_data', 'lsp', 'tags'),
  }
end

---@param bufnr integer
---@param row integer
---@param column integer in bytes
---@param encoding string
---@return lsp.Position
function position(bufnr, row, column, encoding)
  local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ''
  local bytes = math.min(column, #line)
  return { line = row, character = vim.str_utfindex(line, encoding, bytes, false) }
end

return M
