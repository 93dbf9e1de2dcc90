--- A person types on while an agent works, and while its proposal is open.
local T = ...
local FILE = 'notes.txt'
local seen = {}

local function keys(typed)
  vim.api.nvim_feedkeys(vim.keycode(typed), 'x', false)
  -- Between keys that come from a keyboard Neovim ends an undo step itself.
  vim.o.undolevels = vim.o.undolevels
end

local function is_conflict(it)
  return it.code == 'proposal' and it.severity == vim.diagnostic.severity.INFO
end

T.open_configured(FILE)
vim.cmd('CrosscheckAsk Shout')
T.wait('the agent', function() return vim.uv.fs_stat(vim.env.TEST_AGENT_WORKS) end)
keys('ggOAbove, as it works.<Esc>')
keys('/five<CR>oBetween, as it works.<Esc>')
keys('GoBelow, as it works.<Esc>')
T.synced()
vim.fn.writefile({}, vim.env.TEST_AGENT_GOES_ON)
seen.arrival = T.arrival()
seen.proposed = T.proposed(3)

keys('ggOAbove, while it waits.<Esc>')
keys('/five<CR>oBetween, while it waits.<Esc>')
keys('/six<CR>aty-s<Esc>')
keys('GoBelow, while it waits.<Esc>')
seen.conflict = T.diagnostics(1, is_conflict)
seen.followed = T.proposed(3)
seen.typed = T.lines(FILE)
keys('/two<CR>')
seen.menu = T.pick('Apply')
seen.told = T.message('applied')
seen.applied = T.lines(FILE)
seen.left = T.proposed(1)
keys('u')
seen.is_undone = vim.deep_equal(T.lines(FILE), seen.typed)
seen.proposed_again = #T.proposed(3)
return seen
