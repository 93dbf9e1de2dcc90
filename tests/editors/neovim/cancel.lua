--- A review whose agent hangs, and is cancelled.
local T = ...

--- Waits for a progress message; the first one may come with the beginning already.
local function message(what, is_wanted)
  return T.wait(what, function() return vim.iter(T.progress):find(is_wanted) end).message
end

T.open('src/main.rs')
vim.cmd('Crosscheck')
local seen = {}
seen.running = message('the agent', function(it) return it.message and it.message:find('reading', 1, true) end)
vim.cmd('Crosscheck cancel')
seen.ended = message('the end', function(it) return it.kind == 'end' end)
return seen
