/**
 * The commands of the palette, the menus and the keyboard: each asks the server.
 *
 * Invariant: no command decides what GLM does; it says which text is meant.
 */

import * as vscode from "vscode";

import { writeMessage } from "./commit";
import { askInstruction } from "./instruction";
import type { Keys } from "./key";
import { pickModel } from "./models";
import { pickProvider } from "./provider";
import type { Server } from "./server";
import type { Settings } from "./settings";
import { say } from "./status";
import type { StatusBar } from "./status";
import { state, stateHere, toggleCompletions, toggleCompletionsForLanguage } from "./switches";

/** What only a key binding knows: the text cannot be edited; Escape was pressed in it. */
interface How {
  readonly readOnly?: boolean;
  readonly here?: boolean;
}

/** Register the commands. */
export function registerCommands(server: Server, settings: Settings, keys: Keys, memory: vscode.Memento) {
  const change = (command: string, how?: How) => (how?.readOnly ? refuse() : ask(server, command));
  const table: Record<string, (how?: How) => unknown> = {
    explain: () => ask(server, "glm.explain"),
    fix: (how) => change("glm.fix", how),
    refactor: (how) => change("glm.refactor", how),
    document: (how) => change("glm.document", how),
    test: () => ask(server, "glm.test"),
    edit: (how) => (how?.readOnly ? refuse() : edit(server, memory)),
    review: () => ask(server, "glm.review"),
    reviewChanges: () => reviewChanges(server),
    commit: (where) => writeMessage(server, where as vscode.SourceControl | undefined),
    keep: () => answer(server, "glm.accept"),
    undo: () => answer(server, "glm.reject"),
    retry: () => answer(server, "glm.retry"),
    keepPart: () => answerPart(server, "glm.accept"),
    undoPart: () => answerPart(server, "glm.reject"),
    retryPart: () => answerPart(server, "glm.retry"),
    apply: (preview) => server.shown()?.previews.answer("glm.apply", preview as vscode.Uri | undefined),
    discard: (preview) => server.shown()?.previews.answer("glm.reject", preview as vscode.Uri | undefined),
    nextEdit: async () => {
      const gone = await server.shown()?.nextEdits.go();
      return gone ? undefined : vscode.window.showInformationMessage("Nothing waits for the change that you made last.");
    },
    reportNextEdit: () => server.run("glm.reportNextEdit", []),
    dismissNextEdit: () => server.shown()?.nextEdits.refuse(),
    cancel: (how) => cancel(server, how),
    pickProvider: () => pickProvider(settings, server.walkthrough),
    setKey: () => keys.ask(),
    suggest: async () => {
      await ((await server.ready()) && vscode.commands.executeCommand("editor.action.inlineSuggest.trigger"));
    },
    toggleCompletions: async () => say(await toggleCompletions()),
    toggleCompletionsForLanguage: async () => say(await toggleCompletionsForLanguage()),
    pickModel: () => pickModel(settings),
    showUsage: () => server.report(["usage"]),
    doctor: () => doctor(server, settings, keys),
    restart: () => server.restartAndSay(),
    showLog: () => {
      server.log.show();
    },
    install: () => server.install(),
    menu: () => menu(settings, server.status),
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

/** Have the program examine what this editor sets; the key goes to it on its standard input. */
async function doctor(server: Server, settings: Settings, keys: Keys): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const editor = { settings: [settings.tree(true), settings.tree()], apiKey: await keys.get(), folder };
  await server.report(["doctor", "--editor"], JSON.stringify(editor));
}

const refuse = () => vscode.window.showInformationMessage("This file is read-only: GLM can only explain it.");

function cancel(server: Server, how?: How): Promise<unknown> {
  const document = how?.here ? vscode.window.activeTextEditor?.document : undefined;
  const uri = document && server.running()?.code2ProtocolConverter.asUri(document.uri);
  return server.run("glm.cancel", [uri === undefined ? {} : { uri }]);
}

async function edit(server: Server, memory: vscode.Memento): Promise<void> {
  const instruction = await askInstruction(memory);
  await (instruction && ask(server, "glm.edit", { instruction }));
}

/** Review what differs from the last commit: of the active file's repository, else of the first folder's. */
async function reviewChanges(server: Server): Promise<void> {
  const here = vscode.window.activeTextEditor?.document.uri;
  const converter = (await server.ready())?.code2ProtocolConverter;
  const uri = here?.scheme === "file" ? { uri: converter?.asUri(here) } : {};
  await server.run("glm.review", [{ changes: true, ...uri }]);
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

/** The menu of the status bar: the commands that are not about a text. */
async function menu({ commands }: Settings, status: StatusBar): Promise<void> {
  const general = commands.filter(({ enablement }) => enablement === undefined);
  const first = general.filter(({ command }) => command === `glm-lsp.${status.remedy}`);
  const states: Record<string, string> = {
    "glm-lsp.toggleCompletions": state(),
    "glm-lsp.toggleCompletionsForLanguage": stateHere(),
  };
  const entries = [...new Set([...first, ...general])].map(({ command, title, icon }) => ({
    label: `${icon} ${title}`,
    description: states[command] ?? "",
    command,
  }));
  const chosen = await vscode.window.showQuickPick(entries, { title: status.sentence() });
  await (chosen && vscode.commands.executeCommand(chosen.command));
}
