import * as vscode from "vscode";
import {
  LanguageClient,
  RevealOutputChannelOn,
  type LanguageClientOptions,
  type ServerOptions,
} from "vscode-languageclient/node";
import type { Command } from "./find";
import { withReports } from "./lenses";
import { log } from "./logger";
import type { Subject } from "./measure";
import { serverSettings } from "./settings";

/** What runs the commands of the server's lenses in its place, by their names. */
export type LensCommands = Record<string, ((subject: Subject) => Promise<void>) | undefined>;

/** `home`: the folder that the server is started in. Never one of the workspace: what lies there
 * could be taken for an interpreter or a library. `told` hears of each document that has new findings. */
export function makeClient(
  command: Command,
  home: string,
  told: (uri: string) => void,
  lenses: LensCommands,
): LanguageClient {
  const run = {
    command: command.command,
    args: command.args,
    options: { cwd: home, env: { ...process.env, ...command.env } },
  };
  const server: ServerOptions = { run, debug: run };
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: "file", language: "python" },
      { scheme: "untitled", language: "python" },
      { scheme: "file", pattern: "**/{hwlint,pyproject}.toml" },
    ],
    outputChannel: log(),
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: { ...serverSettings(), trusted: vscode.workspace.isTrusted },
    synchronize: { configurationSection: "hwlint" },
    middleware: {
      workspace: {
        configuration: (params) => params.items.map(() => serverSettings()),
      },
      executeCommand: (command, given, next) =>
        lenses[command]?.(given[0] as Subject) ?? (next(command, given) as unknown),
      provideDiagnostics: async (document, previous, token, next) => {
        const report = await next(document, previous, token);
        told("uri" in document ? document.uri.toString() : document.toString());
        return report;
      },
      provideCodeLenses: async (document, token, next) =>
        withReports((await next(document, token)) ?? [], document.uri),
    },
  };
  return new LanguageClient("hwlint", "hwlint", server, options);
}

/** What the server says of itself, undefined where it does not answer. */
export interface Information {
  version: string;
  workspaces: Record<string, { targets: string[]; read: number; entries: number; error: string }>;
}

/** Send one of the server's commands; undefined where it does not answer. */
export async function ask<T>(
  client: LanguageClient | undefined,
  command: string,
  ...given: unknown[]
): Promise<T | undefined> {
  try {
    return await client?.sendRequest<T>("workspace/executeCommand", { command, arguments: given });
  } catch (error) {
    log().warn(`no answer to ${command}: ${String(error)}`);
    return undefined;
  }
}

export function information(client: LanguageClient | undefined): Promise<Information | undefined> {
  return ask<Information>(client, "hwlint.debugInformation");
}

/** Whether this server has a command: older ones do not have all of them. */
export function offers(client: LanguageClient | undefined, command: string): boolean {
  const commands = client?.initializeResult?.capabilities.executeCommandProvider?.commands;
  return commands?.includes(command) ?? false;
}
