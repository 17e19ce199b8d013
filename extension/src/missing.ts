import * as vscode from "vscode";
import type { Missing } from "./find";
import { log } from "./logger";

const INSTALL = "Install";
const CHOOSE = "Choose Interpreter";
const BUNDLED = "Use Bundled";
const SETTINGS = "Open Settings";
const LOGS = "Show Logs";

/** Say where hwlint was looked for, and offer what mends it. */
export async function tellMissing(missing: Missing): Promise<void> {
  log().error(`hwlint was not found; tried ${missing.tried.join(", ")}`);
  const last = missing.bundleRuns ? BUNDLED : SETTINGS;
  const said = [`hwlint was not found in ${missing.wanted}.`, missing.why].filter(Boolean).join(" ");
  const choice = await vscode.window.showErrorMessage(said, INSTALL, CHOOSE, last);
  await follow(choice, missing.wanted);
}

/** Say that a server that was found does not start. */
export async function tellBroken(error: unknown): Promise<void> {
  const choice = await vscode.window.showErrorMessage(
    `hwlint could not start: ${String(error)}`,
    LOGS,
    SETTINGS,
  );
  await follow(choice, "");
}

async function follow(choice: string | undefined, interpreter: string): Promise<void> {
  if (choice === INSTALL) {
    await install(interpreter);
  } else if (choice === CHOOSE) {
    await chooseInterpreter();
  } else if (choice === BUNDLED) {
    await useBundled();
  } else if (choice === SETTINGS) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "hwlint.");
  } else if (choice === LOGS) {
    log().show();
  }
}

/** As a task, in a terminal: people see what happens and can stop it. */
async function install(interpreter: string): Promise<void> {
  const arguments_ = ["-m", "pip", "install", "--upgrade", "hwlint"];
  const task = new vscode.Task(
    { type: "hwlint" },
    vscode.TaskScope.Workspace,
    "install",
    "hwlint",
    new vscode.ProcessExecution(interpreter, arguments_),
  );
  const execution = await vscode.tasks.executeTask(task);
  const ended = vscode.tasks.onDidEndTaskProcess(async (event) => {
    if (event.execution === execution) {
      ended.dispose();
      if (event.exitCode === 0) {
        await vscode.commands.executeCommand("hwlint.restartServer");
      }
    }
  });
}

/** By the Python extension where there is one, else as a file. */
async function chooseInterpreter(): Promise<void> {
  const commands = await vscode.commands.getCommands(true);
  if (commands.includes("python.setInterpreter")) {
    await vscode.commands.executeCommand("python.setInterpreter");
    return;
  }
  const [file] =
    (await vscode.window.showOpenDialog({ title: "A Python interpreter that has hwlint" })) ?? [];
  if (file !== undefined) {
    await update("interpreter", file.fsPath);
  }
}

async function useBundled(): Promise<void> {
  await update("importStrategy", "useBundled");
}

async function update(name: string, value: string): Promise<void> {
  const target = vscode.workspace.workspaceFolders
    ? vscode.ConfigurationTarget.Workspace
    : vscode.ConfigurationTarget.Global;
  await vscode.workspace.getConfiguration("hwlint").update(name, value, target);
}
