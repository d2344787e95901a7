/**
 * The language client: what the server is told, and where what it says goes.
 *
 * Invariant: the key goes to the server in `initializationOptions` and nowhere else; a trace of the
 * protocol is written without it.
 */

import { homedir } from "node:os";
import { createInterface } from "node:readline";
import * as vscode from "vscode";
import * as lsp from "vscode-languageclient/node";

import { Changes } from "./changes";
import { contextOf } from "./context";
import { Edits } from "./edits";
import { offer, show } from "./failure";
import { Following } from "./following";
import { Marks } from "./marks";
import { NextEdits } from "./nextEdit";
import { Previews } from "./preview";
import * as protocol from "./protocol";
import { Reports } from "./reports";
import type { Server } from "./server";

/** A client, and what shows what its server says. */
export interface Connection {
  readonly client: lsp.LanguageClient;
  readonly changes: Changes;
  readonly previews: Previews;
  readonly nextEdits: NextEdits;
  /** Follow the document that a command is about, before anything can happen to it. */
  follow(args: unknown[]): void;
  /** End both; what the server left half done is taken back first. */
  end(): Promise<void>;
}

/** Return a client for a program that is not started yet. */
export function createClient(server: Server, words: string[], apiKey?: string): Connection {
  const [command = "", ...args] = words;
  // A folder's own modules must not shadow the server's: it does not start in the workspace.
  const executable = { command, args: [...args, "--stdio"], options: { cwd: homedir() } };
  const client = new lsp.LanguageClient("glm-lsp", "GLM", executable, options(server, apiKey));
  client.registerFeature({
    getState: () => ({ kind: "static" }),
    fillClientCapabilities: (capabilities) => {
      capabilities.experimental = { glm: { ...protocol.announced, trusted: vscode.workspace.isTrusted } };
    },
    initialize: () => undefined,
    clear: () => undefined,
  });
  // What is written to a server that has just died fails, a line each: that it ended is told apart,
  // and is what starts another one. To the client many such failures are a wish to end it for good.
  const ended = client.createDefaultErrorHandler();
  client.clientOptions.errorHandler = {
    error: () => ({ action: lsp.ErrorAction.Continue, handled: true }),
    closed: () => ended.closed(),
  };
  // That it did not start is told by whoever started it.
  const tell = client.error.bind(client);
  client.error = (message, data, show) => {
    tell(message, data, client.state !== lsp.State.StartFailed && show);
  };
  const converter = client.protocol2CodeConverter;
  const following = new Following();
  const changes = new Changes(server.lastJobs, following, converter);
  const previews = new Previews(changes, server);
  const reports = new Reports((uri, problem) => client.diagnostics?.get(uri)?.includes(problem) ?? false);
  const marks = new Marks(changes, server.settings);
  const nextEdits = new NextEdits(client);
  const shown = vscode.Disposable.from(following, changes, previews, marks, reports, nextEdits);
  const edits = new Edits(server.lastJobs, following, converter);
  let settled: Promise<void> = Promise.resolve();
  listen(server, client);
  client.onRequest(protocol.applyEditRequest, async (piece) => {
    await settled; // What the server before left half done is taken back first.
    return edits.apply(piece);
  });
  client.onRequest(protocol.contextRequest, (question) => contextOf(client, reports, question));
  client.onRequest(lsp.ShowMessageRequest.type, (params) => offer(client, server, following, params));
  client.onNotification(protocol.changesNotification, (list) => {
    changes.take(list);
  });
  client.onDidChangeState(({ newState }) => {
    if (newState === lsp.State.Stopped) {
      changes.clear();
      settled = edits.abandon();
    }
  });
  const follow = ([argument]: unknown[]) => {
    const { uri } = (argument ?? {}) as { uri?: string };
    const documents = uri === undefined ? [] : vscode.workspace.textDocuments;
    const meant = documents.find((document) => client.code2ProtocolConverter.asUri(document.uri) === uri);
    if (meant) {
      following.follow(meant);
    }
  };
  const end = async () => {
    await client.dispose().catch(() => undefined); // One that did not start cannot be stopped.
    await settled;
    shown.dispose();
  };
  return { client, changes, previews, nextEdits, follow, end };
}

function listen(server: Server, client: lsp.LanguageClient): void {
  let needsKey = false;
  client.onNotification(protocol.explanationNotification, (piece) => {
    server.explanations.add(piece);
    server.walkthrough.succeeded("answered");
  });
  client.onNotification(protocol.statusNotification, (status) => {
    needsKey = status.needs === "key";
    server.status.show(status);
    server.walkthrough.succeeded("started");
  });
  client.onNotification(lsp.ShowMessageNotification.type, async ({ type, message }) => {
    const keys = type === lsp.MessageType.Error && needsKey ? [{ title: "Set Key" }] : [];
    await ((await show(type, message, ...keys)) && server.keys.ask());
  });
  client.onDidChangeState(({ oldState, newState }) => {
    if (newState === lsp.State.Stopped && oldState === lsp.State.Running) {
      server.progress.clear();
      server.explanations.clear();
      server.lastJobs.clear();
      server.status.off("The server is not running: restart it.");
    }
  });
}

/** Return a channel to trace into, in whose lines the key is struck out. */
function withoutKey(log: vscode.LogOutputChannel, apiKey: string | undefined): vscode.LogOutputChannel {
  const written = JSON.stringify(apiKey ?? "").slice(1, -1);
  const trace = (message: string) => {
    log.trace(written ? message.replaceAll(written, "…") : message);
  };
  return Object.create(log, { trace: { value: trace } }) as vscode.LogOutputChannel;
}

function options(server: Server, apiKey: string | undefined): lsp.LanguageClientOptions {
  return {
    documentSelector: ["file", "untitled"].flatMap((scheme) => [
      { scheme },
      { notebook: { notebookType: "*", scheme } }, // The cells of such a notebook.
    ]),
    initializationOptions: { apiKey },
    initializationFailedHandler: () => false,
    outputChannel: server.log,
    revealOutputChannelOn: lsp.RevealOutputChannelOn.Never, // Failures of the protocol are for the log.
    traceOutputChannel: withoutKey(server.log, apiKey),
    stdioOptions: {
      stdout: () => undefined,
      stderr: (input, log) => createInterface({ input }).on("line", log.info.bind(log)),
    },
    middleware: {
      executeCommand: (command, args) => server.run(command, args),
      // The lightbulb shows nothing of the kind "source", so there the kind is another one.
      provideCodeActions: async (document, range, context, token, next) => {
        const actions = await next(document, range, context, token);
        for (const each of context.only ? [] : (actions ?? [])) {
          if ("kind" in each && each.kind.value === "source") {
            each.kind = vscode.CodeActionKind.Empty.append("glm.test");
          }
        }
        return actions;
      },
      handleWorkDoneProgress: (token, value, next) => {
        if (!server.progress.take(token, value)) {
          next(token, value);
        }
      },
      workspace: {
        configuration: ({ items }) =>
          items.map(({ section }) => server.settings.tree(section === protocol.usersSection)),
      },
    },
  };
}
