--- What is wrong in a buffer, whoever says so. Neovim gives a server only its own diagnostics; Crosscheck's agents fix those of
--- all servers and linters.
local M = {}

--- Where a diagnostic is, in the server's way of counting.
local function position(bufnr, lnum, col, encoding)
  local text = vim.api.nvim_buf_get_lines(bufnr, lnum, lnum + 1, false)[1] or ''
  return { line = lnum, character = vim.str_utfindex(text, encoding, math.min(col, #text), false) }
end

--- A diagnostic as LSP has it. Another server may count characters in another way, so its own range is not used.
local function to_lsp(bufnr, it, encoding)
  local known = vim.tbl_get(it, 'user_data', 'lsp') or {
    message = it.message,
    severity = it.severity,
    source = it.source,
    code = it.code,
  }
  return vim.tbl_extend('force', known, {
    range = {
      start = position(bufnr, it.lnum, it.col, encoding),
      ['end'] = position(bufnr, it.end_lnum or it.lnum, it.end_col or it.col, encoding),
    },
  })
end

local function is_ours(it)
  return vim.startswith(it.source or '', 'crosscheck')
end

--- The findings of ours on some lines (from 0, both meant), by name, and what others say there.
function M.on_lines(client, bufnr, first, last)
  local ids, foreign = {}, {}
  for _, it in ipairs(vim.diagnostic.get(bufnr)) do
    if it.lnum <= last and (it.end_lnum or it.lnum) >= first then
      local data = vim.tbl_get(it, 'user_data', 'lsp', 'data')
      if not is_ours(it) then
        table.insert(foreign, to_lsp(bufnr, it, client.offset_encoding))
      elseif type(data) == 'string' then
        table.insert(ids, data)
      end
    end
  end
  return ids, foreign
end

--- From now on the server sees what others say whenever it is asked for code actions. Nobody else does.
function M.pass_on(client)
  if rawget(client, '_crosscheck_passes_on') then
    return
  end
  client._crosscheck_passes_on = true
  local request = client.request
  client.request = function(self, method, params, handler, bufnr)
    local range = method == 'textDocument/codeAction' and params and params.range
    if range then
      local at = vim.uri_to_bufnr(params.textDocument.uri)
      local _, foreign = M.on_lines(client, at, range.start.line, range['end'].line)
      local ours = vim.tbl_filter(is_ours, params.context.diagnostics or {})
      -- The same parameters may go to other servers.
      local context = vim.tbl_extend('force', params.context, { diagnostics = vim.list_extend(ours, foreign) })
      params = vim.tbl_extend('force', params, { context = context })
    end
    return request(self, method, params, handler, bufnr)
  end
end

return M
