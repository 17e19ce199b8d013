import * as vscode from "vscode";

/** Put a "Report" beside each lens of the server: the panel is a matter of this editor. */
export function withReports(lenses: vscode.CodeLens[], uri: vscode.Uri): vscode.CodeLens[] {
  return lenses.flatMap((lens) => [
    lens,
    new vscode.CodeLens(lens.range, {
      title: "Report",
      tooltip: "Layer by layer, with plots",
      command: "hwlint.showReport",
      arguments: [uri.toString(), lens.range.start.line],
    }),
  ]);
}
