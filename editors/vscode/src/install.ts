/**
 * Offers the one command that installs the server, and runs it where the user can see it.
 *
 * Invariant: nothing is installed that the user did not ask for.
 */

import * as vscode from "vscode";

import { installCommand } from "./find";
import type { Server } from "./server";

/** Tell that there is no server, and offer to install it. */
export async function offerInstall(): Promise<void> {
  const command = (await installCommand()).join(" ");
  const choice = await vscode.window.showWarningMessage(
    `The server glm-lsp was not found. Install it with: ${command}`,
    "Install",
    "Choose Its Path",
  );
  if (choice === "Install") {
    await vscode.commands.executeCommand("glm-lsp.install");
  } else if (choice !== undefined) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "glm-lsp.server.path");
  }
}

/** Install the server in a terminal, then start it. */
export async function installServer(server: Server): Promise<void> {
  if ((await runInTerminal("Install glm-lsp", await installCommand())) === 0) {
    await server.restart();
  }
}

/** Run a program in a terminal that stays open; return its exit code. */
export async function runInTerminal(name: string, words: string[]): Promise<number | undefined> {
  const [command = "", ...args] = words;
  const execution = new vscode.ProcessExecution(command, args);
  const scope = vscode.TaskScope.Global;
  const task = new vscode.Task({ type: "glm-lsp" }, scope, name, "GLM", execution);
  const started = await vscode.tasks.executeTask(task);
  return new Promise((resolve) => {
    const listener = vscode.tasks.onDidEndTaskProcess((event) => {
      if (event.execution === started) {
        listener.dispose();
        resolve(event.exitCode);
      }
    });
  });
}
