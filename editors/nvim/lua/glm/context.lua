-- Tells GLM's server what the buffer's other language servers and tools know, when it asks.
--
-- Invariants: nothing of GLM's own server goes back to it; the answer comes within its time, with
-- what has come by then; the user's editing waits for none of it.

local M = {}

local WITHIN = 700 -- Milliseconds that other servers have to answer.
local MOST_TEXT = 4000 -- Characters of a hover.

local await, places, converted, located, text_of

---@class glm.Told
---@field diagnostics lsp.Diagnostic[]
---@field definitions { position: integer, uri: string, range: lsp.Range }[]
---@field hovers { position: integer, text: string }[]
---@field settled boolean

---Handle the request `glm/context`.
---@param _ any
---@param params { uri: string, positions: lsp.Position[], settle?: boolean }
---@param ctx lsp.HandlerContext
---@return glm.Told
function M.on_context(_, params, ctx)
  local client = assert(vim.lsp.get_client_by_id(ctx.client_id))
  local bufnr = require('glm.server').buffer(client, params.uri)
  local told = { diagnostics = {}, definitions = {}, hovers = {}, settled = false }
  if not bufnr then
    return told
  end
  local reports = require('glm.reports')
  if params.settle then
    await(function(resume)
      reports.settle(bufnr, resume)
    end)
    told.settled = vim.api.nvim_buf_is_valid(bufnr) and reports.any(bufnr)
  else
    told.settled = reports.is_known(bufnr)
  end
  if #params.positions > 0 then
    await(function(resume)
      places(client, bufnr, params.positions, told, resume)
    end)
  end
  if vim.api.nvim_buf_is_valid(bufnr) then
    told.diagnostics = require('glm.diagnostics').all(
      bufnr,
      client.offset_encoding,
      function(namespace)
        return not params.settle or reports.is_fresh(bufnr, namespace)
      end
    )
  end
  return told
end

---Wait within a handler: Neovim runs each in a coroutine of its own.
---@param begin fun(resume: fun())
function await(begin)
  local running = assert(coroutine.running())
  local done, waiting = false, false
  begin(function()
    if not done then
      done = true
      if waiting then
        coroutine.resume(running)
      end
    end
  end)
  if not done then
    waiting = true
    coroutine.yield()
  end
end

---Ask the other servers of a buffer for what stands at places in it.
---@param client vim.lsp.Client
---@param bufnr integer
---@param positions lsp.Position[] in the client's encoding
---@param told glm.Told
---@param on_done fun()
function places(client, bufnr, positions, told, on_done)
  local open = 1
  local function finish()
    open = open - 1
    if open == 0 then
      on_done()
    end
  end
  ---@param other vim.lsp.Client
  ---@param method string
  ---@param position lsp.Position
  ---@param on_result fun(result: table)
  local function ask(other, method, position, on_result)
    if not other:supports_method(method, bufnr) then
      return
    end
    open = open + 1
    local at = converted(bufnr, position, client.offset_encoding, other.offset_encoding)
    local params = { textDocument = { uri = vim.uri_from_bufnr(bufnr) }, position = at }
    local sent = other:request(method, params, function(_, result)
      if type(result) == 'table' then
        on_result(result)
      end
      finish()
    end, bufnr)
    if not sent then
      finish()
    end
  end
  for _, other in ipairs(vim.lsp.get_clients({ bufnr = bufnr })) do
    for index, position in ipairs(other.id ~= client.id and positions or {}) do
      local number = index - 1 -- As the protocol counts.
      ask(other, 'textDocument/definition', position, function(result)
        for _, place in ipairs(located(result)) do
          place.position = number
          told.definitions[#told.definitions + 1] = place
        end
      end)
      ask(other, 'textDocument/hover', position, function(result)
        local text = text_of(result)
        if text ~= '' then
          told.hovers[#told.hovers + 1] = { position = number, text = text }
        end
      end)
    end
  end
  vim.defer_fn(on_done, WITHIN)
  finish()
end

---@param bufnr integer
---@param position lsp.Position
---@param from string
---@param to string
---@return lsp.Position
function converted(bufnr, position, from, to)
  local row = position.line
  local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ''
  local bytes = vim.str_byteindex(line, from, position.character, false)
  return { line = row, character = vim.str_utfindex(line, to, bytes, false) }
end

---Return the places of a `Location`, of several, or of `LocationLink`s.
---@param result table
---@return { uri: string, range: lsp.Range, position?: integer }[]
function located(result)
  local found = {}
  for _, each in ipairs(vim.islist(result) and result or { result }) do
    local uri, range = each.targetUri or each.uri, each.targetRange or each.range
    if type(uri) == 'string' and type(range) == 'table' then
      found[#found + 1] = { uri = uri, range = range }
    end
  end
  return found
end

---Return what a hover says, in Markdown.
---@param hover lsp.Hover
---@return string
function text_of(hover)
  if not hover.contents then
    return ''
  end
  local lines = vim.lsp.util.convert_input_to_markdown_lines(hover.contents)
  return vim.fn.strcharpart(table.concat(lines, '\n'), 0, MOST_TEXT)
end

return M
