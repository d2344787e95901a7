/**
 * Shows work that can be cancelled as a notification with a Cancel button.
 *
 * The client's own progress goes to the status bar, where VS Code offers no way to cancel.
 * Invariant: short work shows no notification, and none stays after the work's end.
 */

import * as vscode from "vscode";
import type * as lsp from "vscode-languageclient/node";

import { learnt } from "./status";

const SHOWN_AFTER_MILLISECONDS = 700;

type Value = lsp.WorkDoneProgressBegin | lsp.WorkDoneProgressReport | lsp.WorkDoneProgressEnd;

/** The work under way, by progress token. */
export class Progress {
  private readonly work = new Map<lsp.ProgressToken, ReturnType<typeof begin>>();
  private readonly documents = new Map<lsp.ProgressToken, string>(); // That it is about.
  private readonly ended = new Set<lsp.ProgressToken>();

  constructor(private readonly cancel: (token: lsp.ProgressToken) => void) {}

  /** Take a progress value; false when it is not one to show here. */
  take(token: lsp.ProgressToken, value: Value): boolean {
    if (value.kind === "begin" && value.cancellable === true) {
      this.work.set(token, begin(value.title, this.cancel.bind(this, token)));
    }
    const known = this.work.get(token);
    if (value.kind === "end") {
      known?.end();
      this.work.delete(token);
      this.documents.delete(token);
      this.ended.add(token);
      this.tell();
    } else {
      known?.report(value.message);
    }
    return known !== undefined;
  }

  /** End what a server that is gone left behind. */
  clear(): void {
    for (const work of this.work.values()) {
      work.end();
    }
    this.work.clear();
    this.documents.clear();
    this.ended.clear();
    this.tell();
  }

  /** Note the document that work is about: there Escape cancels it. */
  isAbout(token: lsp.ProgressToken, document: string): void {
    if (!this.ended.has(token)) {
      this.documents.set(token, document);
      this.tell();
    }
  }

  private tell(): void {
    // By path: in a remote window the workbench has other schemes than we, and maybe other slashes.
    const documents = [...this.documents.values()].map((name) => vscode.Uri.parse(name));
    learnt("busy", documents.flatMap(({ path, fsPath }) => [fsPath, path, path.replaceAll("/", "\\")]));
  }
}

/** Begin to show work; `end` may come before anything was shown. */
function begin(title: string, cancel: () => void) {
  let latest = "";
  let shown: vscode.Progress<{ message: string }> | undefined;
  const work = { report, end };
  const timer = setTimeout(show, SHOWN_AFTER_MILLISECONDS);
  return work;

  function show(): void {
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    void vscode.window.withProgress(options, (progress, cancelled) => {
      cancelled.onCancellationRequested(cancel);
      shown = progress;
      report(undefined);
      return new Promise<void>((resolve) => (work.end = resolve));
    });
  }

  function report(message: string | undefined): void {
    latest = message ?? latest;
    shown?.report({ message: latest });
  }

  function end(): void {
    clearTimeout(timer);
  }
}
