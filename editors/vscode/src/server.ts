/**
 * The server's life: found, started with the key, restarted, ended.
 *
 * Invariants: there is never more than one server in a window; the key goes to it in
 * `initializationOptions` and nowhere else.
 */

import { homedir } from "node:os";
import { createInterface } from "node:readline";
import * as vscode from "vscode";
import {
  ExecuteCommandRequest,
  LanguageClient,
  MessageType,
  ShowMessageNotification,
  State,
  WorkDoneProgressCancelNotification,
} from "vscode-languageclient/node";
import type { LanguageClientOptions, ServerOptions } from "vscode-languageclient/node";

import { findServer } from "./find";
import type { Program } from "./find";
import { Edits } from "./edits";
import type { Explanations } from "./explanation";
import type { Keys } from "./key";
import { Progress } from "./progress";
import * as protocol from "./protocol";
import type { Settings } from "./settings";
import type { StatusBar } from "./status";

/** The server of this window. */
export class Server implements vscode.Disposable {
  readonly log = vscode.window.createOutputChannel("GLM", { log: true });
  readonly edits = new Edits();
  private readonly progress = new Progress((token) => {
    const cancelled = WorkDoneProgressCancelNotification.type;
    void this.running()?.sendNotification(cancelled, { token });
  });
  private client: LanguageClient | undefined;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: Settings,
    private readonly keys: Keys,
    private readonly status: StatusBar,
    private readonly explanations: Explanations,
    private readonly onMissing: () => void,
  ) {}

  dispose(): void {
    this.log.dispose();
  }

  /** Start the server, or start it anew. */
  restart(): Promise<void> {
    return this.next(async () => {
      await this.end();
      await this.begin();
    });
  }

  /** End the server. */
  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  /** Return the client of a server that can be asked. */
  running(): LanguageClient | undefined {
    return this.client?.state === State.Running ? this.client : undefined;
  }

  /** Return the program that the server is, wherever it is found. */
  program(): Promise<Program | undefined> {
    return findServer(
      this.settings.own("server.path", ""),
      this.settings.own<string[]>("server.args", []),
    );
  }

  /** Run a command of the server; what goes wrong is shown in its own words. */
  async run(command: string, args: unknown[]): Promise<unknown> {
    try {
      await this.last;
      const client = this.running();
      if (!client) {
        throw new Error("The server is not running.");
      }
      const params = { command, arguments: args };
      return (await client.sendRequest(ExecuteCommandRequest.type, params)) as unknown;
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error);
      void vscode.window.showErrorMessage(sentence);
      return undefined;
    }
  }

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
    const program = await this.program();
    if (!program) {
      this.status.off("The server is not installed.");
      this.onMissing();
      return;
    }
    this.log.info(`Starting ${program.command}, from ${program.origin}`);
    const key = await this.keys.get();
    const client = new LanguageClient("glm-lsp", "GLM", starts(program), this.options(key));
    this.client = client;
    this.listen(client);
    await client.start();
  }

  private listen(client: LanguageClient): void {
    client.registerFeature({
      getState: () => ({ kind: "static" }),
      fillClientCapabilities: (capabilities) => {
        capabilities.experimental = { glm: protocol.announced };
      },
      initialize: () => undefined,
      clear: () => undefined,
    });
    client.onRequest(protocol.applyEditRequest, (piece) => this.edits.apply(client, piece));
    client.onNotification(protocol.explanationNotification, (piece) => {
      this.explanations.add(piece);
    });
    let needsKey = false;
    client.onNotification(protocol.statusNotification, (status) => {
      needsKey = status.needs === "key";
      this.status.show(status);
    });
    client.onNotification(ShowMessageNotification.type, ({ type, message }) =>
      needsKey && type === MessageType.Error ? this.offerKey(message) : show(type, message),
    );
    client.onDidChangeState(({ newState }) => {
      const running = newState === State.Running;
      void vscode.commands.executeCommand("setContext", "glm-lsp.running", running);
      if (newState === State.Stopped) {
        this.progress.clear();
        this.status.off("The server is not running.");
      }
    });
  }

  private async offerKey(message: string): Promise<void> {
    if (await vscode.window.showErrorMessage(message, "Set Key")) {
      await this.keys.ask();
    }
  }

  private options(key: string | undefined): LanguageClientOptions {
    return {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
      initializationOptions: key ? { apiKey: key } : {},
      outputChannel: this.log,
      stdioOptions: {
        stdout: () => undefined,
        stderr: (input, log) => {
          createInterface({ input }).on("line", (line) => {
            log.info(line);
          });
        },
      },
      middleware: {
        executeCommand: (command, args) => this.run(command, args),
        handleWorkDoneProgress: (token, value, next) => {
          if (!this.progress.take(token, value)) {
            next(token, value);
          }
        },
        workspace: {
          configuration: (params) =>
            params.items.map((item) => this.settings.tree(item.section ?? "")),
        },
      },
    };
  }
}

async function show(type: MessageType, message: string): Promise<void> {
  if (type === MessageType.Error) {
    await vscode.window.showErrorMessage(message);
  } else if (type === MessageType.Warning) {
    await vscode.window.showWarningMessage(message);
  } else {
    await vscode.window.showInformationMessage(message);
  }
}

function starts(program: Program): ServerOptions {
  // A folder's own modules must not shadow the server's: it does not start in the workspace.
  const options = { cwd: homedir() };
  return { command: program.command, args: [...program.args, "--stdio"], options };
}
