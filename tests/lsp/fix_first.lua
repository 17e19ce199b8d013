-- Opens a file, waits for a finding of one rule, applies the first fix that the server prefers,
-- writes the file, and says what it saw. For Neovim 0.7 and newer.
local file, python, root, code = vim.env.HWLINT_FILE, vim.env.HWLINT_PYTHON, vim.env.HWLINT_ROOT, vim.env.HWLINT_CODE
local patience = 60000

local function stop(message)
  io.stderr:write(message .. "\n")
  vim.cmd("cquit 1")
end

vim.cmd("edit " .. vim.fn.fnameescape(file))
local buffer = vim.api.nvim_get_current_buf()
local client = vim.lsp.start_client({
  name = "hwlint",
  cmd = { python, "-m", "hwlint", "server" },
  root_dir = root,
})
if not client or not vim.lsp.buf_attach_client(buffer, client) then
  stop("no client")
end

local function seen()
  for _, found in ipairs(vim.diagnostic.get(buffer)) do
    if found.code == code or vim.tbl_get(found, "user_data", "lsp", "code") == code then
      return found
    end
  end
end

if not vim.wait(patience, seen, 50) then
  stop("no " .. code .. ": " .. vim.inspect(vim.diagnostic.get(buffer)))
end
local found = seen()
print("found " .. found.lnum + 1 .. ":" .. found.col + 1 .. " " .. found.message)

local range = {
  start = { line = found.lnum, character = found.col },
  ["end"] = { line = found.end_lnum, character = found.end_col },
}
local asked = {
  textDocument = vim.lsp.util.make_text_document_params(buffer),
  range = range,
  context = { diagnostics = { { range = range, message = found.message, code = code, source = "hwlint" } } },
}
local answers = vim.lsp.buf_request_sync(buffer, "textDocument/codeAction", asked, patience)
local action
for _, answer in pairs(answers or {}) do
  for _, offered in ipairs(answer.result or {}) do
    if offered.isPreferred and not action then
      action = offered
    end
  end
end
if not action then
  stop("no fix: " .. vim.inspect(answers))
end
print("applied " .. action.title)
vim.lsp.util.apply_workspace_edit(action.edit, vim.lsp.get_client_by_id(client).offset_encoding)
vim.cmd("write")
if not vim.wait(patience, function() return not seen() end, 50) then
  stop(code .. " stays: " .. vim.inspect(vim.diagnostic.get(buffer)))
end
print("gone")
vim.lsp.stop_client(client)
vim.cmd("qall!")
