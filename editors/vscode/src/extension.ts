/**
 * The extension's two ends: where its parts are put together, and where they are ended.
 *
 * Invariant: activation waits for nothing; the server starts beside it, with the first file.
 */

import * as vscode from "vscode";

import { registerCommands } from "./commands";
import { Explanations } from "./explanation";
import { offerInstall } from "./install";
import { Keys } from "./key";
import { Server } from "./server";
import { CLIENT_SECTION, SECTION, Settings } from "./settings";
import { StatusBar } from "./status";

let running: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const settings = new Settings(context.extension);
  const keys = new Keys(context.secrets, settings);
  const status = new StatusBar();
  const explanations = new Explanations();
  const server = new Server(settings, keys, status, explanations, () => void offerInstall());
  running = server;
  const restart = () => void server.restart();
  context.subscriptions.push(
    server,
    status,
    explanations,
    ...registerCommands(server, settings, keys),
    keys.secrets.onDidChange(restart),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      // Another provider has another key, which only a new server takes.
      const names = [`${CLIENT_SECTION}.server`, `${SECTION}.provider`];
      if (names.some((name) => event.affectsConfiguration(name))) {
        restart();
      }
    }),
  );
  startWithFirstFile(context, restart);
}

export async function deactivate(): Promise<void> {
  await running?.stop();
}

function startWithFirstFile(context: vscode.ExtensionContext, start: () => void): void {
  const served = (document: vscode.TextDocument) =>
    ["file", "untitled"].includes(document.uri.scheme);
  if (vscode.workspace.textDocuments.some(served)) {
    start();
    return;
  }
  const waiting = vscode.workspace.onDidOpenTextDocument((document) => {
    if (served(document)) {
      waiting.dispose();
      start();
    }
  });
  context.subscriptions.push(waiting);
}
