/**
 * The language client: what the server is told, and where what it says goes.
 *
 * Invariant: the key goes to the server in `initializationOptions` and nowhere else.
 */

import { homedir } from "node:os";
import { createInterface } from "node:readline";
import * as vscode from "vscode";
import * as lsp from "vscode-languageclient/node";

import { Edits } from "./edits";
import { Following } from "./following";
import * as protocol from "./protocol";
import type { Server } from "./server";

/** Return a client for a program that is not started yet. */
export function createClient(server: Server, words: string[], apiKey?: string): lsp.LanguageClient {
  const [command = "", ...args] = words;
  // A folder's own modules must not shadow the server's: it does not start in the workspace.
  const executable = { command, args: [...args, "--stdio"], options: { cwd: homedir() } };
  const client = new lsp.LanguageClient("glm-lsp", "GLM", executable, options(server, apiKey));
  client.registerFeature({
    getState: () => ({ kind: "static" }),
    fillClientCapabilities: (capabilities) => {
      capabilities.experimental = { glm: protocol.announced };
    },
    initialize: () => undefined,
    clear: () => undefined,
  });
  listen(server, client);
  return client;
}

function listen(server: Server, client: lsp.LanguageClient): void {
  const following = new Following();
  const edits = new Edits(server.lastJobs, following, client.protocol2CodeConverter);
  let needsKey = false;
  client.onRequest(protocol.applyEditRequest, (piece) => edits.apply(piece));
  client.onNotification(protocol.explanationNotification, (piece) => {
    server.explanations.add(piece);
  });
  client.onNotification(protocol.statusNotification, (status) => {
    needsKey = status.needs === "key";
    server.status.show(status);
  });
  client.onNotification(lsp.ShowMessageNotification.type, async ({ type, message }) => {
    const { showErrorMessage, showWarningMessage, showInformationMessage } = vscode.window;
    if (type !== lsp.MessageType.Error) {
      await (type === lsp.MessageType.Warning ? showWarningMessage : showInformationMessage)(message);
    } else if (await showErrorMessage(message, ...(needsKey ? ["Set Key"] : []))) {
      await server.keys.ask();
    }
  });
  client.onDidChangeState(({ newState }) => {
    const running = newState === lsp.State.Running;
    void vscode.commands.executeCommand("setContext", "glm-lsp.running", running);
    if (newState === lsp.State.Stopped) {
      server.progress.clear();
      void edits.abandon();
      server.status.off("The server is not running.");
    }
  });
}

function options(server: Server, apiKey: string | undefined): lsp.LanguageClientOptions {
  return {
    documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
    initializationOptions: { apiKey },
    outputChannel: server.log,
    stdioOptions: {
      stdout: () => undefined,
      stderr: (input, log) => createInterface({ input }).on("line", log.info.bind(log)),
    },
    middleware: {
      executeCommand: (command, args) => server.run(command, args),
      handleWorkDoneProgress: (token, value, next) => {
        if (!server.progress.take(token, value)) {
          next(token, value);
        }
      },
      workspace: {
        configuration: ({ items }) => items.map(() => server.settings.tree()),
      },
    },
  };
}
