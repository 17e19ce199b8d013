import * as vscode from "vscode";
import {
  LanguageClient,
  RevealOutputChannelOn,
  type LanguageClientOptions,
  type ServerOptions,
} from "vscode-languageclient/node";
import type { Command } from "./find";
import { log } from "./logger";
import { serverSettings } from "./settings";

export function makeClient(command: Command): LanguageClient {
  const run = { command: command.command, args: command.args };
  const server: ServerOptions = { run, debug: run };
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: "file", language: "python" },
      { scheme: "untitled", language: "python" },
    ],
    outputChannel: log(),
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: serverSettings(),
    synchronize: { configurationSection: "hwlint" },
    middleware: {
      workspace: {
        configuration: (params) => params.items.map(() => serverSettings()),
      },
    },
  };
  return new LanguageClient("hwlint", "hwlint", server, options);
}

/** What the server says of itself, undefined where it does not answer. */
export interface Information {
  version: string;
  workspaces: Record<string, { targets: string[]; read: number; entries: number; error: string }>;
}

export async function information(client: LanguageClient): Promise<Information | undefined> {
  try {
    return await client.sendRequest<Information>("workspace/executeCommand", {
      command: "hwlint.debugInformation",
      arguments: [],
    });
  } catch (error) {
    log().warn(`no debug information: ${String(error)}`);
    return undefined;
  }
}

export function ask(message: string, ...choices: string[]): Thenable<string | undefined> {
  return vscode.window.showErrorMessage(message, ...choices);
}
