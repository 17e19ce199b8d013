// What the extension gives to VS Code's own interfaces, asked inside the editor. Each check's outcome
// is written to the console, where test_host.py reads it.
"use strict";
const assert = require("node:assert");
const path = require("node:path");
const vscode = require("vscode");

const folder = vscode.workspace.workspaceFolders[0].uri;
const file = (name) => vscode.Uri.joinPath(folder, name);
const WAIT = 60_000;

const CHECKS = {
  async "every command is there"() {
    const { contributes } = vscode.extensions.getExtension("hwlint.hwlint").packageJSON;
    const known = new Set(await vscode.commands.getCommands(true));
    for (const { command } of contributes.commands) {
      assert.ok(known.has(command), command);
    }
  },

  async "a finding has its code, its page and where it comes from"() {
    await show("cnn.py");
    const found = await finding("cnn.py", "HW101");
    assert.strictEqual(found.source, "hwlint");
    assert.strictEqual(found.range.start.line, 10);
    assert.ok(found.code.target instanceof vscode.Uri, "no page");
    assert.ok(found.relatedInformation.length > 0, "nothing related");
  },

  async "a card says what a layer costs"() {
    const text = await waitFor(async () => {
      const cards = await ask("HoverProvider", file("cnn.py"), new vscode.Position(17, 16));
      const said = cards.flatMap((card) => card.contents.map((part) => part.value)).join("\n");
      return said.includes("MACs") ? said : undefined;
    });
    assert.match(text, /h100-sxm/);
  },

  async "hints, lenses and an outline come"() {
    const document = await vscode.workspace.openTextDocument(file("cnn.py"));
    const whole = new vscode.Range(0, 0, document.lineCount, 0);
    const hints = await waitFor(() => filled(ask("InlayHintProvider", document.uri, whole)));
    assert.ok(hints.some((hint) => /\d×\d/.test(label(hint))), "no shapes");
    const lenses = await waitFor(() => filled(ask("CodeLensProvider", document.uri)));
    assert.ok(lenses.some((lens) => lens.command?.title.includes("h100-sxm")), "no estimate");
    const outline = await waitFor(() => filled(ask("DocumentSymbolProvider", document.uri)));
    assert.ok(JSON.stringify(outline).includes("SmallResNet"), "no model");
  },

  async "a fix says what it changes"() {
    await show("cnn.py");
    const found = await finding("cnn.py", "HW101");
    const action = await waitFor(async () => {
      const offered = await ask("CodeActionProvider", file("cnn.py"), found.range, "", 10);
      return offered.find((one) => one.title.startsWith("Pad width 100 -> 112"));
    });
    const [uri, edits] = action.edit.entries()[0];
    assert.strictEqual(uri.path, file("cnn.py").path);
    assert.deepStrictEqual(edits.map((edit) => edit.newText), ["112"]);
  },

  async "a fix of two files is one edit"() {
    await show("net.py");
    const found = await finding("net.py", "HW101");
    const action = await waitFor(async () => {
      const offered = await ask("CodeActionProvider", file("net.py"), found.range, "quickfix", 10);
      return offered.find((one) => one.title.startsWith("Pad 100 -> 112 in 3 layers"));
    });
    const changed = action.edit.entries().map(([uri]) => path.basename(uri.path));
    assert.deepStrictEqual(changed.sort(), ["blocks.py", "net.py"]);
  },

  async "all safe fixes are one action of the file"() {
    await show("quiet.py");
    const found = await finding("quiet.py", "HW003");
    const kind = "source.fixAll.hwlint";
    const offered = await waitFor(() =>
      filled(ask("CodeActionProvider", file("quiet.py"), found.range, kind, 10)),
    );
    await vscode.workspace.applyEdit(offered[0].edit);
    const document = await vscode.workspace.openTextDocument(file("quiet.py"));
    assert.ok(!document.getText().includes("ignore"), document.getText());
    await waitFor(async () => (all("quiet.py").includes("HW003") ? undefined : true));
  },

  async "a document that was never saved is read"() {
    const saved = await vscode.workspace.openTextDocument(file("plain.py"));
    const content = saved.getText();
    const document = await vscode.workspace.openTextDocument({ language: "python", content });
    await vscode.window.showTextDocument(document);
    await waitFor(async () => (codes(document.uri).includes("HW101") ? true : undefined));
  },

  async "devices and rules are completed in the configuration"() {
    const document = await show("other/hwlint.toml");
    const at = document.positionAt(document.getText().indexOf('""') + 1);
    const list = await waitFor(async () => {
      const given = await ask("CompletionItemProvider", document.uri, at);
      return given.items.some((item) => label(item) === "h100-sxm") ? given : undefined;
    });
    assert.ok(list.items.some((item) => label(item) === "stm32h743"));
  },

  async "settings take effect and can be taken back"() {
    await show("cnn.py");
    await finding("cnn.py", "HW101");
    await set("ignore", ["HW101"]);
    await waitFor(async () => (all("cnn.py").includes("HW101") ? undefined : true));
    await set("ignore", undefined);
    await finding("cnn.py", "HW101");
    await set("enable", false);
    await waitFor(async () => (all("cnn.py").length === 0 ? true : undefined));
    await set("enable", undefined);
    await finding("cnn.py", "HW101");
  },

  async "layer shares are toggled by a command"() {
    const shares = () => vscode.workspace.getConfiguration("hwlint").get("layerShares");
    const before = shares();
    await vscode.commands.executeCommand("hwlint.toggleLayerShares");
    await waitFor(async () => (shares() === !before ? true : undefined));
    await vscode.commands.executeCommand("hwlint.toggleLayerShares");
    await waitFor(async () => (shares() === before ? true : undefined));
  },

  async "debug information says what runs"() {
    await vscode.commands.executeCommand("hwlint.showDebugInformation");
    const said = JSON.parse(vscode.window.activeTextEditor.document.getText());
    assert.strictEqual(said.trusted, true);
    assert.match(said.server.version, /^\d+\.\d+/);
    assert.ok(Object.values(said.server.workspaces).some((read) => read.read > 0), "nothing read");
  },

  async "findings come again after a restart"() {
    await vscode.commands.executeCommand("hwlint.restartServer");
    await show("cnn.py");
    await finding("cnn.py", "HW101");
  },
};

exports.run = async () => {
  const failed = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      await check();
      console.log(`HWLINT CHECK ${name}: ok`);
    } catch (error) {
      failed.push(name);
      console.log(`HWLINT CHECK ${name}: ${String(error?.message ?? error).replaceAll("\n", " ").slice(0, 1500)}`);
    }
  }
  assert.deepStrictEqual(failed, []);
};

async function show(name) {
  const document = await vscode.workspace.openTextDocument(file(name));
  await vscode.window.showTextDocument(document);
  return document;
}

function ask(provider, ...given) {
  return vscode.commands.executeCommand(`vscode.execute${provider}`, ...given);
}

async function filled(list) {
  const found = await list;
  return found !== undefined && found.length > 0 ? found : undefined;
}

function label(item) {
  const said = item.label;
  if (typeof said === "string") {
    return said;
  }
  return Array.isArray(said) ? said.map((part) => part.value).join("") : said.label;
}

function codes(uri) {
  const own = vscode.languages.getDiagnostics(uri).filter((found) => found.source === "hwlint");
  return own.map((found) => found.code.value ?? found.code);
}

function all(name) {
  return codes(file(name));
}

function finding(name, code) {
  return waitFor(async () =>
    vscode.languages.getDiagnostics(file(name)).find((found) => found.code?.value === code),
  );
}

function set(name, value) {
  const scope = vscode.ConfigurationTarget.Workspace;
  return vscode.workspace.getConfiguration("hwlint").update(name, value, scope);
}

async function waitFor(look) {
  const until = Date.now() + WAIT;
  for (;;) {
    const found = await look();
    if (found !== undefined) {
      return found;
    }
    assert.ok(Date.now() < until, `never: ${look}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
