--- A review by the two agents that the settings name.
local T = ...
T.open('src/main.rs')
vim.cmd('Crosscheck')
return T.findings(2)
