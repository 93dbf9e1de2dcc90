--- Crosscheck in Neovim 0.11 or newer: starts the server for every file and adds `:Crosscheck`.
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
  local it = client(0)
  if not it then
    return vim.notify('crosscheck is not running for this buffer', vim.log.levels.WARN)
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

local subcommands = {
  file = function() M.execute('crosscheck.review', { scope = 'file', uri = uri() }) end,
  changes = function() M.execute('crosscheck.review', { scope = 'changes', uri = uri() }) end,
  staged = function() M.execute('crosscheck.review', { scope = 'staged', uri = uri() }) end,
  cancel = function() M.execute('crosscheck.cancel') end,
  trust = function() M.execute('crosscheck.trust') end,
  restart = function() M.execute('crosscheck.restart') end,
  status = function() M.execute('crosscheck.status', nil, function(status) vim.print(status) end) end,
  fixall = function()
    vim.lsp.buf.code_action({ context = { only = { 'source.fixAll.crosscheck' }, diagnostics = {} }, apply = true })
  end,
}

--- `:'<,'>Crosscheck` reviews the selected lines.
local function selection(first, last)
  local it = client(0)
  local text = vim.api.nvim_buf_get_lines(0, last - 1, last, false)[1] or ''
  local range = {
    start = { line = first - 1, character = 0 },
    ['end'] = { line = last - 1, character = vim.str_utfindex(text, it and it.offset_encoding or 'utf-16') },
  }
  M.execute('crosscheck.review', { scope = 'selection', uri = uri(), range = range })
end

local function command(opts)
  if opts.range > 0 then
    return selection(opts.line1, opts.line2)
  end
  local name = opts.fargs[1] or 'file'
  local run = subcommands[name]
  if not run then
    return vim.notify('crosscheck: no subcommand ' .. name, vim.log.levels.ERROR)
  end
  run()
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
    root_markers = config.root_markers,
    init_options = object(config.settings),
    settings = { crosscheck = object(config.settings) },
  })
  vim.lsp.enable('crosscheck')
  attach_without_filetype(config)
  vim.api.nvim_create_user_command('Crosscheck', command, {
    nargs = '?',
    range = true,
    desc = 'Review with Crosscheck',
    complete = function(lead)
      return vim.tbl_filter(function(it) return vim.startswith(it, lead) end, vim.tbl_keys(subcommands))
    end,
  })
end

return M
