/**
 * The commands of the palette, the menus and the keyboard: each asks the server.
 *
 * Invariant: no command decides what GLM does; it says which text is meant.
 */

import * as vscode from "vscode";

import { installCommand } from "./find";
import { offerInstall, runInTerminal } from "./install";
import type { Keys } from "./key";
import type { Server } from "./server";
import { pickModel } from "./models";
import { effective, update } from "./settings";
import type { Settings } from "./settings";

/** Register the commands. */
export function registerCommands(server: Server, settings: Settings, keys: Keys) {
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
    keepPart: () => answerPart(server, "glm.accept"),
    undoPart: () => answerPart(server, "glm.reject"),
    retryPart: () => answerPart(server, "glm.retry"),
    apply: (preview?: vscode.Uri) => server.shown()?.previews.answer("glm.apply", preview),
    discard: (preview?: vscode.Uri) => server.shown()?.previews.answer("glm.reject", preview),
    cancel: () => server.run("glm.cancel", [{}]),
    setKey: () => keys.ask(),
    suggest: async () => {
      await ((await server.ready()) && vscode.commands.executeCommand("editor.action.inlineSuggest.trigger"));
    },
    toggleCompletions,
    toggleCompletionsForLanguage,
    pickModel: () => pickModel(settings),
    showUsage: async () => {
      const program = await server.program();
      await (program[0] ? runInTerminal("GLM usage", [...program, "usage"]) : offerInstall());
    },
    restart: () => server.restart(),
    showLog: () => {
      server.log.show();
    },
    install: async () => {
      const code = await runInTerminal("Install glm-lsp", await installCommand());
      await (code === 0 && server.restart());
    },
    menu: () => menu(settings),
  };
  return Object.entries(table).map(([name, run]) =>
    vscode.commands.registerCommand(`glm-lsp.${name}`, run),
  );
}

/** Send a command of the server about the selection of the active editor. */
async function ask(server: Server, command: string, more: object = {}): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    await vscode.window.showInformationMessage("Open a file first.");
    return;
  }
  const { document, selection } = editor; // Where the user is now, and not after a start.
  const converter = (await server.ready())?.code2ProtocolConverter;
  if (!converter) {
    return;
  }
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
  const prompt = "What should be done here?";
  const placeHolder = "return early when the list is empty";
  const instruction = await vscode.window.showInputBox({ title: "GLM: Edit", prompt, placeHolder });
  await (instruction && ask(server, "glm.edit", { instruction }));
}

/** Keep, undo or retry the last change in the active editor. */
async function answer(server: Server, command: string): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  const job = document && server.lastJobs.get(document.uri.toString());
  if (job === undefined) {
    await vscode.window.showInformationMessage("GLM has changed nothing in this file.");
  } else {
    await server.run(command, [{ job }]);
  }
}

/** Keep, undo or retry the part of a change at the cursor. */
async function answerPart(server: Server, command: string): Promise<void> {
  const { document, selection } = vscode.window.activeTextEditor ?? {};
  const changes = server.shown()?.changes;
  const part = document && selection && changes?.partAt(document.uri, selection.active.line);
  if (part) {
    await server.run(command, [part]);
  } else {
    await vscode.window.showInformationMessage("GLM has changed nothing in this line.");
  }
}

async function toggleCompletions(): Promise<void> {
  const on = !effective<boolean>("completion.enabled", true);
  await update("completion.enabled", on);
  say(`GLM completions are ${on ? "on" : "off"}`);
}

async function toggleCompletionsForLanguage(): Promise<void> {
  const language = vscode.window.activeTextEditor?.document.languageId ?? "plaintext";
  const disabled = new Set(effective<string[]>("completion.disabledLanguages", []));
  const on = disabled.delete(language);
  await update("completion.disabledLanguages", [...(on ? disabled : disabled.add(language))]);
  say(`GLM completions are ${on ? "on" : "off"} in ${language}`);
}

const say = (sentence: string) => vscode.window.setStatusBarMessage(sentence, 10_000);

/** The menu of the status bar: the commands that are not about a text. */
async function menu({ commands }: Settings): Promise<void> {
  const general = commands.filter(({ enablement }) => enablement === undefined);
  const chosen = await vscode.window.showQuickPick(
    general.map(({ command, title, icon }) => ({ label: `${icon} ${title}`, command })),
    { title: "GLM" },
  );
  await (chosen && vscode.commands.executeCommand(chosen.command));
}
