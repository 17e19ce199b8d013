import * as vscode from "vscode";

/** One log for the extension and the server, made when it is first needed. */
let channel: vscode.LogOutputChannel | undefined;

export function log(): vscode.LogOutputChannel {
  channel ??= vscode.window.createOutputChannel("hwlint", { log: true });
  return channel;
}
