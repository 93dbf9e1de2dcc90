--- A person dismisses a finding with a reason, looks at what is hidden, applies a proposal, saves it, and undoes it.
local T = ...
local FILE = 'src/main.rs'
local seen = {}

local function is_finding(it)
  return it.code ~= 'proposal'
end

T.open_configured(FILE)
vim.cmd('Crosscheck')
seen.found = T.diagnostics(2, is_finding)
seen.status = T.wait('the status', function()
  local text = require('crosscheck').status()
  return text:find('finding', 1, true) and text
end)

T.go(1)
seen.menu = T.pick('Dismiss “`main` is not documented”: choose')
seen.prompts = T.answer({ 'This kind in this file', 'It is meant to be so' })
seen.after_dismissal = T.diagnostics(1, is_finding)

vim.cmd('CrosscheckHidden')
T.wait('the list', function() return vim.api.nvim_buf_get_name(0):find('hidden%-%d+%.txt$') end)
seen.hidden = {
  lines = vim.tbl_map(function(it)
    return (it:gsub('%f[%x]' .. ('%x'):rep(16) .. '%f[%X]', 'NAME'))
  end, vim.api.nvim_buf_get_lines(0, 0, -1, false)),
  is_read_only = vim.bo.readonly,
  servers = #vim.lsp.get_clients({ bufnr = 0 }),
}
vim.cmd.buffer(FILE)

T.go(1)
T.pick('Fix with beta')
seen.arrival = T.message('proposes')
T.proposed(1)
seen.on_proposal = T.pick('Apply')
T.proposed(0)
seen.applied = T.line(4)
seen.left = T.diagnostics(0, is_finding)
T.applications(1)
vim.cmd.write()
vim.cmd.normal('u')
seen.proposed_again = T.proposed(1)
seen.found_again = T.diagnostics(1, is_finding)
T.applications(0)
vim.cmd.write()
return seen
