/**
 * The server's life: found, started with the key, restarted, ended.
 *
 * Invariants: there is never more than one server in a window; the key goes to it in
 * `initializationOptions` and nowhere else.
 */

import { homedir } from "node:os";
import { createInterface } from "node:readline";
import * as vscode from "vscode";
import * as lsp from "vscode-languageclient/node";

import { Edits } from "./edits";
import type { Explanations } from "./explanation";
import { findServer } from "./find";
import { offerInstall } from "./install";
import type { Keys } from "./key";
import { Progress } from "./progress";
import * as protocol from "./protocol";
import type { Settings } from "./settings";
import type { StatusBar } from "./status";

/** The server of this window. */
export class Server {
  readonly log = vscode.window.createOutputChannel("GLM", { log: true });
  readonly edits = new Edits();
  private client: lsp.LanguageClient | undefined;
  private last: Promise<void> = Promise.resolve();
  private needsKey = false;
  private readonly progress = new Progress((token) => {
    const cancelled = lsp.WorkDoneProgressCancelNotification.type;
    void this.running()?.sendNotification(cancelled, { token });
  });

  constructor(
    private readonly settings: Settings,
    private readonly keys: Keys,
    private readonly status: StatusBar,
    private readonly explanations: Explanations,
  ) {}

  /** Start the server, or start it anew. */
  restart(): Promise<void> {
    return this.next(async () => {
      await this.end();
      await this.begin();
    });
  }

  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  /** Return the client of a server that can be asked. */
  running(): lsp.LanguageClient | undefined {
    return this.client?.state === lsp.State.Running ? this.client : undefined;
  }

  /** Return the program's command line, to which its command is added; empty for none. */
  async program(): Promise<string[]> {
    const path = await findServer(this.settings.own("server.path", ""));
    return path === undefined ? [] : [path, ...this.settings.own<string[]>("server.args", [])];
  }

  /** Run a command of the server; what goes wrong is shown in its own words. */
  async run(command: string, args: unknown[]): Promise<unknown> {
    try {
      await this.last;
      const request = lsp.ExecuteCommandRequest.type;
      return (await this.running()?.sendRequest(request, { command, arguments: args })) as unknown;
    } catch (error) {
      void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** Do one step after the other: starting and ending never overlap. */
  private next(step: () => Promise<void>): Promise<void> {
    this.last = this.last.then(step).catch((error: unknown) => {
      // The client has told the user; the log keeps the rest.
      this.log.error(error instanceof Error ? error : String(error));
      this.status.off("The server does not start; see the log.");
    });
    return this.last;
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose();
  }

  private async begin(): Promise<void> {
    const [command, ...args] = await this.program();
    if (command === undefined) {
      this.status.off("The server is not installed.");
      void offerInstall();
      return;
    }
    this.log.info(`Starting ${command}`);
    // A folder's own modules must not shadow the server's: it does not start in the workspace.
    const executable = { command, args: [...args, "--stdio"], options: { cwd: homedir() } };
    const options = this.options(await this.keys.get());
    this.client = new lsp.LanguageClient("glm-lsp", "GLM", executable, options);
    this.listen(this.client);
    await this.client.start();
  }

  private listen(client: lsp.LanguageClient): void {
    client.registerFeature({
      getState: () => ({ kind: "static" }),
      fillClientCapabilities: (capabilities) => {
        capabilities.experimental = { glm: protocol.announced };
      },
      initialize: () => undefined,
      clear: () => undefined,
    });
    client.onRequest(protocol.applyEditRequest, (piece) => this.edits.apply(client, piece));
    const { explanations } = this;
    client.onNotification(protocol.explanationNotification, explanations.add.bind(explanations));
    client.onNotification(protocol.statusNotification, (status) => {
      this.needsKey = status.needs === "key";
      this.status.show(status);
    });
    client.onNotification(lsp.ShowMessageNotification.type, (message) => this.tell(message));
    client.onDidChangeState(({ newState }) => {
      const running = newState === lsp.State.Running;
      void vscode.commands.executeCommand("setContext", "glm-lsp.running", running);
      if (newState === lsp.State.Stopped) {
        this.progress.clear();
        this.status.off("The server is not running.");
      }
    });
  }

  /** Show a message of the server's; when a key is what is missing, with a way to set it. */
  private async tell({ type, message }: lsp.ShowMessageParams): Promise<void> {
    if (type === lsp.MessageType.Error) {
      const choices = this.needsKey ? ["Set Key"] : [];
      const choice = await vscode.window.showErrorMessage(message, ...choices);
      await (choice && this.keys.ask());
    } else {
      const { showWarningMessage, showInformationMessage } = vscode.window;
      const warning = type === lsp.MessageType.Warning;
      await (warning ? showWarningMessage : showInformationMessage)(message);
    }
  }

  private options(apiKey: string | undefined): lsp.LanguageClientOptions {
    return {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
      initializationOptions: { apiKey },
      outputChannel: this.log,
      stdioOptions: {
        stdout: () => undefined,
        stderr: (input, log) => createInterface({ input }).on("line", log.info.bind(log)),
      },
      middleware: {
        executeCommand: (command, args) => this.run(command, args),
        handleWorkDoneProgress: (token, value, next) => {
          if (!this.progress.take(token, value)) {
            next(token, value);
          }
        },
        workspace: {
          configuration: ({ items }) => items.map(({ section }) => this.settings.tree(section)),
        },
      },
    };
  }
}
