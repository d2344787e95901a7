/**
 * Shows an explanation as a Markdown preview beside the editor, while it is being written.
 *
 * Invariant: the keyboard stays where the user has it; the preview opens once for each
 * explanation, and a user who closes it is not shown it again.
 */

import * as vscode from "vscode";

import type { Explanation } from "./protocol";

const SCHEME = "glm-explanation";
const KEPT = 20;
const REFRESH_MILLISECONDS = 60;

/** The explanations of this window, newest last. */
export class Explanations implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly pending = new Map<string, NodeJS.Timeout>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(
    SCHEME,
    this,
  );

  readonly onDidChange = this.changed.event;

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
    this.pending.forEach(clearTimeout);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.query) ?? "";
  }

  /** Take a piece of an explanation. */
  async add(piece: Explanation): Promise<void> {
    const { job, title, delta } = piece;
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${fileName(title)}.md`, query: job });
    const known = this.texts.get(job);
    this.texts.set(job, (known ?? `## ${title}\n\n`) + delta);
    this.refresh(uri, piece.done);
    if (known === undefined) {
      this.forgetOldest();
      await show(uri);
    }
  }

  /** Tell VS Code of the new text, many pieces at a time. */
  private refresh(uri: vscode.Uri, now: boolean): void {
    const job = uri.query;
    if (now) {
      clearTimeout(this.pending.get(job));
      this.pending.delete(job);
      this.changed.fire(uri);
    } else if (!this.pending.has(job)) {
      const fire = () => {
        this.pending.delete(job);
        this.changed.fire(uri);
      };
      this.pending.set(job, setTimeout(fire, REFRESH_MILLISECONDS));
    }
  }

  private forgetOldest(): void {
    const [oldest] = this.texts.keys();
    if (oldest !== undefined && this.texts.size > KEPT) {
      this.texts.delete(oldest);
    }
  }
}

async function show(uri: vscode.Uri): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
  if (editor) {
    await vscode.window.showTextDocument(editor.document, editor.viewColumn);
  }
}

function fileName(title: string): string {
  return title.replace(/[\\/:*?"<>|#\s]+/g, " ").trim() || "Explanation";
}
