import * as vscode from "vscode";

/** Put a "Report" behind the lenses of the server over each place: the panel is a matter of this editor. */
export function withReports(lenses: vscode.CodeLens[], uri: vscode.Uri): vscode.CodeLens[] {
  return lenses.flatMap((lens, index) => {
    const next = lenses[index + 1];
    return next?.range.isEqual(lens.range) ? [lens] : [lens, report(lens.range, uri)];
  });
}

function report(range: vscode.Range, uri: vscode.Uri): vscode.CodeLens {
  return new vscode.CodeLens(range, {
    title: "Report",
    tooltip: "Layer by layer, with plots",
    command: "hwlint.showReport",
    arguments: [uri.toString(), range.start.line],
  });
}
