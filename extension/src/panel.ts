import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { FromPanel, Place, ToPanel } from "./protocol";
import type { Reports } from "./reports";

const NOTHING = "There is no model under the cursor. Open a Python file that builds one.";

/** "hwlint: Hardware Report": at most one in a window, beside the editor. */
export class ReportPanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly home: vscode.Uri,
    private readonly reports: Reports,
  ) {
    this.subscriptions = [
      reports.onDidChange(() => {
        this.send();
      }),
      reports.onDidMove((place) => {
        this.post({ type: "cursor", place });
      }),
    ];
  }

  async show(place: Place | undefined): Promise<void> {
    this.panel ??= this.make();
    this.panel.reveal(undefined, true);
    if (place !== undefined) {
      await this.reports.turnTo(place);
    }
  }

  dispose(): void {
    this.panel?.dispose();
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private make(): vscode.WebviewPanel {
    const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    const panel = vscode.window.createWebviewPanel("hwlint.report", "Hardware Report", column, {
      enableScripts: true,
      localResourceRoots: [this.at("out"), this.at("media")],
    });
    panel.iconPath = this.at("media", "icon.png");
    panel.webview.onDidReceiveMessage((message: FromPanel) => this.hear(message));
    panel.onDidDispose(() => {
      this.panel = undefined;
    });
    panel.webview.html = this.page(panel.webview);
    return panel;
  }

  private at(...parts: string[]): vscode.Uri {
    return vscode.Uri.joinPath(this.home, ...parts);
  }

  private async hear(message: FromPanel): Promise<void> {
    if (message.type === "ready") {
      this.send();
      return;
    }
    const uri = vscode.Uri.parse(message.place.uri);
    const at = new vscode.Position(message.place.line, 0);
    const open = vscode.window.visibleTextEditors.find(
      (editor) => editor.document.uri.toString() === uri.toString(),
    );
    const editor = await vscode.window.showTextDocument(uri, {
      viewColumn: open?.viewColumn ?? vscode.ViewColumn.One,
    });
    editor.selection = new vscode.Selection(at, at);
    editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  }

  private send(): void {
    const { report, place } = this.reports;
    if (report === undefined) {
      this.post({ type: "nothing", why: NOTHING });
      return;
    }
    this.post({ type: "report", report });
    if (place !== undefined) {
      this.post({ type: "cursor", place });
    }
  }

  private post(message: ToPanel): void {
    void this.panel?.webview.postMessage(message);
  }

  /** Nothing is loaded but the extension's own files, and no text is ever run. */
  private page(webview: vscode.Webview): string {
    const nonce = randomBytes(16).toString("base64");
    const script = webview.asWebviewUri(this.at("out", "panel.js")).toString();
    const style = webview.asWebviewUri(this.at("media", "panel.css")).toString();
    const policy = [
      "default-src 'none'",
      `script-src 'nonce-${nonce}'`,
      `style-src ${webview.cspSource}`,
    ].join("; ");
    return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hardware Report</title>
<link rel="stylesheet" href="${style}">
</head>
<body>
<main id="page"><p class="empty" role="status">Reading …</p></main>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
  }
}
