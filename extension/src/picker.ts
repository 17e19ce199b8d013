import { execFile } from "node:child_process";
import * as vscode from "vscode";
import type { Command } from "./find";
import { log } from "./logger";
import { rows, type Device } from "./targets";

/** Let the user choose devices; they go into the settings of the workspace. */
export async function selectTargets(command: Command): Promise<void> {
  const section = vscode.workspace.getConfiguration("hwlint");
  const chosen = section.get<string[] | null>("devices", null) ?? [];
  const devices = await listed(command);
  const items = rows(devices, chosen).map((row) => ({
    label: row.label,
    description: row.description,
    detail: row.detail,
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
    execFile(command.command, args, { timeout: 30_000 }, (error, stdout) => {
      if (error) {
        log().error(`the devices cannot be listed: ${error.message}`);
        resolve([]);
        return;
      }
      resolve(devicesIn(stdout));
    });
  });
}

interface Listed {
  devices: {
    id: string;
    name: string;
    kind: string;
    default_dtype?: string;
    deploy?: { runtime?: string };
  }[];
}

function devicesIn(text: string): Device[] {
  const document = JSON.parse(text) as Listed;
  return document.devices.map((device) => ({
    id: device.id,
    name: device.name,
    kind: device.kind,
    dtype: device.default_dtype ?? "",
    runtime: device.deploy?.runtime ?? "",
  }));
}
