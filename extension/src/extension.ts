import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { ask, information, makeClient } from "./client";
import { find, type Command } from "./find";
import { log } from "./logger";
import { selectTargets } from "./picker";
import { isEnabled, RESTARTING } from "./settings";
import { Status } from "./status";
import { surroundings } from "./surroundings";

let client: LanguageClient | undefined;
let command: Command | undefined;
let status: Status | undefined;
/** One start at a time: what asks meanwhile is served by one more start behind it. */
let starting: Promise<void> = Promise.resolve();

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  status = new Status();
  context.subscriptions.push(
    status,
    log(),
    vscode.commands.registerCommand("hwlint.restart", restart),
    vscode.commands.registerCommand("hwlint.showLogs", () => {
      log().show();
    }),
    vscode.commands.registerCommand("hwlint.selectTargets", chooseTargets),
    vscode.commands.registerCommand("hwlint.debugInformation", showInformation),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (RESTARTING.some((name) => change.affectsConfiguration(name))) {
        await restart();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.languages.onDidChangeDiagnostics(refresh),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

function restart(): Promise<void> {
  starting = starting.then(stop).then(start);
  return starting;
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  await running?.stop().catch((error: unknown) => {
    log().warn(`the server did not stop in time: ${String(error)}`);
  });
}

async function start(): Promise<void> {
  if (!isEnabled()) {
    status?.say("off", vscode.LanguageStatusSeverity.Warning);
    return;
  }
  const found = await find(surroundings());
  if (Array.isArray(found)) {
    status?.say("not found", vscode.LanguageStatusSeverity.Error);
    void missing(found);
    return;
  }
  command = found;
  log().info(`starting ${found.command} ${found.args.join(" ")} (${found.origin})`);
  client = makeClient(found);
  try {
    await client.start();
    status?.say("ready");
  } catch (error) {
    status?.say("could not start", vscode.LanguageStatusSeverity.Error);
    const choice = await ask(`hwlint could not start: ${String(error)}`, "Show Logs", "Open Settings");
    await follow(choice);
  }
}

async function missing(tried: string[]): Promise<void> {
  log().error(`hwlint was not found; tried ${tried.join(", ")}`);
  const where = tried.at(-1) ?? "python3";
  const choice = await ask(
    `hwlint was not found in ${tried[0] ?? where}. Install it there (pip install hwlint), or say where it is.`,
    "Choose Interpreter",
    "Open Settings",
    "Show Logs",
  );
  await follow(choice);
}

async function follow(choice: string | undefined): Promise<void> {
  if (choice === "Choose Interpreter") {
    await vscode.commands.executeCommand("python.setInterpreter");
  } else if (choice === "Open Settings") {
    await vscode.commands.executeCommand("workbench.action.openSettings", "hwlint.");
  } else if (choice === "Show Logs") {
    log().show();
  }
}

async function chooseTargets(): Promise<void> {
  if (command === undefined) {
    await restart();
  }
  if (command !== undefined) {
    await selectTargets(command);
  }
}

async function refresh(): Promise<void> {
  const known = client === undefined ? undefined : await information(client);
  if (known !== undefined) {
    status?.show(known);
  }
}

async function showInformation(): Promise<void> {
  const known = client === undefined ? undefined : await information(client);
  const content = JSON.stringify({ command, server: known ?? "not running" }, null, 2);
  const document = await vscode.workspace.openTextDocument({ content, language: "json" });
  await vscode.window.showTextDocument(document);
}
