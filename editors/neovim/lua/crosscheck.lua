--- Crosscheck in Neovim 0.11 or newer: starts the server for every file, shows it what other servers say, and adds commands.
local problems = require('crosscheck.problems')
local M = {}

local defaults = {
  cmd = { 'crosscheck', 'lsp' },
  root_markers = { 'crosscheck.toml', '.git' },
  --- The same keys as crosscheck.toml, for example { review = { agents = { 'codex' } } }.
  settings = {},
}

local function client(bufnr)
  return vim.lsp.get_clients({ name = 'crosscheck', bufnr = bufnr })[1]
end

--- An empty Lua table would become a JSON list; the server wants an object.
local function object(fields)
  return next(fields or {}) and fields or vim.empty_dict()
end

--- Runs a command of the server; its answer goes to `done`.
function M.execute(command, argument, done)
  -- What shows a proposal is no buffer of the server's.
  local it = client(0) or vim.lsp.get_clients({ name = 'crosscheck' })[1]
  if not it then
    return vim.notify('crosscheck is not running', vim.log.levels.WARN)
  end
  it:request('workspace/executeCommand', { command = command, arguments = { object(argument) } }, function(err, result)
    if err then
      vim.notify('crosscheck: ' .. err.message, vim.log.levels.ERROR)
    elseif done then
      done(result)
    end
  end)
end

local function uri()
  return vim.uri_from_bufnr(0)
end

--- Shows a hidden finding again: by its name, or by the number of the decision that hid it.
local function unhide(which)
  if not which then
    return vim.notify('crosscheck: name a finding, or the number of a decision; :CrosscheckHidden lists both', vim.log.levels.ERROR)
  end
  M.unhide(which)
end

local subcommands = {
  file = function() M.execute('crosscheck.review', { scope = 'file', uri = uri() }) end,
  changes = function() M.execute('crosscheck.review', { scope = 'changes', uri = uri() }) end,
  staged = function() M.execute('crosscheck.review', { scope = 'staged', uri = uri() }) end,
  cancel = function() M.execute('crosscheck.cancel') end,
  trust = function() M.execute('crosscheck.trust') end,
  restart = function() M.execute('crosscheck.restart') end,
  status = function() M.execute('crosscheck.status', nil, function(status) vim.print(status) end) end,
  unhide = unhide,
  fixall = function()
    vim.lsp.buf.code_action({ context = { only = { 'source.fixAll.crosscheck' }, diagnostics = {} }, apply = true })
  end,
}

--- Whole lines, from 1, as a range of LSP.
local function lines(first, last)
  local it = client(0)
  local text = vim.api.nvim_buf_get_lines(0, last - 1, last, false)[1] or ''
  return {
    start = { line = first - 1, character = 0 },
    ['end'] = { line = last - 1, character = vim.str_utfindex(text, it and it.offset_encoding or 'utf-16') },
  }
end

--- Has agents fix what is wrong on some lines (from 1), whoever says so. `opts` may have `agents` and `instructions`.
function M.fix(first, last, opts)
  local it = client(0)
  if not it then
    return vim.notify('crosscheck is not running for this buffer', vim.log.levels.WARN)
  end
  local ids, foreign = problems.on_lines(it, 0, first - 1, last - 1)
  local argument = { uri = uri(), ids = ids, diagnostics = foreign, range = lines(first, last) }
  M.execute('crosscheck.fix', vim.tbl_extend('force', argument, opts or {}))
end

--- Has agents do something. `opts` may have `range` (of LSP), `agents` and `title`.
function M.ask(prompt, opts)
  M.execute('crosscheck.ask', vim.tbl_extend('force', { uri = uri(), prompt = prompt }, opts or {}))
end

--- Gives the open proposals to `done`.
function M.proposals(done)
  M.execute('crosscheck.proposals', nil, function(listed) done(listed.proposals) end)
end

--- Applies a proposal, or some of its changes by number.
function M.apply(id, parts)
  M.execute('crosscheck.apply', { id = id, parts = parts })
end

--- Shows a proposal, or one of its changes by number, as a diff.
function M.preview(id, part)
  M.execute('crosscheck.preview', { id = id, part = part })
end

--- Forgets a proposal.
function M.discard(id)
  M.execute('crosscheck.discard', { id = id })
end

--- Takes back what was applied last.
function M.revert()
  M.execute('crosscheck.revert')
end

--- Lists what is hidden, by whom and why, in a buffer that cannot be changed.
function M.hidden()
  M.execute('crosscheck.hidden')
end

--- Shows a hidden finding again, as `M.hidden` lists it: by its name, or by the number of the decision that hid it. A
--- finding whose name is a short number is meant by its decision.
function M.unhide(which)
  local number = #which < 16 and which:match('^%d+$')
  if number then
    M.execute('crosscheck.undismiss', { verdict = tonumber(number) })
  else
    M.execute('crosscheck.accept', { id = which })
  end
end

local status = ''

--- A few words for the status line, empty while no server has said anything: `crosscheck: reviewing 40 % · $0.32 today`.
function M.status()
  return status
end

local function told_status(_, result)
  status = result.text
  vim.schedule(function() vim.cmd.redrawstatus({ bang = true }) end)
end

local function count(number, noun)
  return ('%d %s%s'):format(number, noun, number == 1 and '' or 's')
end

--- A proposal in one line.
local function describe(proposal)
  local states = { open = 0, applied = 0, conflict = 0 }
  for _, part in ipairs(proposal.parts) do
    states[part.state] = states[part.state] + 1
  end
  local about = { ('%s in %s'):format(count(states.open, 'change'), count(#proposal.files, 'file')) }
  if states.applied > 0 then
    table.insert(about, states.applied .. ' applied')
  end
  if states.conflict > 0 then
    table.insert(about, states.conflict .. ' in conflict')
  end
  return ('%s: %s (%s)'):format(proposal.agent, proposal.title, table.concat(about, ', '))
end

--- Lets the person decide about a proposal.
local function decide(proposal)
  local choices = {
    { 'Preview', function() M.preview(proposal.id) end },
    { 'Apply', function() M.apply(proposal.id) end },
    { 'Discard', function() M.discard(proposal.id) end },
  }
  for _, part in ipairs(#proposal.parts > 1 and proposal.parts or {}) do
    if part.state == 'open' then
      local line = type(part.range) == 'table' and ':' .. part.range.start.line + 1 or ''
      local title = ('Apply only change %d: %s%s'):format(part.number, part.does, line)
      table.insert(choices, { title, function() M.apply(proposal.id, { part.number }) end })
    end
  end
  vim.ui.select(choices, { prompt = describe(proposal), format_item = function(it) return it[1] end }, function(it)
    if it then
      it[2]()
    end
  end)
end

--- Lets the person choose among the open proposals.
function M.choose()
  M.proposals(function(proposals)
    if #proposals == 0 then
      return vim.notify('crosscheck: no proposal is open')
    end
    vim.ui.select(proposals, { prompt = 'Proposals', format_item = describe }, function(it)
      if it then
        decide(it)
      end
    end)
  end)
end

local function ask(opts)
  local range = opts.range > 0 and lines(opts.line1, opts.line2) or nil
  if opts.args ~= '' then
    return M.ask(opts.args, { range = range })
  end
  vim.ui.input({ prompt = 'What is to be done? ' }, function(prompt)
    if prompt and prompt ~= '' then
      M.ask(prompt, { range = range })
    end
  end)
end

local function fix(opts)
  M.fix(opts.line1, opts.line2, { agents = opts.fargs })
end

--- `:'<,'>Crosscheck` reviews the selected lines.
local function command(opts)
  if opts.range > 0 then
    local range = lines(opts.line1, opts.line2)
    return M.execute('crosscheck.review', { scope = 'selection', uri = uri(), range = range })
  end
  local name = opts.fargs[1] or 'file'
  local run = subcommands[name]
  if not run then
    return vim.notify('crosscheck: no subcommand ' .. name, vim.log.levels.ERROR)
  end
  run(opts.fargs[2])
end

--- Whether a buffer shows a temporary file of the server, which needs no server of its own.
local function is_preview(bufnr)
  return vim.api.nvim_buf_get_name(bufnr):match('[/\\]previews[/\\]%d+%-%d+[/\\][%w%-]+%.%a+$') ~= nil
end

--- Neovim starts servers by file type; files without one get the server all the same.
local function attach_without_filetype(config)
  vim.api.nvim_create_autocmd('BufReadPost', {
    group = vim.api.nvim_create_augroup('crosscheck', {}),
    callback = function(event)
      vim.schedule(function()
        local plain = vim.api.nvim_buf_is_valid(event.buf) and vim.bo[event.buf].buftype == '' and vim.bo[event.buf].filetype == ''
        if plain and not client(event.buf) then
          local root = vim.fs.root(event.buf, config.root_markers)
          vim.lsp.start(vim.tbl_extend('force', vim.lsp.config.crosscheck, { root_dir = root }), { bufnr = event.buf })
        end
      end)
    end,
  })
end

function M.setup(opts)
  local config = vim.tbl_deep_extend('force', defaults, opts or {})
  vim.lsp.config('crosscheck', {
    cmd = config.cmd,
    before_init = function(params)
      local experimental = params.capabilities.experimental or {}
      params.capabilities.experimental = vim.tbl_extend('force', experimental, { crosscheckStatus = true })
    end,
    handlers = { ['crosscheck/status'] = told_status },
    on_exit = function() status = '' end,
    root_dir = function(bufnr, on_dir)
      if not is_preview(bufnr) then
        on_dir(vim.fs.root(bufnr, config.root_markers))
      end
    end,
    init_options = object(config.settings),
    settings = { crosscheck = object(config.settings) },
  })
  vim.lsp.enable('crosscheck')
  attach_without_filetype(config)
  vim.api.nvim_create_autocmd('LspAttach', {
    group = vim.api.nvim_create_augroup('crosscheck_problems', {}),
    callback = function(event)
      local it = vim.lsp.get_client_by_id(event.data.client_id)
      if it and it.name == 'crosscheck' then
        problems.pass_on(it)
      end
    end,
  })
  local add = vim.api.nvim_create_user_command
  add('CrosscheckFix', fix, { nargs = '*', range = true, desc = 'Have agents fix what is wrong here' })
  add('CrosscheckAsk', ask, { nargs = '*', range = true, desc = 'Have an agent do something here' })
  add('CrosscheckProposals', M.choose, { desc = 'Preview, apply or discard what agents propose' })
  add('CrosscheckRevert', M.revert, { desc = 'Take back what was applied last' })
  add('CrosscheckHidden', M.hidden, { desc = 'List what is hidden, by whom and why' })
  vim.api.nvim_create_user_command('Crosscheck', command, {
    nargs = '*',
    range = true,
    desc = 'Review with Crosscheck',
    complete = function(lead)
      return vim.tbl_filter(function(it) return vim.startswith(it, lead) end, vim.tbl_keys(subcommands))
    end,
  })
end

return M
