--- A review by two agents of whatever is configured.
local T = ...
T.open('src/main.rs')
vim.cmd('Crosscheck')
return T.findings(2)
