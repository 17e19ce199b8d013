import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** Make a panel beside the editor whose page loads nothing but the extension's own files, and in
 * which no text is ever run. `script` lies in `out`. */
export function makePage(
  home: vscode.Uri,
  id: string,
  title: string,
  script: string,
): vscode.WebviewPanel {
  const at = (...parts: string[]) => vscode.Uri.joinPath(home, ...parts);
  const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
  const panel = vscode.window.createWebviewPanel(id, title, column, {
    enableScripts: true,
    localResourceRoots: [at("out"), at("media")],
  });
  panel.iconPath = at("media", "icon.png");
  const nonce = randomBytes(16).toString("base64");
  const code = panel.webview.asWebviewUri(at("out", script)).toString();
  const style = panel.webview.asWebviewUri(at("media", "panel.css")).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${panel.webview.cspSource}`,
  ].join("; ");
  panel.webview.html = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="${style}">
</head>
<body>
<main id="page"><p class="empty" role="status">Reading …</p></main>
<script nonce="${nonce}" src="${code}"></script>
</body>
</html>`;
  return panel;
}
