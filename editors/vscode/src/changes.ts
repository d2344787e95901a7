/**
 * GLM's changes in each document, as the server listed them last, where they are now.
 *
 * Invariant: the server says which changes there are; here only their lines move with the text.
 */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import type { Following } from "./following";
import { moved } from "./lines";
import type { LineChange, Lines } from "./lines";
import type * as protocol from "./protocol";

/** A run of lines of a change, where it is now. */
export interface Hunk extends Omit<protocol.Hunk, "range"> {
  readonly lines: Lines;
}

/** A change, where it is now. */
export interface Change extends Omit<protocol.Change, "hunks"> {
  readonly hunks: readonly Hunk[];
}

/** The changes of all documents. */
export class Changes {
  private readonly lists = new Map<string, Change[]>();
  private readonly emitter = new vscode.EventEmitter<vscode.Uri>();
  private readonly closing: vscode.Disposable;
  /** Fires when the list of a document is another one, and not when its lines move. */
  readonly onDidChange = this.emitter.event;

  constructor(
    private readonly lastJobs: Map<string, string>,
    private readonly following: Following,
    private readonly converter: LanguageClient["protocol2CodeConverter"],
  ) {
    following.onDidChange(({ document, steps }) => {
      const name = document.uri.toString();
      const list = this.lists.get(name);
      if (list !== undefined) {
        const changes = steps.map(({ change }) => change);
        this.lists.set(name, list.map((each) => followed(each, changes)));
      }
    });
    // What is opened again under the same name is another text; the server forgets them, too.
    this.closing = vscode.workspace.onDidCloseTextDocument(({ uri }) => {
      this.lastJobs.delete(uri.toString());
      if (this.lists.delete(uri.toString())) {
        this.emitter.fire(uri);
      }
    });
  }

  /** Take the server's list of a document. */
  take({ uri: sent, version, changes }: protocol.DocumentChanges): void {
    const uri = this.converter.asUri(sent);
    const name = uri.toString();
    const last = changes.filter(({ state }) => state === "made").at(-1);
    if (last) {
      this.lastJobs.set(name, last.job);
    } else {
      this.lastJobs.delete(name);
    }
    const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === name);
    if (document === undefined || changes.length === 0) {
      this.lists.delete(name);
    } else {
      this.following.follow(document);
      const since = this.following.since(document, version ?? document.version);
      this.lists.set(name, changes.map((change) => followed(placed(change), since)));
    }
    this.emitter.fire(uri);
  }

  /** Return the changes of a document. */
  of(uri: vscode.Uri): readonly Change[] {
    return this.lists.get(uri.toString()) ?? [];
  }

  /** Return the part of a change that was made at a line, for the server's commands. */
  partAt(uri: vscode.Uri, line: number): { job: string; hunk: number } | undefined {
    for (const { job, state, hunks } of this.of(uri)) {
      const here = hunks.find(({ lines }) => state === "made" && holds(lines, line));
      if (here) {
        return { job, hunk: here.hunk };
      }
    }
    return undefined;
  }

  /** Forget them all: there is no server that would know them. */
  clear(): void {
    const names = [...this.lists.keys()];
    this.lists.clear();
    names.forEach((name) => {
      this.emitter.fire(vscode.Uri.parse(name));
    });
  }

  dispose(): void {
    this.closing.dispose();
    this.emitter.dispose();
  }
}

/** Return whether a line is among lines; where lines were removed, whether it is next to them. */
function holds({ start, end }: Lines, line: number): boolean {
  return start === end ? line === start || line === start - 1 : start <= line && line < end;
}

function placed(change: protocol.Change): Change {
  const hunks = change.hunks.map(({ range: { start, end }, ...hunk }) => {
    const lines = { start: start.line, end: end.character > 0 ? end.line + 1 : end.line };
    return { ...hunk, lines };
  });
  return { ...change, hunks };
}

function followed(change: Change, steps: readonly LineChange[]): Change {
  const hunks = change.hunks.map((hunk) => ({ ...hunk, lines: steps.reduce(moved, hunk.lines) }));
  return { ...change, hunks };
}
