/**
 * What of the walkthrough has succeeded: VS Code ticks it.
 *
 * Invariant: nothing is ticked that was only tried. VS Code ticks a step in the moment when a context
 * becomes true, if it has read the walkthrough by then, and never one that was true before: so a
 * context is true for a moment only, again for each page that is opened.
 */

import * as vscode from "vscode";

/** The steps of this window. */
export class Walkthrough {
  private readonly done = new Set<string>();
  readonly registered = vscode.window.tabGroups.onDidChangeTabs(({ opened, changed }) => {
    // Of a walkthrough's tab VS Code says as little as of any page of its own.
    if ([...opened, ...changed].some(({ input }) => input === undefined)) {
      this.done.forEach(tell);
    }
  });

  /** Note that a step has succeeded. */
  succeeded(step: string): void {
    this.done.add(step);
    tell(step);
  }
}

function tell(step: string): void {
  for (const value of [true, false]) {
    void vscode.commands.executeCommand("setContext", `glm-lsp.done.${step}`, value);
  }
}
