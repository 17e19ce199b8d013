import * as vscode from "vscode";

/** What goes to the server: the section "hwlint" without what is for the extension alone. */
export interface ServerSettings {
  devices: string[] | null;
  select: string[] | null;
  ignore: string[] | null;
  inlayHints: string;
  codeLens: boolean;
}

export function serverSettings(): ServerSettings {
  const section = vscode.workspace.getConfiguration("hwlint");
  return {
    devices: section.get<string[] | null>("devices", null),
    select: section.get<string[] | null>("select", null),
    ignore: section.get<string[] | null>("ignore", null),
    inlayHints: section.get<string>("inlayHints", "shapes"),
    codeLens: section.get<boolean>("codeLens", true),
  };
}

export function isEnabled(): boolean {
  return vscode.workspace.getConfiguration("hwlint").get<boolean>("enable", true);
}

/** Settings that take a new server to come into force. */
export const RESTARTING = [
  "hwlint.enable",
  "hwlint.path",
  "hwlint.interpreter",
  "hwlint.importStrategy",
];
