--- Runs a test's script in a real Neovim and writes what it returns as JSON. Whatever is waited for has a deadline.
local T = { progress = {} }
local PATIENCE_MS = 30000

--- Waits until `seen` returns something, and returns it.
function T.wait(what, seen)
  local value
  local function is_seen()
    value = seen()
    return value ~= nil and value ~= false
  end
  if not vim.wait(PATIENCE_MS, is_seen, 5) then
    error('waited in vain for ' .. what, 2)
  end
  return value
end

--- Opens a file and waits for the server.
function T.open(path)
  vim.cmd.edit(path)
  T.wait('the server', function()
    local client = vim.lsp.get_clients({ bufnr = 0, name = 'crosscheck' })[1]
    return client and client.initialized
  end)
end

--- Waits until the buffer has as many findings, and returns them as text, positions from 1, the end exclusive.
function T.findings(count)
  T.wait(count .. ' findings', function() return #vim.diagnostic.get(0) == count end)
  local found = vim.diagnostic.get(0)
  table.sort(found, function(a, b) return a.lnum < b.lnum end)
  return vim.tbl_map(function(it)
    local severity = vim.diagnostic.severity[it.severity]
    local place = ('%d:%d-%d:%d'):format(it.lnum + 1, it.col + 1, it.end_lnum + 1, it.end_col + 1)
    return ('%s %s %s [%s]: %s'):format(place, severity, it.source, it.code, it.message)
  end, found)
end

--- Moves the cursor to a finding by its number, as a person does.
function T.go(number)
  vim.cmd.normal('gg0' .. number .. ']d')
end

--- Opens the menu of code actions and picks the one whose title begins so; returns all titles.
function T.pick(title, keys)
  local shown, picked
  vim.ui.select = function(items, opts, choose)
    shown = vim.tbl_map(opts.format_item or tostring, items)
    for number, text in ipairs(shown) do
      if vim.startswith(text, title) then
        picked = true
        return choose(items[number], number)
      end
    end
    choose(nil)
  end
  vim.cmd.normal(keys or 'gra')
  T.wait('a menu', function() return shown end)
  if not picked then
    error(('the menu has no “%s”: %s'):format(title, vim.inspect(shown)), 2)
  end
  return shown
end

--- Asks for the explanation at the cursor; returns its lines.
function T.hover()
  vim.cmd.normal('K')
  local window = T.wait('a hover window', function()
    return vim.iter(vim.api.nvim_list_wins()):find(function(it)
      local is_float = vim.api.nvim_win_get_config(it).relative ~= ''
      return is_float and vim.bo[vim.api.nvim_win_get_buf(it)].filetype == 'markdown'
    end)
  end)
  local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
  vim.api.nvim_win_close(window, true)
  return lines
end

function T.line(number)
  return vim.api.nvim_buf_get_lines(0, number - 1, number, false)[1]
end

-- What is logged is shown when a script fails.
vim.lsp.log.set_level('info')
vim.api.nvim_create_autocmd('LspProgress', {
  callback = function(event)
    table.insert(T.progress, event.data.params.value)
  end,
})

local function run()
  return assert(loadfile(vim.env.TEST_SCRIPT))(T)
end

local ran, result = xpcall(run, debug.traceback)
if not ran then
  result = {
    error = result,
    messages = vim.fn.execute('messages'),
    progress = T.progress,
    diagnostics = vim.diagnostic.get(0),
    log = vim.fn.readblob(vim.lsp.log.get_filename()),
  }
end
vim.fn.writefile({ vim.json.encode(result) }, vim.env.TEST_RESULT)
vim.cmd('qall!')
