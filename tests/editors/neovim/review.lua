--- A review by the menu; a fix, its undo, a dismissal, and a fix that is saved.
local T = ...
local seen = {}

T.open('src/main.rs')
T.pick('Review this file')
seen.found = T.findings(3)

T.go(1)
seen.hover = T.hover()
seen.menu = T.pick('Replace with')
seen.after_fix = T.findings(2)
seen.fixed_line = T.line(1)

vim.cmd.undo()
seen.after_undo = T.findings(3)[1]
seen.is_modified = vim.bo.modified

T.go(2)
seen.second_at = vim.api.nvim_win_get_cursor(0)
T.pick('Dismiss')
seen.after_dismissal = T.findings(2)

T.go(2)
T.pick('Replace with')
seen.after_second_fix = T.findings(1)
vim.cmd.write()
return seen
