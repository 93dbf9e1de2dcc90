--- What an agent proposes for several files is applied and saved.
local T = ...
T.open_configured('src/main.rs')
vim.cmd('CrosscheckAsk Say goodbye properly')
T.proposed(1)
T.pick('Apply')
local message = T.message('applied')
vim.cmd.wall()
return { message = message }
