--- What was applied and saved before the editor was closed is taken back; there is nothing more then.
local T = ...
local FILES = { 'src/main.rs', 'src/greeting.rs', 'src/greeting/farewell.rs' }
local seen = {}

T.open_configured(FILES[1])
T.applications(1)
seen.menu = T.pick('Take back')
seen.taken_back = T.message('taken back')
vim.cmd.wall()
seen.saved = T.texts(FILES, T.on_disk)
T.applications(0)
vim.cmd('CrosscheckRevert')
seen.nothing_more = T.message('nothing')
return seen
