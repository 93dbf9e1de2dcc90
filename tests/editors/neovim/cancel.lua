--- A review whose agent hangs, and is cancelled.
local T = ...

local function progress(kind, message)
  return T.wait(message, function()
    return vim.iter(T.progress):find(function(it) return vim.startswith(it, kind) and it:find(message, 1, true) end)
  end)
end

T.open('src/main.rs')
vim.cmd('Crosscheck')
local seen = { running = progress('report', 'reading') }
vim.cmd('Crosscheck cancel')
seen.ended = progress('end', '')
return seen
