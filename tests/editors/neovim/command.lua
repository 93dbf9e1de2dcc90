--- `:Crosscheck` in a file without a file type, whose last line is neither saved nor committed.
local T = ...
local seen = {}

T.open('notes')
seen.filetype = vim.bo.filetype
vim.cmd.normal({ '1GyyGp', bang = true })
vim.cmd('Crosscheck changes')
seen.changes = T.findings(1)
vim.cmd('1Crosscheck')
seen.with_first_line = T.findings(2)
vim.cmd('Crosscheck')
seen.all = T.findings(3)
vim.cmd('Crosscheck fixall')
T.findings(0)
seen.fixed = vim.api.nvim_buf_get_lines(0, 0, -1, false)
vim.cmd('Crosscheck status')
local status = T.wait('the status', function()
  local said = vim.fn.execute('messages')
  return said:find('configured = ', 1, true) and said
end)
seen.agents = status:match('configured = (%b{})')
seen.problems = status:match('problems = (%b{})')
return seen
