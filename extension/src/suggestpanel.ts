import * as vscode from "vscode";
import type { Act, FromSuggestions, Outcome, ToSuggestions, Trial } from "./suggested";
import { makePage } from "./webpage";

/** "hwlint: Faster Variants": at most one in a window, beside the editor. */
export class SuggestionsPanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private readonly chosen = new vscode.EventEmitter<{ act: Act; trial: number }>();
  /** Somebody wants to see or to have a trial. */
  readonly onDidChoose = this.chosen.event;
  /** What is to be shown, for a page that has yet to open. */
  private state: { trials: Trial[]; last: ToSuggestions } | undefined;

  constructor(private readonly home: vscode.Uri) {}

  /** Open it for a new search. */
  begin(): void {
    this.state = { trials: [], last: { type: "trials", trials: [] } };
    this.panel ??= this.make();
    this.panel.reveal(undefined, true);
    this.post();
  }

  /** Show one more candidate that was measured. */
  add(trial: Trial): void {
    this.state?.trials.push(trial);
    if (this.state !== undefined) {
      this.state.last = { type: "trials", trials: this.state.trials };
    }
    this.post();
  }

  /** Show what a search came to. */
  show(outcome: Outcome): void {
    this.state = { trials: outcome.trials, last: { type: "outcome", outcome } };
    this.post();
  }

  /** Say why there is no more. */
  say(text: string): void {
    const trials = this.state?.trials ?? [];
    this.state = { trials, last: { type: "ended", text, trials } };
    this.post();
  }

  dispose(): void {
    this.panel?.dispose();
    this.chosen.dispose();
  }

  private make(): vscode.WebviewPanel {
    const panel = makePage(this.home, "hwlint.suggestions", "Faster Variants", "suggestions.js");
    panel.webview.onDidReceiveMessage((message: FromSuggestions) => {
      if (message.type === "ready") {
        this.post();
      } else {
        this.chosen.fire({ act: message.act, trial: message.trial });
      }
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
    });
    return panel;
  }

  private post(): void {
    if (this.state !== undefined) {
      void this.panel?.webview.postMessage(this.state.last);
    }
  }
}
