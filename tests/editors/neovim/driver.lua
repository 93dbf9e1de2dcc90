--- Runs a test's script in a real Neovim and writes what it returns as JSON. Whatever is waited for has a deadline.
local T = { progress = {}, messages = {} }
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

--- Waits until the buffer has as many findings, and returns them as text.
function T.findings(count)
  return T.diagnostics(count, function() return true end)
end

--- Waits until the buffer has as many diagnostics of a kind, and returns them as text, positions from 1, the end exclusive.
function T.diagnostics(count, is_meant)
  local found
  T.wait(count .. ' diagnostics', function()
    found = vim.tbl_filter(is_meant, vim.diagnostic.get(0))
    return #found == count
  end)
  table.sort(found, function(a, b) return a.lnum < b.lnum end)
  return vim.tbl_map(function(it)
    local severity = vim.diagnostic.severity[it.severity]
    local place = ('%d:%d-%d:%d'):format(it.lnum + 1, it.col + 1, it.end_lnum + 1, it.end_col + 1)
    return ('%s %s %s [%s]: %s'):format(place, severity, it.source, it.code, it.message)
  end, found)
end

--- Waits until as many changes of the buffer are proposed, and returns them as text.
function T.proposed(count)
  return T.diagnostics(count, function(it) return it.code == 'proposal' end)
end

--- Waits for a message of the server that has these words, and returns it.
function T.message(words)
  return T.wait('a message with “' .. words .. '”', function()
    return vim.iter(T.messages):find(function(it) return it:find(words, 1, true) end)
  end)
end

--- Asks the server by a command, again until the answer is as wanted.
function T.asked(command, is_wanted)
  local answer, is_asked
  T.wait('an answer to ' .. command, function()
    if not is_asked then
      is_asked = true
      local client = vim.lsp.get_clients({ name = 'crosscheck' })[1]
      local params = { command = command, arguments = { vim.empty_dict() } }
      client:request('workspace/executeCommand', params, function(_, it) answer, is_asked = it, false end)
    end
    return answer and is_wanted(answer)
  end)
end

--- Opens a file and waits until the server knows who fixes there.
function T.open_configured(path)
  T.open(path)
  T.asked('crosscheck.status', function(status)
    return vim.iter(status.roots):any(function(it) return type(it.fixers) == 'table' end)
  end)
end

--- Waits until the server has everything that was typed; Neovim sends that when the person pauses, or asks for something.
function T.synced()
  T.asked('crosscheck.status', function() return true end)
end

--- Waits until as many applied proposals can be taken back.
function T.applications(count)
  T.asked('crosscheck.proposals', function(listed)
    return #vim.tbl_filter(function(it) return not it.reverted end, listed.applications) == count
  end)
end

--- Waits until an agent's proposal is there and its run has ended, and returns what is said of it.
function T.arrival()
  T.wait('the end of the run', function()
    return vim.iter(T.progress):find(function(it) return it.kind == 'end' and (it.message or ''):find(' by alpha') end)
  end)
  return T.message('proposes')
end

--- Moves the cursor to a finding by its number, as a person does.
function T.go(number)
  vim.cmd.normal('gg0' .. number .. ']d')
end

--- Opens the menu of code actions once nothing is running, and picks the one whose title begins so; returns all titles.
function T.pick(title, keys)
  T.asked('crosscheck.status', function(status) return #status.runs == 0 end)
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

--- Answers the prompts that come next, each by the beginning of a choice; returns what they said, with all choices.
function T.answer(titles)
  local prompts = {}
  vim.ui.select = function(items, opts, choose)
    local choices = vim.tbl_map(opts.format_item, items)
    table.insert(prompts, { prompt = vim.trim(opts.prompt), choices = choices })
    local number = vim.iter(ipairs(choices)):find(function(_, it) return vim.startswith(it, titles[#prompts] or '') end)
    -- A person takes a while, so Neovim waits for the choice.
    vim.schedule(function() choose(items[number], number) end)
  end
  T.wait(#titles .. ' prompts', function() return #prompts == #titles end)
  return prompts
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

--- The lines of a file as the editor has them; nil where it has none.
function T.lines(path)
  local buffer = vim.fn.bufnr(path)
  return buffer > 0 and vim.fn.bufloaded(buffer) == 1 and vim.api.nvim_buf_get_lines(buffer, 0, -1, false) or nil
end

--- The lines of a file as they are on disk; nil where there is none.
function T.on_disk(path)
  return vim.fn.filereadable(path) == 1 and vim.fn.readfile(path) or nil
end

--- What `read` says of each file.
function T.texts(files, read)
  local out = {}
  for _, path in ipairs(files) do
    out[path] = read(path) or 'none'
  end
  return out
end

-- What is logged is shown when a script fails.
vim.lsp.log.set_level('info')
vim.api.nvim_create_autocmd('LspProgress', {
  callback = function(event)
    table.insert(T.progress, event.data.params.value)
  end,
})

local show = vim.lsp.handlers['window/showMessage']
vim.lsp.handlers['window/showMessage'] = function(err, params, context)
  if vim.lsp.get_client_by_id(context.client_id).name == 'crosscheck' then
    table.insert(T.messages, params.message)
  end
  return show(err, params, context)
end

local function run()
  return assert(loadfile(vim.env.TEST_SCRIPT))(T)
end

local ran, result = xpcall(run, debug.traceback)
if not ran then
  result = {
    error = result,
    messages = vim.fn.execute('messages'),
    said = T.messages,
    progress = T.progress,
    diagnostics = vim.diagnostic.get(0),
    log = vim.fn.readblob(vim.lsp.log.get_filename()),
  }
end
vim.fn.writefile({ vim.json.encode(result) }, vim.env.TEST_RESULT)
vim.cmd('qall!')
