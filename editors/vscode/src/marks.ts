/**
 * Colours the lines that GLM wrote, until the change is kept or undone.
 *
 * Invariant: what is coloured is what the server listed as made; the text itself moves it.
 */

import * as vscode from "vscode";

import type { Change, Changes, Hunk } from "./changes";
import type { Settings } from "./settings";

const RULER = { isWholeLine: true, overviewRulerLane: vscode.OverviewRulerLane.Center };

const WRITTEN: vscode.DecorationRenderOptions = {
  ...RULER,
  backgroundColor: new vscode.ThemeColor("diffEditor.insertedLineBackground"),
  borderColor: new vscode.ThemeColor("editorGutter.addedBackground"),
  borderStyle: "solid",
  borderWidth: "0 0 0 3px",
  overviewRulerColor: new vscode.ThemeColor("editorOverviewRuler.addedForeground"),
  rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
};

const REMOVED: vscode.DecorationRenderOptions = {
  ...RULER,
  borderColor: new vscode.ThemeColor("editorGutter.deletedBackground"),
  borderStyle: "dashed",
  borderWidth: "2px 0 0 0",
  overviewRulerColor: new vscode.ThemeColor("editorOverviewRuler.deletedForeground"),
  rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
};

/** The colours in all editors. */
export class Marks {
  private readonly written = vscode.window.createTextEditorDecorationType(WRITTEN);
  private readonly removed = vscode.window.createTextEditorDecorationType(REMOVED);
  private readonly listeners: vscode.Disposable[];

  constructor(
    private readonly changes: Changes,
    private readonly settings: Settings,
  ) {
    this.listeners = [
      changes.onDidChange((uri) => {
        const name = uri.toString();
        const shown = vscode.window.visibleTextEditors;
        this.draw(shown.filter(({ document }) => document.uri.toString() === name));
      }),
      vscode.window.onDidChangeVisibleTextEditors((editors) => {
        this.draw(editors);
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("glm-lsp.highlightChanges")) {
          this.draw(vscode.window.visibleTextEditors);
        }
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.listeners, this.written, this.removed).dispose();
  }

  private draw(editors: readonly vscode.TextEditor[]): void {
    const wanted = this.settings.own<boolean>("highlightChanges", true);
    for (const editor of editors) {
      const { document } = editor;
      const made = this.changes.of(document.uri).filter(({ state }) => wanted && state === "made");
      const all = made.flatMap((change) => change.hunks.map((hunk) => ({ change, hunk })));
      const marks = (empty: boolean) =>
        all
          .filter(({ hunk: { lines } }) => (lines.start === lines.end) === empty)
          .map(({ change, hunk }) => mark(document, change, hunk));
      editor.setDecorations(this.written, marks(false));
      editor.setDecorations(this.removed, marks(true));
    }
  }
}

function mark(document: vscode.TextDocument, change: Change, hunk: Hunk): vscode.DecorationOptions {
  const { start, end } = hunk.lines;
  const last = document.lineAt(Math.min(Math.max(start, end - 1), document.lineCount - 1));
  const range = document.validateRange(new vscode.Range(start, 0, last.lineNumber, 0));
  const hoverMessage = new vscode.MarkdownString(change.title);
  if (hunk.before) {
    hoverMessage.appendMarkdown("; before:").appendCodeblock(hunk.before, document.languageId);
  }
  return { range: range.with(undefined, last.range.end), hoverMessage };
}
