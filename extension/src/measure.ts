import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import {
  WorkDoneProgress,
  WorkDoneProgressCancelNotification,
  type LanguageClient,
} from "vscode-languageclient/node";
import { ask, offers } from "./client";
import { tellProblem } from "./logger";
import { failureText, targetRows, type Answer, type Target } from "./measured";

/** Where in the workspace's memory the target that was chosen last is kept. */
const LAST = "hwlint.measureOn";

/** What is to be measured: as the lenses of the server say it. */
export interface Subject {
  uri: string;
  position: { line: number; character: number };
}

/** Measures on request: picks the target, shows how it goes on, lets people stop it. */
export class Measuring {
  private running = 0;
  private readonly done = new vscode.EventEmitter<void>();
  /** Something was measured. */
  readonly onDidMeasure = this.done.event;

  constructor(
    private readonly memory: vscode.Memento,
    private readonly client: () => LanguageClient | undefined,
  ) {}

  /** Measure the model at a place, that of the cursor where none is given. */
  async measure(given?: Subject): Promise<void> {
    const subject = given ?? atCursor();
    const client = this.client();
    if (!(await trusted()) || subject === undefined) {
      return;
    }
    if (client === undefined || !offers(client, "hwlint.measure")) {
      void vscode.window.showInformationMessage("This version of hwlint estimates; it cannot measure.");
      return;
    }
    const target = await this.pick(client, subject.uri);
    // What is measured lies on the disk.
    if (target !== undefined && (await saved())) {
      await this.run(client, subject, target);
    }
  }

  /** End all that is being measured. */
  async stop(): Promise<void> {
    await ask(this.client(), "hwlint.cancelMeasurement");
  }

  /** Ask what to measure on; undefined where somebody wants none of it. */
  async pick(
    client: LanguageClient,
    uri: string,
    placeHolder = "Measure on",
  ): Promise<string | undefined> {
    const answer = await ask<{ targets: Target[]; error?: string }>(
      client,
      "hwlint.measurementTargets",
      { uri },
    );
    if (answer?.error !== undefined) {
      void vscode.window.showErrorMessage(`hwlint: ${answer.error}`);
      return undefined;
    }
    const rows = targetRows(answer?.targets ?? [], this.memory.get<string>(LAST));
    if (rows.length < 2) {
      return rows[0]?.label;
    }
    const chosen = await vscode.window.showQuickPick(rows, { placeHolder });
    if (chosen !== undefined) {
      await this.memory.update(LAST, chosen.label);
    }
    return chosen?.label;
  }

  private async run(client: LanguageClient, subject: Subject, target: string): Promise<void> {
    this.count(1);
    const title = `hwlint: measuring on ${target}`;
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    try {
      const answer = await vscode.window.withProgress(options, (progress, stop) =>
        asked<Answer>(client, "hwlint.measure", { ...subject, target, silent: true }, progress, stop),
      );
      if (answer?.failure) {
        void tellProblem(failureText(answer.failure));
      } else if (answer) {
        this.done.fire();
      }
    } finally {
      this.count(-1);
    }
  }

  private count(more: number): void {
    this.running += more;
    void vscode.commands.executeCommand("setContext", "hwlint.measuring", this.running > 0);
  }
}

/** Ask the server, and pass on what it says meanwhile and that it is to stop. */
export async function asked<T>(
  client: LanguageClient,
  command: string,
  what: Record<string, unknown>,
  progress: vscode.Progress<{ message?: string }>,
  stop: vscode.CancellationToken,
  token: string = randomUUID(),
): Promise<T | null | undefined> {
  const heard = client.onProgress(WorkDoneProgress.type, token, (value) => {
    if (value.kind === "report" && value.message !== undefined) {
      progress.report({ message: value.message });
    }
  });
  const stopped = stop.onCancellationRequested(() => {
    void client.sendNotification(WorkDoneProgressCancelNotification.type, { token });
  });
  try {
    return await ask<T | null>(client, command, { ...what, workDoneToken: token });
  } finally {
    heard.dispose();
    stopped.dispose();
  }
}

/** Measuring runs the code of the project, so it is for trusted workspaces only. */
export async function trusted(verb = "measure"): Promise<boolean> {
  if (vscode.workspace.isTrusted) {
    return true;
  }
  const trust = "Manage Workspace Trust";
  const choice = await vscode.window.showWarningMessage(
    `hwlint does not ${verb} in an untrusted workspace: measuring runs its code. Findings and estimates come from reading alone.`,
    trust,
  );
  if (choice === trust) {
    await vscode.commands.executeCommand("workbench.trust.manage");
  }
  return false;
}

export function atCursor(): Subject | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    return undefined;
  }
  const { line, character } = editor.selection.active;
  return { uri: editor.document.uri.toString(), position: { line, character } };
}

/** Save the Python files that have changed: a model may be built of several. */
export async function saved(): Promise<boolean> {
  const changed = vscode.workspace.textDocuments.filter(
    (document) => document.isDirty && !document.isUntitled && document.languageId === "python",
  );
  const all = await Promise.all(changed.map((document) => document.save()));
  return all.every(Boolean);
}
