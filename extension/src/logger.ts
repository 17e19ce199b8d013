import * as vscode from "vscode";

/** One log for the extension and the server, made when it is first needed. */
let channel: vscode.LogOutputChannel | undefined;

export function log(): vscode.LogOutputChannel {
  channel ??= vscode.window.createOutputChannel("hwlint", { log: true });
  return channel;
}

/** Say what went wrong, with a way to the log. */
export async function tellProblem(text: string): Promise<void> {
  const logs = "Show Logs";
  if ((await vscode.window.showErrorMessage(`hwlint: ${text}`, logs)) === logs) {
    log().show();
  }
}
