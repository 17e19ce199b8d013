import * as vscode from "vscode";
import type { Information } from "./client";
import { time } from "./numbers";
import type { Report } from "./protocol";
import { coverageText, statusText } from "./targets";

/** The status bar item with the targets, and the language status with what was read. */
export class Status implements vscode.Disposable {
  private readonly bar = vscode.window.createStatusBarItem(
    "hwlint.targets",
    vscode.StatusBarAlignment.Right,
    90,
  );
  private readonly language = vscode.languages.createLanguageStatusItem("hwlint.state", {
    language: "python",
  });
  private targets: string[] = [];
  private report: Report | undefined;

  constructor() {
    this.bar.name = "hwlint targets";
    this.bar.command = "hwlint.selectTargets";
    this.language.name = "hwlint";
    this.language.command = { command: "hwlint.showLogs", title: "Show Logs" };
    this.say("starting");
    this.bar.show();
  }

  say(state: string, severity = vscode.LanguageStatusSeverity.Information): void {
    this.language.text = `hwlint: ${state}`;
    this.language.severity = severity;
    this.targets = [];
    this.report = undefined;
    this.draw();
  }

  /** `origin`: where the server was found. */
  show(known: Information, origin: string): void {
    const workspaces = Object.values(known.workspaces);
    const targets = [...new Set(workspaces.flatMap((workspace) => workspace.targets))];
    this.targets = targets.map((target) => target.split(" ")[0] ?? target);
    const read = workspaces.reduce((sum, workspace) => sum + workspace.read, 0);
    const entries = workspaces.reduce((sum, workspace) => sum + workspace.entries, 0);
    const error = workspaces.find((workspace) => workspace.error)?.error;
    this.language.text = error ?? coverageText(read, entries);
    this.language.detail = `hwlint ${known.version}${origin ? `, ${origin}` : ""}`;
    this.language.severity = error
      ? vscode.LanguageStatusSeverity.Error
      : vscode.LanguageStatusSeverity.Information;
    this.draw();
  }

  /** Say what the model under the cursor takes. */
  showModel(report: Report | undefined): void {
    this.report = report;
    this.draw();
  }

  dispose(): void {
    this.bar.dispose();
    this.language.dispose();
  }

  private draw(): void {
    const first = this.report?.devices.find((total) => total.device === this.targets[0]);
    const total = first?.seconds == null ? "" : ` · ${time(first.seconds)}`;
    this.bar.text = `${statusText(this.targets)}${total}`;
    this.bar.tooltip = this.tooltip();
  }

  private tooltip(): vscode.MarkdownString {
    const said = new vscode.MarkdownString();
    if (this.report !== undefined) {
      said.appendMarkdown("**").appendText(this.report.model).appendMarkdown("**, estimated\n\n");
      said.appendMarkdown("| device | | |\n|---|---|---|\n");
      for (const total of this.report.devices) {
        const what = total.seconds === null ? "no estimate" : time(total.seconds);
        const bound = total.bound && total.seconds !== null ? `${total.bound}-bound` : "";
        said.appendMarkdown(`| ${total.device} ${total.dtype} | ${what} | ${bound} |\n`);
      }
      said.appendMarkdown("\n");
    }
    return said.appendMarkdown("Target devices of hwlint; click to choose others");
  }
}
