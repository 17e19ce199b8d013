import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { makeClient, offers, type LensCommands } from "./client";
import { find, isMissing, type Command } from "./find";
import { log } from "./logger";
import { tellBroken, tellMissing } from "./missing";
import { isEnabled } from "./settings";
import type { Status } from "./status";
import { surroundings } from "./surroundings";

/** The one server of this window: found, started, stopped, started again. */
export class Server implements vscode.Disposable {
  client: LanguageClient | undefined;
  /** What it was started with, also where it did not start. */
  command: Command | undefined;
  private readonly read = new vscode.EventEmitter<string>();
  /** The server has new findings of a document. */
  readonly onDidRead = this.read.event;
  /** One start at a time: all that ask while one is waiting are served by it. */
  private running: Promise<void> = Promise.resolve();
  private waiting: Promise<void> | undefined;

  constructor(
    private readonly home: string,
    private readonly status: Status,
    private readonly lenses: LensCommands,
  ) {}

  restart(): Promise<void> {
    this.waiting ??= this.running.then(async () => {
      this.waiting = undefined;
      await this.stop();
      await this.start();
    });
    this.running = this.waiting;
    return this.waiting;
  }

  async stop(): Promise<void> {
    const before = this.client;
    this.client = undefined;
    await before?.stop().catch((error: unknown) => {
      log().warn(`the server did not stop in time: ${String(error)}`);
    });
  }

  dispose(): void {
    this.read.dispose();
  }

  private async start(): Promise<void> {
    this.command = undefined;
    if (!isEnabled()) {
      this.status.say("off", vscode.LanguageStatusSeverity.Warning);
      return;
    }
    this.status.say("starting");
    const found = await find(surroundings(this.home));
    if (isMissing(found)) {
      this.status.say("not found", vscode.LanguageStatusSeverity.Error);
      void tellMissing(found);
      return;
    }
    this.command = found;
    log().info(`starting ${found.command} ${found.args.join(" ")} (${found.origin})`);
    const told = (uri: string) => {
      this.read.fire(uri);
    };
    const client = makeClient(found, this.home, told, this.lenses);
    try {
      await client.start();
    } catch (error) {
      this.status.say("could not start", vscode.LanguageStatusSeverity.Error);
      void tellBroken(error);
      return;
    }
    this.client = client;
    this.status.say("ready");
    await vscode.commands.executeCommand(
      "setContext",
      "hwlint.canMeasure",
      offers(client, "hwlint.measure"),
    );
  }
}
