/**
 * Installs the server: as a tool of uv or pipx where there is one, else in an environment of its own.
 *
 * Invariant: nothing is installed that the user did not ask for, and nothing into a Python that the
 * system or the user keeps for other things (PEP 668).
 */

import * as vscode from "vscode";

import { installSteps, NAME } from "./find";
import { run } from "./programs";

/** Tell that there is no server, and offer to install it. */
export async function offerInstall(storage: string): Promise<void> {
  const steps = await installSteps(storage);
  const how = steps.length === 1 ? steps[0]?.join(" ") : `a Python environment of its own, in ${storage}`;
  const sentence = `The server ${NAME} was not found. Install it with: ${how}`;
  const choice = await vscode.window.showWarningMessage(sentence, "Install", "Choose Its Path");
  const name = choice === "Install" ? "glm-lsp.install" : "workbench.action.openSettings";
  await (choice && vscode.commands.executeCommand(name, "glm-lsp.server.path"));
}

/** Install the server and say how that went; return whether it is there. */
export async function install(storage: string, log: vscode.LogOutputChannel): Promise<boolean> {
  const steps = await installSteps(storage);
  const options = { location: vscode.ProgressLocation.Notification, title: `Installing ${NAME}`, cancellable: true };
  const failed = await vscode.window.withProgress(options, async (progress, cancelled) => {
    const ending = new AbortController();
    cancelled.onCancellationRequested(() => {
      ending.abort();
    });
    let last = "Python 3.10 or later is needed, or uv.";
    for (const words of steps) {
      log.info(words.join(" "));
      const heard = (line: string) => {
        log.info(line);
        last = line.trim() || last;
        progress.report({ message: last.slice(0, 100) });
      };
      if ((await run(words, heard, "", ending.signal)) !== 0) {
        return ending.signal.aborted ? "Cancelled." : last;
      }
    }
    return steps.length === 0 ? last : "";
  });
  if (failed) {
    const chosen = vscode.window.showErrorMessage(`${NAME} was not installed. ${failed}`, "Show the Log");
    void chosen.then((button) => button && vscode.commands.executeCommand("glm-lsp.showLog"));
  }
  return !failed;
}
