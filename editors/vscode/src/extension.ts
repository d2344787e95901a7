/**
 * The extension's two ends: where its parts are put together, and where they are ended.
 *
 * Invariant: activation comes when VS Code has started, and waits for nothing; the server, which
 * is another program, comes with the first file.
 */

import { join } from "node:path";
import * as vscode from "vscode";

import { registerCommands } from "./commands";
import { Keys } from "./key";
import { Server } from "./server";
import { Settings } from "./settings";
import { StatusBar } from "./status";

let running: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const settings = new Settings(context.extension);
  const keys = new Keys(context.secrets, settings);
  const server = new Server(settings, keys, new StatusBar(), join(context.globalStorageUri.fsPath, "server"));
  const restart = () => {
    running = server;
    void server.restart();
  };
  const begin = ({ uri }: vscode.TextDocument) => {
    if (running === undefined && ["file", "untitled", "vscode-notebook-cell"].includes(uri.scheme)) {
      restart();
    }
  };
  context.subscriptions.push(
    server.log,
    server.pages.registered,
    server.walkthrough.registered,
    server.status.item,
    ...registerCommands(server, settings, keys, context.globalState),
    vscode.workspace.onDidOpenTextDocument(begin),
    context.secrets.onDidChange(restart),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.window.onDidChangeActiveTextEditor(() => {
      server.status.refresh();
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      server.status.refresh();
      // Another provider or address has another key, which only a new server takes.
      if (["glm-lsp.server", "glm.provider", "glm.baseUrl"].some((name) => event.affectsConfiguration(name))) {
        restart();
      }
    }),
  );
  vscode.workspace.textDocuments.forEach(begin);
}

export const deactivate = () => running?.stop();
