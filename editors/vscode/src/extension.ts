/**
 * The extension's two ends: where its parts are put together, and where they are ended.
 *
 * Invariant: activation, which comes with the first file, waits for nothing.
 */

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
  const status = new StatusBar();
  const server = new Server(settings, keys, status);
  const restart = () => void server.restart();
  context.subscriptions.push(
    server.log,
    status.item,
    ...registerCommands(server, settings, keys),
    context.secrets.onDidChange(restart),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      // Another provider has another key, which only a new server takes.
      if (["glm-lsp.server", "glm.provider"].some((name) => event.affectsConfiguration(name))) {
        restart();
      }
    }),
  );
  running = server;
  restart();
}

export async function deactivate(): Promise<void> {
  await running?.stop();
}
