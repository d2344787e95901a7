/**
 * Follows documents by lines: what each change did to them, and what it was done to.
 *
 * Invariant: `lines` is the text of the last event that was handed on, so that a change is
 * always read against the text it was made in.
 */

import * as vscode from "vscode";

import { changed, split, wholeLines } from "./lines";
import type { LineChange } from "./lines";

/** One event of a document, as changes of whole lines, in the order they are to be done. */
export interface Followed {
  readonly document: vscode.TextDocument;
  readonly version: number;
  readonly steps: readonly { readonly lines: readonly string[]; readonly change: LineChange }[];
  readonly undone: boolean;
}

/** The documents that are followed, from when somebody asks until they are closed. */
export class Following {
  private readonly texts = new Map<string, readonly string[]>();
  private readonly emitter = new vscode.EventEmitter<Followed>();
  private readonly listeners: vscode.Disposable[];
  readonly onDidChange = this.emitter.event;

  constructor() {
    this.listeners = [
      vscode.workspace.onDidChangeTextDocument((event) => {
        this.change(event);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.texts.delete(uri.toString())),
    ];
  }

  /** Follow a document from now on. */
  follow(document: vscode.TextDocument): void {
    const name = document.uri.toString();
    if (!this.texts.has(name)) {
      this.texts.set(name, split(document.getText()));
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.listeners, this.emitter).dispose();
  }

  private change({ document, contentChanges, reason }: vscode.TextDocumentChangeEvent): void {
    const name = document.uri.toString();
    let lines = this.texts.get(name);
    if (lines === undefined || contentChanges.length === 0) {
      return; // Not followed, or only saved.
    }
    const steps = [];
    for (const each of contentChanges) {
      const change = wholeLines(lines, each);
      steps.push({ lines, change });
      lines = changed(lines, change);
    }
    this.texts.set(name, lines);
    const undone = reason !== undefined;
    this.emitter.fire({ document, version: document.version, steps, undone });
  }
}
