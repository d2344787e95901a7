-- The names that the server knows, for completion on the command line and for menus.

local M = {}

---The actions: each is a command of the server, `glm.<name>`.
M.actions = {
  -- Actions, written by `make docs`.
  'fix',
  'edit',
  'refactor',
  'document',
  'test',
  'explain',
  'review',
  'commit',
}

---The refactorings that have a name.
M.presets = {
  -- Presets, written by `make docs`.
  'simplify',
  'extract',
  'names',
  'types',
}

---The models of the catalogue.
M.models = {
  -- Models, written by `make docs`.
  'glm-4.5',
  'glm-4.5-air',
  'glm-4.6',
  'glm-4.7',
  'glm-4.7-flash',
  'glm-4.7-flashx',
  'glm-5',
  'glm-5-turbo',
  'glm-5.1',
  'glm-5.2',
  'glm-5.2-highspeed',
  'glm-5.3',
  'glm-5.3-flash',
}

return M
