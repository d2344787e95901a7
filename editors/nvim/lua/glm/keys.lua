-- The keys of ghost text, and the <Plug> mappings of these and of all actions.
--
-- Invariants: no mapping of the user's is ever replaced; a key with nothing to do keeps its
-- own meaning, and inserts nothing when it has none.

local M = {}

---@class glm.Key
---@field option string its name in `vim.g.glm`
---@field plug string
---@field does string
---@field call { [1]: string, [2]: any } a function of `completion`, and its argument

---@type glm.Key[]
M.all = {
  {
    option = 'accept',
    plug = 'GlmAccept',
    does = 'accepts ghost text',
    call = { 'accept', 'all' },
  },
  {
    option = 'accept_line',
    plug = 'GlmAcceptLine',
    does = 'accepts its next line',
    call = { 'accept', 'line' },
  },
  {
    option = 'accept_word',
    plug = 'GlmAcceptWord',
    does = 'accepts its next word',
    call = { 'accept', 'word' },
  },
  { option = 'suggest', plug = 'GlmSuggest', does = 'asks for suggestions', call = { 'suggest' } },
  { option = 'next', plug = 'GlmNext', does = 'shows the next suggestion', call = { 'cycle', 1 } },
  {
    option = 'previous',
    plug = 'GlmPrevious',
    does = 'shows the one before',
    call = { 'cycle', -1 },
  },
  { option = 'dismiss', plug = 'GlmDismiss', does = 'hides it', call = { 'dismiss' } },
}

---What `:Glm` does, by the names of <Plug> mappings for Normal and Visual mode.
---@type table<string, string>
M.commands = {
  GlmShow = 'show',
  GlmKeep = 'keep',
  GlmKeepHunk = 'keep hunk',
  GlmFixBroken = 'fix broken',
  GlmUndo = 'undo',
  GlmUndoHunk = 'undo hunk',
  GlmRetry = 'retry',
  GlmRetryHunk = 'retry hunk',
  GlmDiff = 'diff',
  GlmNextEdit = 'next edit',
  GlmDismissEdit = 'dismiss edit',
  GlmReport = 'report',
  GlmAsk = 'ask',
  GlmExplanation = 'explanation',
  GlmNextHunk = 'next hunk',
  GlmPreviousHunk = 'previous hunk',
  GlmApply = 'apply',
  GlmRefuse = 'refuse',
  GlmCancel = 'cancel',
  GlmCompletion = 'completion',
  GlmStatus = 'status',
}

---@param word string
---@param command string
local function named_after(word, command)
  M.commands['Glm' .. word:sub(1, 1):upper() .. word:sub(2)] = command
end

for _, action in ipairs(require('glm.names').actions) do
  named_after(action, action)
end
for _, preset in ipairs(require('glm.names').presets) do
  named_after(preset, 'refactor ' .. preset)
end

local run, own_meaning, has_meaning

---Define the <Plug> mappings.
function M.plug()
  for name, command in pairs(M.commands) do
    local options = { desc = 'GLM: ' .. command, silent = true }
    vim.keymap.set('n', ('<Plug>(%s)'):format(name), ('<Cmd>Glm %s<CR>'):format(command), options)
    -- A colon in Visual mode begins with the range of the selection.
    vim.keymap.set('x', ('<Plug>(%s)'):format(name), (':Glm %s<CR>'):format(command), options)
  end
  for _, each in ipairs(M.all) do
    vim.keymap.set('i', ('<Plug>(%s)'):format(each.plug), function()
      run(each)
    end, { desc = 'GLM: ' .. each.does })
  end
end

---Map the keys, but those that are the user's. The mappings are global, so that one made
---later wins.
function M.map()
  local config = require('glm.config').get()
  for _, each in ipairs(M.all) do
    local key = config[each.option]
    if type(key) == 'string' and key ~= '' and M.owner(key) ~= 'user' then
      vim.keymap.set('i', key, function()
        -- Not <expr>: Neovim evaluates that before it has inserted what was typed quickly.
        if not run(each) then
          M.fall_back(key)
        end
      end, { desc = 'glm: ' .. each.does })
    end
  end
end

---Let a key do what it does without this plugin.
---@param key string
function M.fall_back(key)
  if key:lower() == '<tab>' and vim.snippet.active({ direction = 1 }) then
    vim.snippet.jump(1) -- What Neovim itself maps Tab to.
  else
    require('glm.insertion').feed(own_meaning(key))
  end
end

---Return who holds a key in insert mode: nil, Neovim itself, this plugin or the user.
---@param key string
---@return nil|'neovim'|'glm'|'user'
function M.owner(key)
  local mapping = vim.fn.maparg(key, 'i', false, true)
  if vim.tbl_isempty(mapping) then
    return nil
  end
  local description = mapping.desc or ''
  if vim.startswith(description, 'glm: ') then
    return 'glm'
  end
  return vim.startswith(description, 'vim.snippet.jump') and 'neovim' or 'user'
end

---@param key glm.Key
---@return boolean done
function run(key)
  local name, argument = unpack(key.call)
  return require('glm.completion')[name](argument)
end

---Return the keys for what a key does by itself.
---@param key string
---@return string
function own_meaning(key)
  if vim.fn.mode(1) ~= 'i' then
    return key -- Completion has meanings of its own for many.
  elseif key:lower() == '<tab>' then
    return '<C-]><Tab>' -- What is not typed expands no abbreviation; Tab does.
  end
  return has_meaning(key) and key or ''
end

---Tell whether a key does something in insert mode: others would insert their name, a control
---character, or leave the mode.
---@param key string
---@return boolean
function has_meaning(key)
  local modifiers, name = key:match('^<([%a%-]-%-?)([^%-]+%-?)>$')
  if not modifiers then
    return true
  end
  modifiers = modifiers:upper()
  if modifiers:find('[MATD]') or name:match('^[fF]%d+$') then
    return false
  end
  local control = modifiers:find('C') and #name == 1
  return not (control and (name:match('[blszBLSZ_]') or name:match('[^%a%[%]\\^@_]')))
end

return M
