import * as vscode from "vscode";
import type { Information } from "./client";
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

  constructor() {
    this.bar.name = "hwlint targets";
    this.bar.command = "hwlint.selectTargets";
    this.bar.tooltip = "Target devices of hwlint; click to choose others";
    this.language.name = "hwlint";
    this.language.command = { command: "hwlint.showLogs", title: "Show Logs" };
    this.say("starting");
  }

  say(state: string, severity = vscode.LanguageStatusSeverity.Information): void {
    this.language.text = `hwlint: ${state}`;
    this.language.severity = severity;
    this.bar.text = "hwlint";
    this.bar.show();
  }

  show(known: Information): void {
    const workspaces = Object.values(known.workspaces);
    const targets = [...new Set(workspaces.flatMap((workspace) => workspace.targets))];
    const names = targets.map((target) => target.split(" ")[0] ?? target);
    this.bar.text = statusText(names);
    const read = workspaces.reduce((sum, workspace) => sum + workspace.read, 0);
    const entries = workspaces.reduce((sum, workspace) => sum + workspace.entries, 0);
    const error = workspaces.find((workspace) => workspace.error)?.error;
    this.language.text = error ?? coverageText(read, entries);
    this.language.detail = `hwlint ${known.version}`;
    this.language.severity = error
      ? vscode.LanguageStatusSeverity.Error
      : vscode.LanguageStatusSeverity.Information;
  }

  dispose(): void {
    this.bar.dispose();
    this.language.dispose();
  }
}
