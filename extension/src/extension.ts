import * as vscode from "vscode";
import { information } from "./client";
import { log } from "./logger";
import { Measuring, type Subject } from "./measure";
import { ReportPanel } from "./panel";
import { selectTargets } from "./picker";
import { Reports } from "./reports";
import { Server } from "./server";
import { RESTARTING } from "./settings";
import { Shares, toggleShares } from "./shares";
import { Status } from "./status";
import { Suggesting } from "./suggest";
import { SuggestionsPanel } from "./suggestpanel";

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const status = new Status();
  const measuring = new Measuring(context.workspaceState, () => server?.client);
  const variants = new SuggestionsPanel(context.extensionUri);
  const suggesting = new Suggesting(() => server?.client, measuring, variants);
  const running = new Server(context.extensionPath, status, {
    "hwlint.measure": (subject) => measuring.measure(subject),
    "hwlint.suggest": (subject) => suggesting.suggest(subject),
  });
  server = running;
  const reports = new Reports(running);
  const panel = new ReportPanel(context.extensionUri, reports);
  context.subscriptions.push(
    ...[status, log(), running, reports, panel, new Shares(reports), variants, suggesting],
    ...commands(running, panel, measuring, suggesting),
    measuring.onDidMeasure(() => {
      reports.again();
    }),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (RESTARTING.some((name) => change.affectsConfiguration(name))) {
        await running.restart();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => running.restart()),
    running.onDidRead(async () => {
      const known = await information(running.client);
      if (known !== undefined) {
        status.show(known, running.command?.origin ?? "");
      }
    }),
    reports.onDidChange(() => {
      status.showModel(reports.report);
      const has = reports.report !== undefined;
      void vscode.commands.executeCommand("setContext", "hwlint.hasModel", has);
    }),
  );
  await running.restart();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

function commands(
  running: Server,
  panel: ReportPanel,
  measuring: Measuring,
  suggesting: Suggesting,
): vscode.Disposable[] {
  const made: Record<string, (...given: never[]) => unknown> = {
    "hwlint.showReport": (uri?: string, line?: number) =>
      panel.show(uri === undefined || line === undefined ? undefined : { uri, line }),
    "hwlint.selectTargets": () => chooseTargets(running),
    "hwlint.toggleLayerShares": toggleShares,
    "hwlint.measureModel": (subject?: Subject) => measuring.measure(subject),
    "hwlint.suggestFaster": (subject?: Subject) => suggesting.suggest(subject),
    "hwlint.stopMeasuring": () => measuring.stop(),
    "hwlint.restartServer": () => running.restart(),
    "hwlint.showLogs": () => {
      log().show();
    },
    "hwlint.showDebugInformation": () => showInformation(running),
  };
  return Object.entries(made).map(([name, run]) => vscode.commands.registerCommand(name, run));
}

async function chooseTargets(running: Server): Promise<void> {
  if (running.command === undefined) {
    await running.restart();
  }
  if (running.command !== undefined) {
    await selectTargets(running.command);
  }
}

async function showInformation(running: Server): Promise<void> {
  const known = (await information(running.client)) ?? "not running";
  const said = { command: running.command, trusted: vscode.workspace.isTrusted, server: known };
  const content = JSON.stringify(said, null, 2);
  const document = await vscode.workspace.openTextDocument({ content, language: "json" });
  await vscode.window.showTextDocument(document);
}
