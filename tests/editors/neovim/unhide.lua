--- A finding that was dismissed is shown again, by the number of the decision.
local T = ...
T.open_configured('src/main.rs')
T.proposed(1)
vim.cmd('Crosscheck unhide 1')
return T.diagnostics(2, function(it) return it.code ~= 'proposal' end)
