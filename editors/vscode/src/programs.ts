/**
 * Runs programs whose output is read here, and shows what they report.
 *
 * Neither a task nor a terminal: for those VS Code asks to trust the folder, which has nothing to do
 * with it. Invariant: no program is started in the workspace, nor is one of it.
 */

import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { createInterface } from "node:readline";
import * as vscode from "vscode";

const SCHEME = "glm-report";

/** Run a program to its end, and hand on each line that it says; return its exit code. */
export function run(words: string[], heard: (line: string) => void, input = "", signal?: AbortSignal): Promise<number> {
  const [command = "", ...args] = words;
  // What is shown in a page is plain text, as wide as a page.
  const env = { ...process.env, COLUMNS: "100", NO_COLOR: "1", PYTHONUTF8: "1" };
  const child = spawn(command, args, { cwd: homedir(), env, signal, windowsHide: true });
  child.stdin.on("error", () => undefined).end(input); // Who does not read it may end before.
  const outputs = [child.stdout, child.stderr].map((output) => {
    const lines = createInterface({ input: output }).on("line", heard);
    return new Promise((resolve) => lines.once("close", resolve));
  });
  return new Promise((resolve) => {
    child.once("error", (error) => {
      heard(error.message);
      resolve(-1);
    });
    child.once("close", (code) => void Promise.all(outputs).then(() => {
      resolve(code ?? -1);
    }));
  });
}

/** Pages that show what programs report, line by line. */
export class Pages implements vscode.TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();
  private readonly emitter = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.emitter.event;
  readonly registered = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? "";
  }

  /** Show a program's output in the page of a name, anew each time. */
  async show(name: string, words: string[], input?: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: name });
    const put = (text: string) => {
      this.texts.set(name, text);
      this.emitter.fire(uri);
    };
    put(`${name} …\n`);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
    let report = "";
    const heard = (line: string) => {
      put((report += line.trimEnd() + "\n"));
    };
    await run(words, heard, input);
  }
}
