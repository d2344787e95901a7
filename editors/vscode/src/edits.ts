/**
 * Puts streamed edits into the text, so that one undo takes a whole stream back.
 *
 * Invariants: an edit is applied to the version it was made for or not at all; what the user
 * typed in the meantime keeps an undo step of its own.
 */

import * as vscode from "vscode";
import { ResponseError, TextDocumentEdit } from "vscode-languageclient/node";
import type { LanguageClient, TextEdit } from "vscode-languageclient/node";

import type { ApplyEdit } from "./protocol";

/** The streams under way, by job; `lastJobs` learns which job last changed each document. */
export class Edits {
  private readonly versions = new Map<string, number>();

  constructor(
    private readonly lastJobs: Map<string, string>,
    private readonly converter: LanguageClient["protocol2CodeConverter"],
  ) {}

  /** Apply one piece of a stream; answers `applied: false` when the text has moved on. */
  async apply(piece: ApplyEdit): Promise<{ applied: boolean }> {
    const [change, ...more] = piece.edit.documentChanges ?? [];
    if (!TextDocumentEdit.is(change) || more.length > 0) {
      throw new ResponseError(-32602, "An edit is of one document.");
    }
    const uri = this.converter.asUri(change.textDocument.uri);
    const document = await vscode.workspace.openTextDocument(uri);
    const edits = change.edits.map((edit) => this.converter.asTextEdit(edit as TextEdit));
    // From here to the edit nothing may be awaited: the version must still hold.
    if (document.version !== change.textDocument.version) {
      return { applied: false };
    }
    const applied = await this.replace(document, edits, piece);
    if (applied) {
      this.versions.set(piece.job, document.version);
      this.lastJobs.set(uri.toString(), piece.job);
    }
    if (piece.last) {
      this.versions.delete(piece.job);
    }
    return { applied };
  }

  private replace(document: vscode.TextDocument, edits: vscode.TextEdit[], piece: ApplyEdit) {
    const editor = vscode.window.visibleTextEditors.find((shown) => shown.document === document);
    if (editor === undefined) {
      const whole = new vscode.WorkspaceEdit();
      whole.set(document.uri, edits);
      return vscode.workspace.applyEdit(whole);
    }
    // The user typed since the last piece, or there was none: begin a step of its own.
    const moved = this.versions.get(piece.job) !== document.version;
    return editor.edit(
      (builder) => {
        edits.forEach(({ range, newText }) => {
          builder.replace(range, newText);
        });
      },
      { undoStopBefore: piece.first || moved, undoStopAfter: piece.last },
    );
  }
}
