/**
 * A document's text after edits, and edits of whole lines.
 *
 * Invariant: nothing here changes a document.
 */

import * as vscode from "vscode";

import type { LineChange } from "./lines";

/** Return the text as it will be after edits that do not overlap. */
export function applied(document: vscode.TextDocument, edits: readonly vscode.TextEdit[]): string {
  const eol = endOfLine(document);
  const places = edits.map(({ range, newText }) => ({
    start: document.offsetAt(range.start),
    end: document.offsetAt(range.end),
    text: newText.replace(/\r\n|\r|\n/g, eol),
  }));
  places.sort((one, other) => one.start - other.start);
  const text = document.getText();
  let [whole, at] = ["", 0];
  for (const { start, end, text: added } of places) {
    whole += text.slice(at, start) + added;
    at = end;
  }
  return whole + text.slice(at);
}

/** Return a change of whole lines as an edit; the last line has no line end to take along. */
export function lineEdit(document: vscode.TextDocument, change: LineChange): vscode.TextEdit {
  const { start, removed, added } = change;
  const eol = endOfLine(document);
  const text = added.join(eol);
  const end = start + removed;
  const endOf = (line: number) => document.lineAt(line).range.end;
  const replace = (from: vscode.Position, to: vscode.Position, by: string) =>
    vscode.TextEdit.replace(new vscode.Range(from, to), by);
  if (removed > 0 && added.length > 0) {
    return replace(new vscode.Position(start, 0), endOf(end - 1), text);
  }
  if (end < document.lineCount) {
    const whole = added.length > 0 ? text + eol : "";
    return replace(new vscode.Position(start, 0), new vscode.Position(end, 0), whole);
  }
  const before = start > 0 ? endOf(start - 1) : new vscode.Position(0, 0);
  return replace(before, endOf(document.lineCount - 1), added.length > 0 ? eol + text : "");
}

const endOfLine = ({ eol }: vscode.TextDocument) => (eol === vscode.EndOfLine.CRLF ? "\r\n" : "\n");
