/**
 * Knows which problems were reported of a document's text as it is.
 *
 * VS Code does not say which tool reports; but who reports anew brings new objects. Invariant: what
 * was there before a document changed counts only until it is waited for what follows the change.
 */

import * as vscode from "vscode";

const QUIET = 1000; // Milliseconds without a report or a change: what follows is about something else.
const LONGEST = 10_000; // Milliseconds that are waited for reports.
const PATIENT = 3000; // Milliseconds after which a tool that did not report again has nothing new.
const EVERY = 50;

/** Who reports, and when. */
export class Reports {
  private readonly versions = new WeakMap<vscode.Diagnostic, number>(); // Of the text that each is about.
  private readonly reported = new WeakMap<vscode.TextDocument, { version: number; at: number }>();
  private readonly changed = new WeakMap<vscode.TextDocument, number>();
  private readonly watching: vscode.Disposable;

  /** Begin to watch; `isOwn` tells the problems that our own server reports. */
  constructor(private readonly isOwn: (uri: vscode.Uri, problem: vscode.Diagnostic) => boolean) {
    this.watching = vscode.Disposable.from(
      vscode.languages.onDidChangeDiagnostics(({ uris }) => {
        const names = new Set(uris.map(String));
        const about = vscode.workspace.textDocuments.filter(({ uri }) => names.has(uri.toString()));
        about.forEach((document) => {
          this.note(document);
        });
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) {
          this.changed.set(document, Date.now());
        }
      }),
    );
  }

  /** Return the problems that others report; with `fresh` only those of the text as it is. */
  of(document: vscode.TextDocument, fresh = false): vscode.Diagnostic[] {
    const others = vscode.languages.getDiagnostics(document.uri).filter((each) => !this.isOwn(document.uri, each));
    return fresh ? others.filter((each) => this.versions.get(each) === document.version) : others;
  }

  /** Return whether something was reported of the text as it is. */
  any(document: vscode.TextDocument): boolean {
    return this.reported.get(document)?.version === document.version;
  }

  /** Return whether what is known is about the text as it is. */
  isKnown(document: vscode.TextDocument): boolean {
    const changed = this.changed.get(document);
    if (changed === undefined) {
      return this.any(document) || this.of(document).length > 0;
    }
    return this.any(document) && (!this.isStale(document) || Date.now() - changed >= PATIENT);
  }

  /** Wait until all have reported on the text as it is, or have been waited for. */
  async settle(document: vscode.TextDocument): Promise<void> {
    const ends = Date.now() + LONGEST;
    while (Date.now() < ends && !document.isClosed) {
      const last = Math.max(this.reported.get(document)?.at ?? 0, this.changed.get(document) ?? 0);
      if (this.any(document) && !this.isStale(document) && Date.now() - last >= QUIET) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
  }

  dispose(): void {
    this.watching.dispose();
  }

  private isStale(document: vscode.TextDocument): boolean {
    return this.of(document).length > this.of(document, true).length;
  }

  private note(document: vscode.TextDocument): void {
    const all = vscode.languages.getDiagnostics(document.uri);
    const fresh = all.filter((each) => !this.versions.has(each));
    fresh.forEach((each) => this.versions.set(each, document.version));
    if (!fresh.some((each) => this.isOwn(document.uri, each))) {
      this.reported.set(document, { version: document.version, at: Date.now() });
    }
  }
}
