/**
 * Asks for an instruction in the user's own words, and remembers those given.
 *
 * Invariant: what is typed is what is asked, letter by letter; an earlier instruction is asked again
 * only when it is chosen.
 */

import * as vscode from "vscode";

const KEPT = "instructions";
const MOST = 50;

/** Ask for an instruction; the earlier ones stand below, the latest first. */
export async function askInstruction(memory: vscode.Memento): Promise<string | undefined> {
  const earlier = memory.get<string[]>(KEPT, []);
  const given = await pick(earlier);
  if (given) {
    await memory.update(KEPT, [given, ...earlier.filter((each) => each !== given)].slice(0, MOST));
  }
  return given;
}

function pick(earlier: string[]): Promise<string | undefined> {
  const choices = earlier.map((label) => ({ label, description: "asked before" }));
  const pick = vscode.window.createQuickPick();
  pick.title = "GLM: Edit";
  pick.placeholder = "What should be done here? For example: return early when the list is empty";
  pick.items = choices;
  pick.ignoreFocusOut = true; // Half a sentence is not lost by a look at the code.
  pick.onDidChangeValue((value) => {
    const typed = { label: value.trim(), alwaysShow: true };
    pick.items = typed.label ? [typed, ...choices.filter(({ label }) => label !== typed.label)] : choices;
    pick.activeItems = pick.items.slice(0, 1); // Else one that begins like it would stay chosen.
  });
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      resolve(pick.selectedItems[0]?.label ?? pick.value.trim());
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}
