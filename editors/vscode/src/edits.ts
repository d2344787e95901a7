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

/** The streams under way, by job, and the job that last changed each document. */
export class Edits {
  private readonly versions = new Map<string, number>();
  private readonly jobs = new Map<string, string>();

  /** Return the job that last changed a document. */
  lastJob(uri: vscode.Uri): string | undefined {
    return this.jobs.get(uri.toString());
  }

  /** Apply one piece of a stream; answers `applied: false` when the text has moved on. */
  async apply(client: LanguageClient, piece: ApplyEdit): Promise<{ applied: boolean }> {
    try {
      const applied = await this.put(client, piece);
      return { applied };
    } catch (error) {
      throw new ResponseError(-32803, error instanceof Error ? error.message : String(error));
    } finally {
      if (piece.last) {
        this.versions.delete(piece.job);
      }
    }
  }

  private async put(client: LanguageClient, piece: ApplyEdit): Promise<boolean> {
    const change = single(piece);
    const converter = client.protocol2CodeConverter;
    if (change === undefined) {
      return vscode.workspace.applyEdit(await converter.asWorkspaceEdit(piece.edit));
    }
    const uri = converter.asUri(change.textDocument.uri);
    const document = await vscode.workspace.openTextDocument(uri);
    const edits = change.edits.map((edit) => converter.asTextEdit(edit as TextEdit));
    // From here to the edit nothing may be awaited: the version must still hold.
    if (document.version !== change.textDocument.version) {
      return false;
    }
    const applied = await this.replace(document, edits, piece);
    if (applied) {
      this.versions.set(piece.job, document.version);
      this.jobs.set(uri.toString(), piece.job);
    }
    return applied;
  }

  private replace(
    document: vscode.TextDocument,
    edits: vscode.TextEdit[],
    piece: ApplyEdit,
  ): Thenable<boolean> {
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
        for (const edit of edits) {
          builder.replace(edit.range, edit.newText);
        }
      },
      { undoStopBefore: piece.first || moved, undoStopAfter: piece.last },
    );
  }
}

/** Return the change when it is one to a single document, made of plain text edits. */
function single(piece: ApplyEdit): TextDocumentEdit | undefined {
  const [change, ...more] = piece.edit.documentChanges ?? [];
  const plain =
    change !== undefined &&
    more.length === 0 &&
    TextDocumentEdit.is(change) &&
    change.edits.every((edit) => "newText" in edit);
  return plain ? change : undefined;
}
