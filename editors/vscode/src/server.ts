/**
 * The server's life: found, started with the key, restarted, ended.
 *
 * Invariant: there is never more than one server in a window.
 */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import type { Connection } from "./client";
import { Explanations } from "./explanation";
import type { Again } from "./failure";
import { findServer } from "./find";
import { install, offerInstall } from "./install";
import type { Keys } from "./key";
import { Pages } from "./programs";
import { Progress } from "./progress";
import type { Settings } from "./settings";
import { say } from "./status";
import type { StatusBar } from "./status";
import { Walkthrough } from "./walkthrough";

const LONGEST_START = 20_000; // Milliseconds that a command waits for the server.

/** The server of this window. */
export class Server {
  readonly log = vscode.window.createOutputChannel("GLM", { log: true });
  readonly explanations = new Explanations((command, args) => this.run(command, args));
  readonly lastJobs = new Map<string, string>(); // That changed each document.
  readonly progress = new Progress((token) => {
    void this.running()?.sendNotification("window/workDoneProgress/cancel", { token });
  });
  readonly pages = new Pages();
  readonly walkthrough = new Walkthrough();
  private connection: Connection | undefined;
  private last: Promise<void> = Promise.resolve();
  again: Again | null = null; // What is asked once, after the next start.

  constructor(
    readonly settings: Settings,
    readonly keys: Keys,
    readonly status: StatusBar,
    private readonly storage: string,
  ) {}

  /** Start the server, or start it anew. */
  async restart(): Promise<void> {
    await this.next(async () => {
      await this.end();
      this.status.off("The server is starting.", "starting");
      await this.begin();
    });
    const { again } = this;
    this.again = null;
    await (again && this.run(again.command, again.arguments));
  }

  /** Start the server anew at the user's word; what keeps it from starting is told elsewhere. */
  async restartAndSay(): Promise<void> {
    await this.restart();
    if (this.running()) {
      say("GLM's server has started.");
    }
  }

  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  /** Return the client of a server that can be asked. */
  running(): LanguageClient | undefined {
    return this.shown()?.client;
  }

  /** Return the client once the server has started; where it does not, say so, and return none. */
  async ready(): Promise<LanguageClient | undefined> {
    const anew = () => this.connection?.client.needsStop() && this.connection.client.start(); // After a crash.
    const started = this.last.then<unknown>(anew);
    const tooLong = new Promise((resolve) => setTimeout(resolve, LONGEST_START));
    await Promise.race([started.catch(() => undefined), tooLong]);
    const client = this.running();
    if (!client) {
      void vscode.window.showErrorMessage(`GLM cannot be asked. ${this.status.last.message}`);
    }
    return client;
  }

  /** Return what shows the changes of a server that can be asked. */
  shown(): Connection | undefined {
    return this.connection?.client.isRunning() ? this.connection : undefined;
  }

  /** Return the program's command line, to which its command is added; empty for none. */
  async program(): Promise<string[]> {
    const path = await findServer(this.settings.own("server.path", ""), this.storage);
    return path === undefined ? [] : [path, ...this.settings.own<string[]>("server.args", [])];
  }

  /** Show what a command of the program reports; it reads `input`. */
  async report([command = "", ...args]: string[], input?: string): Promise<void> {
    const program = await this.program();
    const shown = () => this.pages.show(`GLM ${command}`, [...program, command, ...args], input);
    await (program[0] ? shown() : offerInstall(this.storage));
  }

  /** Install the program and start it, if the user did not cancel. */
  async install(): Promise<void> {
    await ((await install(this.storage, this.log)) && this.restartAndSay());
  }

  /** Run a command of the server; what goes wrong is shown in its own words. */
  async run(command: string, args: unknown[]): Promise<unknown> {
    try {
      const client = await this.ready();
      this.connection?.follow(args);
      const front = vscode.window.activeTextEditor?.document.uri.toString() ?? "";
      const answer = await client?.sendRequest<unknown>("workspace/executeCommand", { command, arguments: args });
      const { uri = front } = (args[0] ?? {}) as { uri?: string };
      const { job } = (answer ?? {}) as { job?: string };
      if (job !== undefined) {
        this.progress.isAbout(job, uri);
      }
      if (command === "glm.completionAccepted") {
        this.walkthrough.succeeded("accepted");
      }
      return answer;
    } catch (error) {
      void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** Do one step after the other: starting and ending never overlap. */
  private next(step: () => Promise<void>): Promise<void> {
    this.last = this.last.then(step).catch((error: unknown) => {
      this.log.error(error instanceof Error ? error : String(error));
      const sentence = "The server does not start; the log says why.";
      this.status.off(sentence, "error");
      void this.tell(sentence);
    });
    return this.last;
  }

  private async tell(sentence: string): Promise<void> {
    const names = { "Show the Log": "showLog", "Restart the Server": "restart" };
    const chosen = await vscode.window.showErrorMessage(`GLM: ${sentence}`, ...Object.keys(names));
    await (chosen && vscode.commands.executeCommand(`glm-lsp.${names[chosen as keyof typeof names]}`));
  }

  private async end(): Promise<void> {
    const connection = this.connection;
    this.connection = undefined;
    await connection?.end();
  }

  private async begin(): Promise<void> {
    // The client is large: it is loaded apart, when VS Code has started, and while others answer.
    const all = [this.program(), this.keys.get(), import("./client.js")] as const;
    const [program, key, { createClient }] = await Promise.all(all);
    if (program.length === 0) {
      this.status.off("The server is not installed.", "off", "install");
      void offerInstall(this.storage);
      return;
    }
    for (const [step, value] of Object.entries({ hasKey: key, providerChosen: this.settings.hasProvider() })) {
      if (value) {
        this.walkthrough.succeeded(step);
      }
    }
    this.log.info(`Starting ${program.join(" ")}`);
    this.connection = createClient(this, program, key);
    await this.connection.client.start();
  }
}
