import * as vscode from "vscode";
import { ask, offers } from "./client";
import type { Server } from "./server";

/** Measuring runs the code of the project, so it is for trusted workspaces only. */
export async function measure(server: Server): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    const trust = "Manage Workspace Trust";
    const choice = await vscode.window.showWarningMessage(
      "hwlint does not measure in an untrusted workspace: measuring runs its code. Findings and estimates come from reading alone.",
      trust,
    );
    if (choice === trust) {
      await vscode.commands.executeCommand("workbench.trust.manage");
    }
    return;
  }
  const editor = vscode.window.activeTextEditor;
  if (!offers(server.client, "hwlint.measure")) {
    void vscode.window.showInformationMessage("This version of hwlint estimates; it cannot measure.");
  } else if (editor !== undefined) {
    const place = { uri: editor.document.uri.toString(), position: editor.selection.active };
    await ask(server.client, "hwlint.measure", place);
  }
}
