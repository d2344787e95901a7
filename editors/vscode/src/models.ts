/**
 * Picking a model: one that the server's catalogue names, or any name that is typed.
 *
 * Invariant: nothing is changed unless something is picked; the one in use is marked, and what is
 * picked is in use afterwards: a workspace's value is changed where there is one.
 */

import * as vscode from "vscode";

import { effective, levels, update } from "./settings";
import type { Settings } from "./settings";
import { say } from "./status";

const FREE = "Use this name: ";

/** Ask for what, then which; set it where it is set, else for this user. */
export async function pickModel(settings: Settings): Promise<void> {
  const uses = ["actions", "completion"].map((use) => {
    const key = `models.${use}`;
    return { label: `For ${use}`, description: effective(key, ""), key };
  });
  const use = await vscode.window.showQuickPick(uses, { title: "GLM: which model to change?" });
  const name = use && (await pickName(use.label, use.description, settings.models()));
  if (name) {
    const [users, workspaces] = levels<string>(use.key);
    const where = await update(use.key, name, workspaces.value === undefined ? users : workspaces);
    say(`GLM asks ${name} ${use.label.toLowerCase()}${where}`);
  }
}

function pickName(use: string, current: string, known: string[]): Promise<string | undefined> {
  const names = [...new Set(current ? [current, ...known] : known)];
  const choices: vscode.QuickPickItem[] = names.map((label) => ({ label }));
  Object.assign(choices[names.indexOf(current)] ?? {}, { description: "in use", iconPath: new vscode.ThemeIcon("check") });
  const pick = vscode.window.createQuickPick();
  pick.title = `GLM: model ${use.toLowerCase()}`;
  pick.placeholder = "Choose one, or type any name that the provider knows";
  pick.items = choices;
  pick.onDidChangeValue((value) => {
    const typed = value.trim();
    const free = { label: FREE + typed, alwaysShow: true };
    pick.items = typed && !names.includes(typed) ? [...choices, free] : choices;
  });
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      resolve(pick.selectedItems[0]?.label.replace(FREE, ""));
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}
