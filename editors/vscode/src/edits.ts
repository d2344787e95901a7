/**
 * Puts streamed edits into the text, so that one undo takes a whole stream back.
 *
 * Invariants: an edit is applied to the version it was made for or not at all; the version
 * answered holds that edit and nothing after it; what the user typed in the meantime keeps an
 * undo step of its own; a stream whose server is gone is taken back as far as it is GLM's.
 */

import { basename } from "node:path";
import * as vscode from "vscode";
import { ResponseError, TextDocumentEdit } from "vscode-languageclient/node";
import type { LanguageClient, TextEdit } from "vscode-languageclient/node";

import type { Followed, Following } from "./following";
import { Parts } from "./parts";
import type { Applied, ApplyEdit } from "./protocol";
import { applied, lineEdit } from "./texts";

const MOST_ATTEMPTS = 50; // To take a half change back while the user is typing.
const PAUSE = 100; // Milliseconds between them, in which we hear of what was typed.
const NOT_APPLIED: Applied = { applied: false, version: null };

/** What a job has done so far: the version after its last edit, in which document. */
interface Step {
  readonly document: vscode.TextDocument;
  readonly version: number;
}

/** An edit on its way, and the version that turned out to hold it. */
interface Pending {
  readonly job: string | undefined; // None for what takes a half change back.
  readonly document: vscode.TextDocument;
  readonly meant: string;
  version?: number | null;
}

interface Stops {
  readonly undoStopBefore: boolean;
  readonly undoStopAfter: boolean;
}

/** The streams under way, by job; `lastJobs` learns which job last changed each document. */
export class Edits {
  private readonly steps = new Map<string, Step>();
  private readonly pending = new Set<Pending>();
  private readonly halves = new Map<vscode.TextDocument, Parts>();
  private servers = 0; // That are gone.

  constructor(
    private readonly lastJobs: Map<string, string>,
    private readonly following: Following,
    private readonly converter: LanguageClient["protocol2CodeConverter"],
  ) {
    following.onDidChange((event) => {
      this.follow(event);
    });
  }

  /** Apply one piece of a stream; answers `applied: false` when the text has moved on. */
  async apply({ edit, job, first, last }: ApplyEdit): Promise<Applied> {
    const [change, ...more] = edit.documentChanges ?? [];
    if (change === undefined) {
      await this.close(job);
      return { applied: true, version: null };
    }
    if (!TextDocumentEdit.is(change) || more.length > 0) {
      throw new ResponseError(-32602, "An edit is of one document.");
    }
    const { servers } = this;
    const uri = this.converter.asUri(change.textDocument.uri);
    const document = await vscode.workspace.openTextDocument(uri);
    const edits = change.edits.map((each) => this.converter.asTextEdit(each as TextEdit));
    // From here to the edit nothing may be awaited: the version must still hold.
    if (document.version !== change.textDocument.version || servers !== this.servers) {
      return NOT_APPLIED;
    }
    // The user typed since the last piece, or there was none: begin a step of its own.
    const undoStopBefore = first || this.steps.get(job)?.version !== document.version;
    const version = await this.replace(document, edits, job, { undoStopBefore, undoStopAfter: last });
    if (version === undefined) {
      return NOT_APPLIED;
    }
    this.steps.set(job, { document, version: version ?? document.version });
    this.lastJobs.set(uri.toString(), job);
    if (last) {
      this.forget(job);
    }
    return { applied: true, version };
  }

  /** Take back what a server that is gone left half done, and say so. */
  async abandon(): Promise<void> {
    const open = [...this.steps.values()];
    this.servers++;
    this.steps.clear();
    for (const [document, parts] of [...this.halves]) {
      // It belongs to the stream's undo step, if nothing was typed since.
      let undoStopBefore = !open.some((step) => {
        return step.document === document && step.version === document.version;
      });
      for (let attempt = 0; attempt < MOST_ATTEMPTS && parts.count > 0; attempt++) {
        const edits = parts.restoring().map((change) => lineEdit(document, change));
        await this.replace(document, edits, undefined, { undoStopBefore, undoStopAfter: true });
        undoStopBefore = true;
        await (parts.count > 0 && new Promise((resolve) => setTimeout(resolve, PAUSE)));
      }
      this.halves.delete(document);
      void vscode.window.showWarningMessage(sentence(document, parts));
    }
  }

  /** Make the edits; return the version that holds them, null when unknown, else nothing. */
  private async replace(
    document: vscode.TextDocument,
    edits: vscode.TextEdit[],
    job: string | undefined,
    stops: Stops,
  ): Promise<number | null | undefined> {
    const before = document.version;
    const pending: Pending = { job, document, meant: applied(document, edits) };
    if (pending.meant === document.getText()) {
      return before;
    }
    this.following.follow(document);
    const editor = editorOf(document);
    if (editor && stops.undoStopBefore) {
      await tidyUp(editor);
      if (document.version !== before) {
        return undefined;
      }
      stops = { ...stops, undoStopBefore: false };
    }
    this.pending.add(pending);
    let done = await editor?.edit((builder) => {
      edits.forEach(({ range, newText }) => {
        builder.replace(range, newText);
      });
    }, stops);
    // Not shown; or shown as a side of a comparison, which is not edited, and says that it was.
    if (done !== false && pending.version === undefined && document.version === before) {
      const whole = new vscode.WorkspaceEdit();
      whole.set(document.uri, edits);
      done = await vscode.workspace.applyEdit(whole);
    }
    this.pending.delete(pending);
    return done === true ? pending.version : undefined;
  }

  /** End a job's undo step without an edit. */
  private async close(job: string): Promise<void> {
    const step = this.steps.get(job);
    this.forget(job);
    if (step?.version === step?.document.version) {
      const nothing = new vscode.Range(0, 0, 0, 0);
      const stops: Stops = { undoStopBefore: false, undoStopAfter: true };
      await (step && editorOf(step.document))?.edit((builder) => {
        builder.replace(nothing, ""); // Changes neither text nor version.
      }, stops);
    }
  }

  private forget(job: string): void {
    const document = this.steps.get(job)?.document;
    const parts = document && this.halves.get(document);
    parts?.finish(job);
    if (document && parts?.count === 0) {
      this.halves.delete(document);
    }
    this.steps.delete(job);
  }

  /** Tell GLM's edits from everybody else's: the first event after an edit was sent is its own. */
  private follow({ document, version, steps, undone }: Followed): void {
    const waiting = [...this.pending].filter(
      (each) => each.document === document && each.version === undefined,
    );
    const text = waiting.length > 0 ? document.getText() : "";
    const own = waiting.find(({ meant }) => meant === text);
    for (const each of waiting) {
      each.version = each === own ? version : null;
    }
    const parts = this.halves.get(document) ?? new Parts();
    for (const { lines, change } of steps) {
      if (own === undefined) {
        parts.touch(change, undone);
      } else if (own.job !== undefined) {
        parts.write(own.job, lines, change);
      } else {
        parts.clear();
      }
    }
    if (parts.count > 0) {
      this.halves.set(document, parts);
    }
  }
}

/**
 * Have VS Code remove the indentation that it put into a line which the cursor has left empty.
 * It does so together with the next edit near the cursor, or never: so the edit after the user's
 * is an empty one, wherever the cursor is, for we hear late where it is.
 */
async function tidyUp(editor: vscode.TextEditor): Promise<void> {
  const stops: Stops = { undoStopBefore: true, undoStopAfter: false };
  await editor.edit((builder) => {
    editor.selections.forEach(({ active }) => {
      builder.replace(new vscode.Range(active, active), "");
    });
  }, stops);
}

/** Return an editor that shows a document; a comparison's sides are the last resort. */
function editorOf(document: vscode.TextDocument): vscode.TextEditor | undefined {
  return vscode.window.visibleTextEditors.find((shown) => shown.document === document);
}

function sentence(document: vscode.TextDocument, { count, left }: Parts): string {
  const what = `GLM's server ended in the middle of a change to ${basename(document.uri.path)}`;
  if (count > 0) {
    return `${what}, and the half change could not be taken back: undo it.`;
  }
  const outcome = `${what}, so the half change was taken back`;
  return left > 0 ? `${outcome}, except in lines that you had edited: look at those.` : `${outcome}.`;
}
