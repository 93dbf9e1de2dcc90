--- An error that rust-analyzer shows is fixed by an agent: looked at, applied to three files, undone in each.
local T = ...
local FILES = { 'src/main.rs', 'src/greeting.rs', 'src/greeting/farewell.rs' }
local seen = {}

local function is_error(it)
  return it.source == 'rustc' and it.severity == vim.diagnostic.severity.ERROR
end

T.open_configured(FILES[1])
seen.complaint = T.diagnostics(1, is_error)
T.go(1)
seen.menu = T.pick('Fix with alpha')
seen.arrival = T.arrival()
seen.proposed = T.proposed(1)
seen.on_proposal = T.pick('Preview')

local preview = T.wait('the preview', function()
  return vim.endswith(vim.api.nvim_buf_get_name(0), '.diff') and vim.api.nvim_get_current_buf()
end)
seen.preview = {
  lines = vim.api.nvim_buf_get_lines(preview, 0, -1, false),
  filetype = vim.bo.filetype,
  is_read_only = vim.bo.readonly,
  servers = #vim.lsp.get_clients({ bufnr = 0 }),
}
vim.cmd.buffer(FILES[1])
seen.hover = T.hover()

local before = T.texts(FILES, T.on_disk)
T.pick('Apply')
seen.told = T.message('applied')
T.proposed(0)
seen.applied = T.texts(FILES, T.lines)
seen.unsaved = vim.tbl_filter(function(it) return vim.bo[vim.fn.bufnr(it)].modified end, FILES)
local after = T.texts(FILES, T.on_disk)
seen.written_by_applying = vim.tbl_filter(function(it) return not vim.deep_equal(before[it], after[it]) end, FILES)
seen.created_on_disk = after[FILES[3]]

vim.cmd.wall()
seen.errors_left = T.diagnostics(0, is_error)

for _, path in ipairs(FILES) do
  vim.cmd.buffer(path)
  vim.cmd.normal('u')
end
seen.undone = T.texts(FILES, T.lines)
vim.cmd.buffer(FILES[1])
seen.proposed_again = T.proposed(1)
-- What was undone cannot be taken back.
T.applications(0)
seen.menu_again = T.pick('Apply')
T.proposed(0)
seen.is_applied_again = vim.deep_equal(T.texts(FILES, T.lines), seen.applied)
return seen
