/**
 * Shows where the change that the user has just made waits, leads there, and makes it.
 *
 * Invariant: nothing is asked while somebody types, nor of a server that does not announce it; an
 * edit is made only in the version of the document that it was found in.
 */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { nextEditRequest } from "./protocol";
import { learnt } from "./status";

const REST = 300; // Milliseconds without a change after which it is looked for.

const LINE = { isWholeLine: true, backgroundColor: new vscode.ThemeColor("diffEditor.removedLineBackground") };
const HINT = { color: new vscode.ThemeColor("editorGhostText.foreground"), fontStyle: "italic" };

interface Waiting {
  readonly document: vscode.TextDocument;
  readonly version: number;
  readonly away: vscode.Uri | undefined; // It is in this other file.
  readonly range: vscode.Range;
  readonly before: string;
  readonly after: string;
  readonly reason: string;
}

/** The next edit in the active editor. */
export class NextEdits {
  private readonly line = vscode.window.createTextEditorDecorationType(LINE);
  private readonly hint = vscode.window.createTextEditorDecorationType({});
  private readonly listeners: vscode.Disposable[];
  private timer: NodeJS.Timeout | undefined;
  private waiting: Waiting | undefined;
  private led: vscode.Uri | undefined; // What waits there is looked for once it is shown.
  private edited: number | undefined; // The line that was changed and not left.

  constructor(private readonly client: LanguageClient) {
    this.listeners = [
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && document === vscode.window.activeTextEditor?.document) {
          this.show(undefined);
          this.edited = contentChanges.at(-1)?.range.start.line;
          this.lookSoon("typed");
        }
      }),
      vscode.languages.onDidChangeDiagnostics(({ uris }) => {
        if (!this.waiting && uris.some((uri) => uri.toString() === vscode.window.activeTextEditor?.document.uri.toString())) {
          this.lookSoon("diagnostics");
        }
      }),
      vscode.window.onDidChangeActiveTextEditor((editor) => {
        this.show(undefined);
        if (editor && editor.document.uri.toString() === this.led?.toString()) {
          this.lookSoon("typed");
        }
      }),
      vscode.window.onDidChangeTextEditorSelection(({ selections }) => {
        this.draw();
        if (this.edited !== undefined && selections[0]?.active.line !== this.edited && !this.waiting) {
          this.edited = undefined;
          this.lookSoon("lineLeft");
        }
      }),
    ];
  }

  /** Go to the line that waits, or change it when the cursor is there; tell whether there is one. */
  async go(): Promise<boolean> {
    const { activeTextEditor: editor } = vscode.window;
    const { range, away, after } = this.waiting ?? {};
    if (!editor || !range || !this.waiting || !this.isThere(editor, this.waiting)) {
      return false;
    }
    if (away) {
      this.led = away;
      await vscode.window.showTextDocument(away, { selection: new vscode.Range(range.start, range.start) });
    } else if (editor.selection.active.line !== range.start.line) {
      const at = range.start.with(undefined, editor.document.lineAt(range.start).firstNonWhitespaceCharacterIndex);
      editor.selection = new vscode.Selection(at, at);
      editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    } else {
      return editor.edit((builder) => { builder.replace(range, after ?? ""); });
    }
    return true;
  }

  /** Offer the edit no more. */
  async refuse(): Promise<void> {
    const { document, away, before, after } = this.waiting ?? {};
    if (document) {
      const refused = { uri: this.client.code2ProtocolConverter.asUri(away ?? document.uri), before, after };
      await this.client.sendRequest("workspace/executeCommand", { command: "glm.refuseNextEdit", arguments: [refused] });
      await this.look();
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.show(undefined);
    vscode.Disposable.from(...this.listeners, this.line, this.hint).dispose();
  }

  private lookSoon(trigger: string): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(trigger), REST);
  }
  /** Ask what waits, and show the first. */
  private async look(trigger = "typed"): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const experimental = this.client.initializeResult?.capabilities.experimental as
      | { glm?: { nextEdit?: boolean } }
      | undefined;
    if (!editor || !this.client.isRunning() || !experimental?.glm?.nextEdit) {
      return;
    }
    const { document } = editor;
    const { code2ProtocolConverter: to, protocol2CodeConverter: from } = this.client;
    const position = to.asPosition(editor.selection.active);
    const place = { textDocument: to.asTextDocumentIdentifier(document), position, context: { trigger } };
    const found = await this.client.sendRequest(nextEditRequest, place).catch(() => undefined);
    const [edit = found?.elsewhere?.[0]] = found?.edits ?? [];
    if (found?.version !== document.version || editor !== vscode.window.activeTextEditor) {
      return; // Somebody types on: it is looked for again.
    }
    const away = edit?.uri === undefined ? undefined : from.asUri(edit.uri);
    const at = { document, version: document.version, away };
    this.show(edit && { ...edit, ...at, range: from.asRange(edit.range), after: edit.text });
  }

  private show(waiting: Waiting | undefined): void {
    this.waiting = waiting;
    learnt("nextEdit", waiting !== undefined);
    this.draw();
  }

  private draw(): void {
    const waiting = this.waiting;
    for (const editor of vscode.window.visibleTextEditors) {
      const there = waiting && this.isThere(editor, waiting) ? waiting : undefined;
      editor.setDecorations(this.line, there && !there.away ? [lineOf(there)] : []);
      const here = editor.selection.active.line;
      const elsewhere = there && (there.away ?? there.range.start.line !== here);
      editor.setDecorations(this.hint, elsewhere ? [hintAt(editor, here, there)] : []);
    }
  }

  private isThere({ document }: vscode.TextEditor, waiting: Waiting): boolean {
    return document === waiting.document && document.version === waiting.version;
  }
}

function lineOf({ range, after, reason }: Waiting): vscode.DecorationOptions {
  const [first = "", ...more] = after.trim().split("\n");
  const contentText = `  → ${first || "(nothing)"}${more.length > 0 ? " …" : ""}`;
  return { range, hoverMessage: reason, renderOptions: { after: { ...HINT, contentText } } };
}

function hintAt(editor: vscode.TextEditor, here: number, { range, away }: Waiting): vscode.DecorationOptions {
  const { line } = range.start;
  const arrow = away ? "→" : line > here ? "↓" : "↑";
  const name = away ? `${away.path.slice(away.path.lastIndexOf("/") + 1)} ` : "";
  const contentText = `  ${arrow} next edit, ${name}line ${String(line + 1)}`;
  return { range: editor.document.lineAt(here).range, renderOptions: { after: { ...HINT, contentText } } };
}
