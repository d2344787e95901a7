/**
 * The commands of the palette, the menus and the keyboard: each asks the server.
 *
 * Invariant: no command decides what GLM does; it says which text is meant.
 */

import * as vscode from "vscode";

import { runInTerminal, showInstall } from "./install";
import type { Keys } from "./key";
import type { Server } from "./server";
import { effective, update } from "./settings";
import type { Settings } from "./settings";

const ACTIONS: Record<string, string> = {
  explain: "glm.explain",
  fix: "glm.fix",
  refactor: "glm.refactor",
  document: "glm.document",
  test: "glm.test",
  keep: "glm.accept",
  undo: "glm.reject",
  retry: "glm.retry",
};

/** Register the commands. */
export function registerCommands(
  server: Server,
  settings: Settings,
  keys: Keys,
): vscode.Disposable[] {
  const table: Record<string, () => unknown> = {
    edit: () => edit(server),
    cancel: () => {
      server.cancelAll();
    },
    setKey: () => keys.ask(),
    toggleCompletions,
    toggleCompletionsForLanguage,
    pickModel: () => pickModel(settings),
    showUsage: () => showUsage(server),
    restart: () => server.restart(),
    showLog: () => {
      server.log.show();
    },
    install: () => showInstall(server),
    menu,
  };
  for (const [name, command] of Object.entries(ACTIONS)) {
    table[name] = () => ask(server, command);
  }
  return Object.entries(table).map(([name, run]) =>
    vscode.commands.registerCommand(`glm-lsp.${name}`, run),
  );
}

/** Send a command of the server about the selection of the active editor. */
async function ask(server: Server, command: string, more: object = {}): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const client = server.running();
  if (!editor || !client) {
    const missing = editor ? "The server is not running." : "Open a file first.";
    void vscode.window.showInformationMessage(`GLM: ${missing}`);
    return;
  }
  const { document, selection } = editor;
  const converter = client.code2ProtocolConverter;
  const argument: Record<string, unknown> = {
    uri: converter.asUri(document.uri),
    range: converter.asRange(selection),
    ...more,
  };
  if (command === "glm.fix") {
    const near = vscode.languages
      .getDiagnostics(document.uri)
      .filter((diagnostic) => touches(diagnostic.range, selection));
    argument.diagnostics = await converter.asDiagnostics(near);
  }
  const job = server.edits.lastJob(document.uri);
  if (job !== undefined && ["glm.accept", "glm.reject", "glm.retry"].includes(command)) {
    argument.job = job;
  }
  await server.run(command, [argument]);
}

/** Whether a diagnostic stands on a line of the selection. */
function touches(range: vscode.Range, selection: vscode.Selection): boolean {
  return range.start.line <= selection.end.line && range.end.line >= selection.start.line;
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

async function toggleCompletions(): Promise<void> {
  const on = !effective<boolean>("completion.enabled", true);
  await update("completion.enabled", on);
  vscode.window.setStatusBarMessage(`GLM completions are ${on ? "on" : "off"}`, 3000);
}

async function toggleCompletionsForLanguage(): Promise<void> {
  const language = vscode.window.activeTextEditor?.document.languageId;
  if (language === undefined) {
    return;
  }
  const disabled = effective<string[]>("completion.disabledLanguages", []);
  const on = disabled.includes(language);
  const rest = disabled.filter((other) => other !== language);
  await update("completion.disabledLanguages", on ? rest : [...rest, language]);
  const state = on ? "on" : "off";
  vscode.window.setStatusBarMessage(`GLM completions are ${state} in ${language}`, 3000);
}

async function pickModel(settings: Settings): Promise<void> {
  const uses = [
    { label: "Actions", description: effective("models.actions", ""), key: "models.actions" },
    {
      label: "Completions",
      description: effective("models.completion", ""),
      key: "models.completion",
    },
  ];
  const use = await vscode.window.showQuickPick(uses, { title: "GLM: which model to change?" });
  if (!use) {
    return;
  }
  const title = `GLM: model for ${use.label.toLowerCase()}`;
  const model = await vscode.window.showQuickPick(settings.models(), { title });
  if (model !== undefined) {
    await update(use.key, model);
  }
}

async function showUsage(server: Server): Promise<void> {
  const program = await server.program();
  if (program) {
    await runInTerminal("GLM usage", [program.command, ...program.args, "usage"]);
  }
}

/** The menu of the status bar. */
async function menu(): Promise<void> {
  const entry = (icon: string, label: string, command: string) => ({
    label: `$(${icon}) ${label}`,
    command: `glm-lsp.${command}`,
  });
  const chosen = await vscode.window.showQuickPick(
    [
      entry("stop-circle", "Cancel What Is Running", "cancel"),
      entry("lightbulb", "Switch Completions On or Off", "toggleCompletions"),
      entry("code", "Switch Completions On or Off in This Language", "toggleCompletionsForLanguage"),
      entry("symbol-misc", "Pick a Model", "pickModel"),
      entry("graph", "Show Usage", "showUsage"),
      entry("key", "Set the API Key", "setKey"),
      entry("refresh", "Restart the Server", "restart"),
      entry("output", "Show the Log", "showLog"),
    ],
    { title: "GLM" },
  );
  if (chosen) {
    await vscode.commands.executeCommand(chosen.command);
  }
}
