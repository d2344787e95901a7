/**
 * Offers the one command that installs the server, and runs it where the user can see it.
 *
 * Invariant: nothing is installed that the user did not ask for.
 */

import * as vscode from "vscode";

import { installCommand } from "./find";

/** Tell that there is no server, and offer to install it. */
export async function offerInstall(): Promise<void> {
  const command = (await installCommand()).join(" ");
  const sentence = `The server glm-lsp was not found. Install it with: ${command}`;
  const choice = await vscode.window.showWarningMessage(sentence, "Install", "Choose Its Path");
  const name = choice === "Install" ? "glm-lsp.install" : "workbench.action.openSettings";
  await (choice && vscode.commands.executeCommand(name, "glm-lsp.server.path"));
}

/** Run a program in a terminal that stays open; return its exit code. */
export async function runInTerminal(name: string, words: string[]): Promise<number | undefined> {
  const [command = "", ...args] = words;
  const execution = new vscode.ProcessExecution(command, args);
  const task = new vscode.Task({ type: "glm-lsp" }, vscode.TaskScope.Global, name, "GLM", execution);
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
