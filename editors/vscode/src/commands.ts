/**
 * The commands of the palette, the menus and the keyboard: each asks the server.
 *
 * Invariant: no command decides what GLM does; it says which text is meant.
 */

import * as vscode from "vscode";

import { installServer, runInTerminal } from "./install";
import type { Keys } from "./key";
import type { Server } from "./server";
import { effective, update } from "./settings";
import type { Settings } from "./settings";

/** Register the commands. */
export function registerCommands(
  server: Server,
  settings: Settings,
  keys: Keys,
): vscode.Disposable[] {
  const table: Record<string, () => unknown> = {
    explain: () => ask(server, "glm.explain"),
    fix: () => ask(server, "glm.fix"),
    refactor: () => ask(server, "glm.refactor"),
    document: () => ask(server, "glm.document"),
    test: () => ask(server, "glm.test"),
    edit: () => edit(server),
    keep: () => answer(server, "glm.accept"),
    undo: () => answer(server, "glm.reject"),
    retry: () => answer(server, "glm.retry"),
    cancel: () => server.run("glm.cancel", [{}]),
    setKey: () => keys.ask(),
    toggleCompletions,
    toggleCompletionsForLanguage,
    pickModel: () => pickModel(settings),
    showUsage: () => showUsage(server),
    restart: () => server.restart(),
    showLog: () => {
      server.log.show();
    },
    install: () => installServer(server),
    menu: () => menu(settings),
  };
  return Object.entries(table).map(([name, run]) =>
    vscode.commands.registerCommand(`glm-lsp.${name}`, run),
  );
}

/** Send a command of the server about the selection of the active editor. */
async function ask(server: Server, command: string, more: object = {}): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const converter = server.running()?.code2ProtocolConverter;
  if (!editor || !converter) {
    const missing = editor ? "GLM's server is not running." : "Open a file first.";
    void vscode.window.showInformationMessage(missing);
    return;
  }
  const { document, selection } = editor;
  const near = vscode.languages
    .getDiagnostics(document.uri)
    .filter(({ range }) => range.start.line <= selection.end.line)
    .filter(({ range }) => range.end.line >= selection.start.line);
  const argument = {
    uri: converter.asUri(document.uri),
    range: converter.asRange(selection),
    diagnostics: command === "glm.fix" ? await converter.asDiagnostics(near) : [],
    ...more,
  };
  await server.run(command, [argument]);
}

async function edit(server: Server): Promise<void> {
  const instruction = await vscode.window.showInputBox({
    title: "GLM: Edit",
    prompt: "What should be done here?",
    placeHolder: "return early when the list is empty",
  });
  if (instruction?.trim()) {
    await ask(server, "glm.edit", { instruction });
  }
}

/** Keep, undo or retry the last change in the active editor. */
async function answer(server: Server, command: string): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  const job = document && server.edits.lastJob(document.uri);
  if (job === undefined) {
    void vscode.window.showInformationMessage("GLM has changed nothing in this file.");
  } else {
    await server.run(command, [{ job }]);
  }
}

async function toggleCompletions(): Promise<void> {
  const on = !effective<boolean>("completion.enabled", true);
  await update("completion.enabled", on);
  say(`GLM completions are ${on ? "on" : "off"}`);
}

async function toggleCompletionsForLanguage(): Promise<void> {
  const language = vscode.window.activeTextEditor?.document.languageId ?? "plaintext";
  const disabled = effective<string[]>("completion.disabledLanguages", []);
  const on = disabled.includes(language);
  const rest = disabled.filter((other) => other !== language);
  await update("completion.disabledLanguages", on ? rest : [...rest, language]);
  say(`GLM completions are ${on ? "on" : "off"} in ${language}`);
}

function say(text: string): void {
  vscode.window.setStatusBarMessage(text, 3000);
}

async function pickModel(settings: Settings): Promise<void> {
  const uses = ["actions", "completion"].map((use) => ({
    label: `For ${use}`,
    description: effective(`models.${use}`, ""),
    key: `models.${use}`,
  }));
  const use = await vscode.window.showQuickPick(uses, { title: "GLM: which model to change?" });
  if (use) {
    const title = `GLM: model ${use.label.toLowerCase()}`;
    const model = await vscode.window.showQuickPick(settings.models(), { title });
    await (model && update(use.key, model));
  }
}

async function showUsage(server: Server): Promise<void> {
  const program = await server.program();
  if (program) {
    await runInTerminal("GLM usage", [program.command, ...program.args, "usage"]);
  }
}

/** The menu of the status bar: the commands that are not about a text. */
async function menu(settings: Settings): Promise<void> {
  const general = settings.commands.filter(({ enablement }) => enablement === undefined);
  const entries = general.map(({ command, title, icon }) => ({
    label: `${icon} ${title}`,
    command,
  }));
  const chosen = await vscode.window.showQuickPick(entries, { title: "GLM" });
  await (chosen && vscode.commands.executeCommand(chosen.command));
}
