/**
 * Shows work that can be cancelled as a notification with a Cancel button.
 *
 * The client's own progress goes to the status bar, where VS Code offers no way to cancel.
 * Invariant: short work shows no notification, and none stays after the work's end.
 */

import * as vscode from "vscode";
import type * as lsp from "vscode-languageclient/node";

const SHOWN_AFTER_MILLISECONDS = 700;

type Value = lsp.WorkDoneProgressBegin | lsp.WorkDoneProgressReport | lsp.WorkDoneProgressEnd;

/** The work under way, by progress token. */
export class Progress {
  private readonly work = new Map<lsp.ProgressToken, ReturnType<typeof begin>>();

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
