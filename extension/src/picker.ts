import { execFile } from "node:child_process";
import * as vscode from "vscode";
import type { Command } from "./find";
import { log } from "./logger";
import { devicesIn, rows, type Device } from "./targets";

/** Let the user choose devices; they go into the settings of the workspace. */
export async function selectTargets(command: Command): Promise<void> {
  const section = vscode.workspace.getConfiguration("hwlint");
  const chosen = section.get<string[] | null>("devices", null) ?? [];
  const devices = await listed(command);
  if (devices.length === 0) {
    void vscode.window.showErrorMessage("hwlint: the devices cannot be listed; the log says why.");
    return;
  }
  const items = rows(devices, chosen).map((row) => ({
    label: row.label,
    description: row.description,
    picked: row.picked,
    kind: row.heading ? vscode.QuickPickItemKind.Separator : vscode.QuickPickItemKind.Default,
  }));
  const taken = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    title: "hwlint: target devices",
    placeHolder: "None ticked: what the project's configuration says",
    matchOnDescription: true,
  });
  if (taken === undefined) {
    return;
  }
  const names = taken.map((item) => item.label);
  const target = vscode.workspace.workspaceFolders
    ? vscode.ConfigurationTarget.Workspace
    : vscode.ConfigurationTarget.Global;
  await section.update("devices", names.length > 0 ? names : undefined, target);
}

function listed(command: Command): Promise<Device[]> {
  const args = [...command.args.slice(0, -1), "device", "list", "--output-format", "json"];
  return new Promise((resolve) => {
    const options = { timeout: 30_000, env: { ...process.env, ...command.env } };
    execFile(command.command, args, options, (error, stdout) => {
      if (error) {
        log().error(`the devices cannot be listed: ${error.message}`);
      }
      resolve(error ? [] : devicesIn(stdout));
    });
  });
}
