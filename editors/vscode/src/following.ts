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

const MOST_REMEMBERED = 500; // Events of one document.

interface Text {
  lines: readonly string[];
  readonly log: { readonly version: number; readonly changes: readonly LineChange[] }[];
}

/** The documents that are followed, from when somebody asks until they are closed. */
export class Following {
  private readonly texts = new Map<string, Text>();
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
      this.texts.set(name, { lines: split(document.getText()), log: [] });
    }
  }

  /** Return what was done to a document since a version, as far as it was followed. */
  since({ uri }: vscode.TextDocument, version: number): LineChange[] {
    const log = this.texts.get(uri.toString())?.log ?? [];
    return log.filter((event) => event.version > version).flatMap(({ changes }) => changes);
  }

  dispose(): void {
    vscode.Disposable.from(...this.listeners, this.emitter).dispose();
  }

  private change({ document, contentChanges, reason }: vscode.TextDocumentChangeEvent): void {
    const text = this.texts.get(document.uri.toString());
    if (text === undefined || contentChanges.length === 0) {
      return; // Not followed, or only saved.
    }
    const steps = contentChanges.map((each) => {
      const lines = text.lines;
      const change = wholeLines(lines, each);
      text.lines = changed(lines, change);
      return { lines, change };
    });
    const { version } = document;
    text.log.push({ version, changes: steps.map(({ change }) => change) });
    text.log.splice(0, text.log.length - MOST_REMEMBERED);
    this.emitter.fire({ document, version, steps, undone: reason !== undefined });
  }
}
