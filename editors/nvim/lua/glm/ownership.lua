-- Whose the lines of a buffer are: a list of runs, GLM's and everybody else's, from the first
-- line to the last.
--
-- Invariants: the runs hold as many lines as the buffer; a line that somebody else has touched
-- is never GLM's again; each original line that GLM replaced is held at most once.

local M = {}

---@class glm.Run
---@field rows number lines in the buffer
---@field before? string[] the lines that GLM put these in the place of; nil: not GLM's
---@field after? string[] the lines themselves, once they have been read

---@class glm.Ownership
---@field runs glm.Run[]
---@field touched integer how many of GLM's runs somebody else has changed

local stays_within, overlaps, outside, append, slice, split, merged_with

---Return the ownership of a buffer in which GLM has written nothing.
---@return glm.Ownership
function M.new()
  return { runs = { { rows = math.huge } }, touched = 0 }
end

---Somebody else put `count` lines in the place of the rows from `first` to before `last`.
---
---Of lines that GLM inserted the others stay GLM's. Lines that it put in the place of others
---go together: with a part of them touched nobody knows what the rest would be in place of.
---@param owned glm.Ownership
---@param first integer
---@param last integer
---@param count integer
function M.others(owned, first, last, count)
  if stays_within(owned.runs, first, last, count) then
    return
  end
  local runs, row, placed = {}, 0, false
  local function place()
    if not placed then
      append(runs, { rows = count })
      placed = true
    end
  end
  for _, run in ipairs(owned.runs) do
    local above, below = outside(run, row, first, last)
    if overlaps(run, row, first, last) then
      local inserted = run.before and #run.before == 0
      local touched = run.before and not (inserted and first == last)
      owned.touched = owned.touched + (touched and 1 or 0)
      append(runs, inserted and slice(run, 1, above) or { rows = above })
      place()
      append(runs, inserted and slice(run, run.rows - below + 1, run.rows) or { rows = below })
    else
      if row >= last and row + run.rows > first then
        place()
      end
      append(runs, run)
    end
    row = row + run.rows
  end
  owned.runs = runs
end

---GLM put `count` lines in the place of the rows from `first` to before `last`.
---@param owned glm.Ownership
---@param first integer
---@param last integer
---@param count integer
---@param text fun(row: integer): string what stood in a row that was not GLM's
function M.glm(owned, first, last, count, text)
  local runs, row, before, rows = {}, 0, {}, count
  local alone, rest = true, {} ---@type boolean, glm.Run[]
  for _, run in ipairs(owned.runs) do
    local above, below = outside(run, row, first, last)
    if merged_with(run, row, first, last, count) then
      vim.list_extend(before, run.before)
      rows, alone = rows + above + below, false
    elseif overlaps(run, row, first, last) then
      append(runs, { rows = above })
      for at = math.max(row, first), math.min(row + run.rows, last) - 1 do
        before[#before + 1] = text(at)
      end
      append(rest, { rows = below })
    else
      append(row + run.rows <= first and runs or rest, run)
    end
    row = row + run.rows
  end
  for _, run in ipairs(split({ rows = rows, before = before }, alone)) do
    append(runs, run)
  end
  for _, run in ipairs(rest) do
    append(runs, run)
  end
  owned.runs = runs
end

---Go through GLM's runs, with the row each begins at.
---@param owned glm.Ownership
---@return fun(): glm.Run?, integer?
function M.each(owned)
  local index, row = 0, 0
  return function()
    while owned.runs[index + 1] do
      index = index + 1
      local run, at = owned.runs[index], row
      row = row + run.rows
      if run.before then
        return run, at
      end
    end
  end
end

---Take in a change among lines that are not GLM's, which `:%s` makes by the thousand.
---@param runs glm.Run[]
---@param first integer
---@param last integer
---@param count integer
---@return boolean taken false: it is not such a change
function stays_within(runs, first, last, count)
  local row = 0
  for _, run in ipairs(runs) do
    local beyond = row + run.rows
    if row <= first and last < beyond and (row < first or first < last) then
      local rows = run.rows + count - (last - first)
      if run.before or rows == 0 then
        return false
      end
      run.rows = rows
      return true
    elseif beyond > last then
      return false
    end
    row = beyond
  end
  return false
end

---Tell whether a change of rows reaches into a run.
---@param run glm.Run
---@param row integer at which it begins
---@param first integer
---@param last integer
---@return boolean
function overlaps(run, row, first, last)
  return row < last and row + run.rows > first
end

---Return how many rows of a run lie above and below a change of rows.
---@param run glm.Run
---@param row integer at which it begins
---@param first integer
---@param last integer
---@return number above
---@return number below
function outside(run, row, first, last)
  local above = math.min(math.max(first - row, 0), run.rows)
  return above, math.min(math.max(row + run.rows - last, 0), run.rows)
end

---Tell whether what GLM writes becomes one with what it wrote before: there, or removed beside
---what it inserts, which may be the new form of the same lines.
---@param run glm.Run
---@param row integer
---@param first integer
---@param last integer
---@param count integer
---@return boolean
function merged_with(run, row, first, last, count)
  if not run.before then
    return false
  elseif overlaps(run, row, first, last) then
    return true
  end
  local beside = row + run.rows == first or row == last
  return beside and (run.rows == 0 or (count == 0 and #run.before == 0))
end

---Return lines that each became another as one run each, and any other as it is.
---@param run glm.Run
---@param alone boolean nothing of it was GLM's before
---@return glm.Run[]
function split(run, alone)
  if not alone or run.rows ~= #run.before then
    return { run }
  end
  return vim.tbl_map(function(line)
    return { rows = 1, before = { line } }
  end, run.before)
end

---Return some of the lines that GLM inserted.
---@param run glm.Run
---@param first integer
---@param last integer
---@return glm.Run
function slice(run, first, last)
  local after = run.after and vim.list_slice(run.after, first, last)
  return { rows = last - first + 1, before = {}, after = after }
end

---Append a run; what is nobody's in particular stays one run, and nothing is left out.
---@param runs glm.Run[]
---@param run glm.Run
function append(runs, run)
  local last = runs[#runs]
  if run.rows == 0 and (not run.before or #run.before == 0) then
    return
  elseif last and not last.before and not run.before then
    runs[#runs] = { rows = last.rows + run.rows }
  else
    runs[#runs + 1] = run
  end
end

return M
