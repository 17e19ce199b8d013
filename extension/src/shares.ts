import * as vscode from "vscode";
import { share as text } from "./numbers";
import type { Reports } from "./reports";
import { heat, sharesOf, type LineShare } from "./rows";

/** Shares below this are left out: they would only be noise. */
const LEAST = 0.01;
const STEPS = 5;

/** At the end of each line, faint: what its layers take of the model's time, warmer the more. */
export class Shares implements vscode.Disposable {
  private readonly kinds: vscode.TextEditorDecorationType[] = [];
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly reports: Reports) {
    for (let step = 0; step < STEPS; step++) {
      const color = new vscode.ThemeColor(`hwlint.share${step}`);
      this.kinds.push(
        vscode.window.createTextEditorDecorationType({
          after: { color, margin: "0 0 0 2ch" },
          rangeBehavior: vscode.DecorationRangeBehavior.ClosedOpen,
        }),
      );
    }
    this.subscriptions = [
      reports.onDidChange(() => {
        this.draw();
      }),
      vscode.window.onDidChangeVisibleTextEditors(() => {
        this.draw();
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration("hwlint.layerShares")) {
          this.draw();
        }
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions, ...this.kinds).dispose();
  }

  private draw(): void {
    const on = vscode.workspace.getConfiguration("hwlint").get<boolean>("layerShares", true);
    for (const editor of vscode.window.visibleTextEditors) {
      const report = on ? this.reports.report : undefined;
      const uri = editor.document.uri.toString();
      const shares = report === undefined ? [] : sharesOf(report, uri);
      const shown = shares.filter(
        (line) => line.share >= LEAST && line.line < editor.document.lineCount,
      );
      this.kinds.forEach((kind, step) => {
        const these = shown.filter((line) => heat(line.share) === step);
        editor.setDecorations(
          kind,
          these.map((line) => mark(editor.document, line, report?.model ?? "")),
        );
      });
    }
  }
}

function mark(
  document: vscode.TextDocument,
  line: LineShare,
  model: string,
): vscode.DecorationOptions {
  const layers = line.layers === 1 ? "One layer takes" : `${line.layers} layers take`;
  const said = `${layers} ${text(line.share)} of ${model} on ${line.device}, by the estimate.`;
  const end = document.lineAt(line.line).range.end;
  return {
    range: new vscode.Range(end, end),
    hoverMessage: said,
    renderOptions: { after: { contentText: `≈ ${text(line.share)}` } },
  };
}

/** Turn the shares on or off, for this user. */
export async function toggleShares(): Promise<void> {
  const section = vscode.workspace.getConfiguration("hwlint");
  const now = section.get<boolean>("layerShares", true);
  await section.update("layerShares", !now, vscode.ConfigurationTarget.Global);
}
