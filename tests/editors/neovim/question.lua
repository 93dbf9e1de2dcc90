--- A review whose agent asks before it goes on; the person allows it.
local T = ...
local seen = {}

vim.ui.select = function(items, opts, choose)
  seen.prompt = vim.split(opts.prompt, '\n')
  seen.choices = vim.tbl_map(opts.format_item, items)
  -- A person takes a while, so Neovim waits for the choice.
  vim.schedule(function() choose(items[1], 1) end)
end

T.open('src/main.rs')
vim.cmd('Crosscheck')
seen.found = T.findings(1)
seen.waited = vim.iter(T.progress):find(function(it) return it.message and it.message:find('waiting', 1, true) end).message
return seen
