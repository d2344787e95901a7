/**
 * Shows a change that GLM offers beside the text it would change, to be applied or discarded.
 *
 * Invariants: nothing is applied that the user did not ask to; a comparison stays open no
 * longer than its change is offered; it does not take a text away in which the user is typing.
 */

import { basename } from "node:path";
import * as vscode from "vscode";

import type { Change, Changes } from "./changes";
import { linesOf } from "./lines";
import type { Server } from "./server";
import { applied, lineEdit } from "./texts";

const SCHEME = "glm-preview";
const TYPING_MILLISECONDS = 1000; // Since the last key: somebody is typing.

/** The comparisons; its documents are what the texts would be. */
export class Previews implements vscode.TextDocumentContentProvider {
  private readonly seen = new Map<string, Set<string>>(); // Jobs that the user heard of, by text.
  private lastKey = 0;
  private readonly emitter = new vscode.EventEmitter<vscode.Uri>();
  private readonly listeners: vscode.Disposable[];
  readonly onDidChange = this.emitter.event;

  constructor(
    private readonly changes: Changes,
    private readonly server: Server,
  ) {
    this.listeners = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      changes.onDidChange((uri) => {
        void this.refresh(uri);
      }),
      vscode.window.onDidChangeTextEditorSelection(({ kind }) => {
        if (kind === vscode.TextEditorSelectionChangeKind.Keyboard) {
          this.lastKey = Date.now();
        }
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        this.offered(document.uri).forEach(({ job }) => {
          this.emitter.fire(previewOf(document.uri, job));
        });
      }),
    ];
  }

  /** Return what the text would be, or the text itself when the change is no longer offered. */
  provideTextDocumentContent(preview: vscode.Uri): string {
    const { uri, job } = meantBy(preview);
    const document = opened(uri);
    const change = document && this.offered(document.uri).find((each) => each.job === job);
    if (document === undefined) {
      return "";
    }
    const edits = (change?.hunks ?? []).map(({ lines: { start, end }, after }) =>
      lineEdit(document, { start, removed: end - start, added: linesOf(after) }),
    );
    return applied(document, edits);
  }

  /** Apply (or discard) an offered change: a comparison's, or that of the active text. */
  async answer(command: "glm.apply" | "glm.reject", resource?: vscode.Uri): Promise<void> {
    const shown = [resource, inActiveTab(), vscode.window.activeTextEditor?.document.uri];
    const here = shown.find((uri) => uri !== undefined);
    const job = here?.scheme === SCHEME ? meantBy(here).job : here && this.offered(here).at(-1)?.job;
    if (job === undefined) {
      await vscode.window.showInformationMessage("GLM offers no change here.");
      return;
    }
    await close(job); // Else the text has no editor that takes an edit.
    await this.server.run(command, [{ job }]);
  }

  dispose(): void {
    vscode.Disposable.from(...this.listeners, this.emitter).dispose();
  }

  private offered(uri: vscode.Uri): readonly Change[] {
    return this.changes.of(uri).filter(({ state }) => state === "offered");
  }

  /** Offer what is new; close what is no longer offered. */
  private async refresh(uri: vscode.Uri): Promise<void> {
    const offered = this.offered(uri);
    const jobs = offered.map(({ job }) => job);
    const seen = this.seen.get(uri.toString());
    this.seen.set(uri.toString(), new Set(jobs));
    for (const tab of comparisons()) {
      const { uri: of, job } = meantBy(tab.input.modified);
      if (of === uri.toString() && !jobs.includes(job)) {
        await close(job);
      }
    }
    for (const change of offered) {
      if (seen?.has(change.job)) {
        this.emitter.fire(previewOf(uri, change.job));
      } else {
        void this.offer(uri, change);
      }
    }
  }

  private async offer(uri: vscode.Uri, change: Change): Promise<void> {
    const { job, title, fault } = change;
    const preview = previewOf(uri, job);
    const name = basename(uri.path);
    const show = async () => {
      const heading = `${title} (${name})${fault ? `: ${fault}` : ""}`;
      await vscode.commands.executeCommand("vscode.diff", uri, preview, heading);
      const [text, shown] = [uri, preview].map(opened);
      if (text && shown && shown.languageId !== text.languageId) {
        await vscode.languages.setTextDocumentLanguage(shown, text.languageId); // A cell's is its own.
      }
    };
    const active = vscode.window.activeTextEditor?.document.uri.toString() === uri.toString();
    const shown = active && Date.now() - this.lastKey > TYPING_MILLISECONDS;
    if (shown) {
      await show();
    }
    const sentence = fault ? `${title}: ${fault}` : `${title}: apply this change to ${name}?`;
    const { showInformationMessage, showWarningMessage } = vscode.window;
    const buttons = [...(shown ? [] : ["Show"]), "Apply", "Discard"];
    const choice = await (fault ? showWarningMessage : showInformationMessage)(sentence, ...buttons);
    if (choice === "Show") {
      await show();
    } else if (choice !== undefined && this.offered(uri).some((each) => each.job === job)) {
      await this.answer(choice === "Apply" ? "glm.apply" : "glm.reject", preview);
    }
  }
}

function opened(uri: vscode.Uri | string): vscode.TextDocument | undefined {
  const name = uri.toString();
  return vscode.workspace.textDocuments.find((each) => each.uri.toString() === name);
}

type Comparison = vscode.Tab & { readonly input: vscode.TabInputTextDiff };

function comparisons(): Comparison[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  return tabs.filter((tab): tab is Comparison => isComparison(tab.input));
}

function isComparison(input: unknown): input is vscode.TabInputTextDiff {
  return input instanceof vscode.TabInputTextDiff && input.modified.scheme === SCHEME;
}

function inActiveTab(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return isComparison(input) ? input.modified : undefined;
}

async function close(job: string): Promise<void> {
  const tabs = comparisons().filter(({ input }) => meantBy(input.modified).job === job);
  await vscode.window.tabGroups.close(tabs);
}

/** Return the address of a preview; it ends like the text's, so that it is coloured like it. */
function previewOf(uri: vscode.Uri, job: string): vscode.Uri {
  const query = JSON.stringify([uri.toString(), job]);
  return vscode.Uri.from({ scheme: SCHEME, path: uri.path, query });
}

function meantBy({ query }: vscode.Uri): { uri: string; job: string } {
  const [uri = "", job = ""] = JSON.parse(query) as string[];
  return { uri, job };
}
