import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { ask, offers } from "./client";
import { tellProblem } from "./logger";
import { asked, atCursor, saved, trusted, type Measuring, type Subject } from "./measure";
import { failureText, type Failure } from "./measured";
import type { Outcome, Trial } from "./suggested";
import type { SuggestionsPanel } from "./suggestpanel";

/** What the server answers; null where somebody has stopped it. */
type Answer = (Outcome & { target: string; failure: null }) | { failure: Failure } | null;

/** What a trial changes, by file. */
interface Looked {
  files: { path: string; before: string; after: string }[];
  failure?: Failure;
}

const SCHEME = "hwlint-suggestion";

/** Searches on request: shows how it goes on, its plot, what a candidate changes; applies one. */
export class Suggesting implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly subscriptions: vscode.Disposable[];
  /** The search that the panel shows. */
  private shown: { uri: string; outcome: Outcome & { target: string } } | undefined;

  constructor(
    private readonly client: () => LanguageClient | undefined,
    private readonly measuring: Measuring,
    private readonly panel: SuggestionsPanel,
  ) {
    this.subscriptions = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      panel.onDidChoose(({ act, trial }) => (act === "diff" ? this.diff(trial) : this.apply(trial))),
    ];
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  /** Search for a faster variant of the model at a place, that of the cursor where none is given. */
  async suggest(given?: Subject): Promise<void> {
    const subject = given ?? atCursor();
    const client = this.client();
    if (!(await trusted("search")) || subject === undefined) {
      return;
    }
    if (client === undefined || !offers(client, "hwlint.suggest")) {
      void vscode.window.showInformationMessage("This version of hwlint cannot search.");
      return;
    }
    const target = await this.measuring.pick(client, subject.uri, "Search on");
    if (target !== undefined && (await saved())) {
      await this.run(client, subject, target);
    }
  }

  private async run(client: LanguageClient, subject: Subject, target: string): Promise<void> {
    const settings = vscode.workspace.getConfiguration("hwlint.suggest");
    const what = {
      ...subject,
      target,
      minutes: settings.get<number>("minutes"),
      trials: settings.get<number>("trials"),
      silent: true,
    };
    const token = randomUUID();
    const heard = client.onNotification(
      "hwlint/suggestedTrial",
      (told: { token: unknown; trial: Trial }) => {
        if (told.token === token) {
          this.panel.add(told.trial);
        }
      },
    );
    const title = `hwlint: searching for a faster variant on ${target}`;
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    this.shown = undefined;
    this.panel.begin();
    try {
      const answer = await vscode.window.withProgress(options, (progress, stop) =>
        asked<Answer>(client, "hwlint.suggest", what, progress, stop, token),
      );
      this.end(subject.uri, answer);
    } finally {
      heard.dispose();
    }
  }

  private end(uri: string, answer: Answer | undefined): void {
    if (answer === undefined || answer === null) {
      this.panel.say("Stopped. What was measured is kept: another search goes on from there.");
    } else if (answer.failure !== null) {
      this.panel.say(failureText(answer.failure));
      void tellProblem(failureText(answer.failure));
    } else {
      this.shown = { uri, outcome: answer };
      this.panel.show(answer);
    }
  }

  /** Show beside each other what stands there and what a trial would put there. */
  private async diff(trial: number): Promise<void> {
    const looked = await this.ask<Looked>("hwlint.suggestion", trial);
    for (const { path, before, after } of looked?.files ?? []) {
      const sides = [before, after].map((text, side) => {
        const uri = vscode.Uri.from({ scheme: SCHEME, path, query: `${trial}-${side}` });
        this.texts.set(uri.toString(), text);
        return uri;
      });
      const title = `${vscode.workspace.asRelativePath(path)}: trial ${trial}`;
      await vscode.commands.executeCommand("vscode.diff", sides[0], sides[1], title, {
        viewColumn: vscode.ViewColumn.One,
      });
    }
  }

  /** Let the server make the changes of a trial, as one that can be undone. */
  private async apply(trial: number): Promise<void> {
    const answer = await this.ask<{ applied?: boolean }>("hwlint.applySuggestion", trial);
    if (answer?.applied) {
      void vscode.window.showInformationMessage(
        `hwlint: trial ${trial} is in the text. Undo takes it back; accuracy was not evaluated.`,
      );
    }
  }

  private async ask<T extends object>(command: string, trial: number): Promise<T | undefined> {
    const { shown } = this;
    const client = this.client();
    if (shown === undefined || client === undefined) {
      return undefined;
    }
    const { place, target } = shown.outcome;
    const what = { uri: shown.uri, place, target, trial, silent: true };
    const location = vscode.ProgressLocation.Window;
    const answer = await vscode.window.withProgress(
      { location, title: `hwlint: reading trial ${trial}` },
      () => ask<T & { failure?: Failure | null }>(client, command, what),
    );
    if (answer?.failure) {
      void tellProblem(failureText(answer.failure));
      return undefined;
    }
    return answer;
  }
}
