import * as vscode from "vscode";
import { ask, offers } from "./client";
import type { Place, Report } from "./protocol";
import { rowsAt } from "./rows";
import type { Server } from "./server";

/** Milliseconds that the cursor rests before the server is asked about its place. */
const REST = 250;

/** The report of the model under the cursor: what the panel, the shares and the status bar show. */
export class Reports implements vscode.Disposable {
  report: Report | undefined;
  /** Where the cursor was last in a document with Python. */
  place: Place | undefined;
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly moved = new vscode.EventEmitter<Place>();
  readonly onDidMove = this.moved.event;
  private readonly subscriptions: vscode.Disposable[];
  private timer: NodeJS.Timeout | undefined;
  /** Answers to older questions are dropped. */
  private asked = 0;

  constructor(private readonly server: Server) {
    this.subscriptions = [
      vscode.window.onDidChangeActiveTextEditor((editor) => {
        this.look(editor, true);
      }),
      vscode.window.onDidChangeTextEditorSelection((event) => {
        this.look(event.textEditor, false);
      }),
      server.onDidRead((uri) => {
        if (uri === this.place?.uri) {
          this.soon();
        }
      }),
    ];
    this.look(vscode.window.activeTextEditor, true);
  }

  /** Take another place for that of the cursor, until the cursor moves. */
  async turnTo(place: Place): Promise<void> {
    this.place = place;
    await this.fetch();
    this.moved.fire(place);
  }

  /** Ask again: more is known of the same text. */
  again(): void {
    this.soon();
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.subscriptions, this.changed, this.moved).dispose();
  }

  private look(editor: vscode.TextEditor | undefined, always: boolean): void {
    if (editor?.document.languageId !== "python") {
      return; // the panel itself, or a log: what was shown stays
    }
    const before = this.place;
    const uri = editor.document.uri.toString();
    this.place = { uri, line: editor.selection.active.line };
    if (before?.uri === this.place.uri && before.line === this.place.line && !always) {
      return;
    }
    this.moved.fire(this.place);
    if (always || !this.covers(this.place)) {
      this.soon();
    }
  }

  /** Whether a line belongs to the model that is shown. */
  private covers(place: Place): boolean {
    return this.report !== undefined && rowsAt(this.report, place.uri, place.line).length > 0;
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.fetch(), REST);
  }

  private async fetch(): Promise<void> {
    if (this.place === undefined || !offers(this.server.client, "hwlint.report")) {
      return;
    }
    const number = ++this.asked;
    const { uri, line } = this.place;
    const at = { uri, position: { line, character: 0 } };
    const answer = await ask<Report | null>(this.server.client, "hwlint.report", at);
    if (number === this.asked && answer !== undefined) {
      this.report = answer ?? undefined;
      this.changed.fire();
    }
  }
}
