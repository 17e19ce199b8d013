import * as vscode from "vscode";
import type { FromPanel, Place, ToPanel } from "./protocol";
import type { Reports } from "./reports";
import { makePage } from "./webpage";

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
    const panel = makePage(this.home, "hwlint.report", "Hardware Report", "panel.js");
    panel.webview.onDidReceiveMessage((message: FromPanel) => this.hear(message));
    panel.onDidDispose(() => {
      this.panel = undefined;
    });
    return panel;
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
}
