/**
 * Shows work that can be cancelled as a notification with a Cancel button.
 *
 * The client's own progress goes to the status bar, where VS Code offers no way to cancel.
 * Invariant: short work shows no notification, and none stays after the work's end.
 */

import * as vscode from "vscode";
import type {
  ProgressToken,
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from "vscode-languageclient/node";

const SHOWN_AFTER_MILLISECONDS = 700;

type Value = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

/** The work under way, by progress token. */
export class Progress {
  private readonly work = new Map<ProgressToken, Work>();

  constructor(private readonly cancel: (token: ProgressToken) => void) {}

  /** Take a progress value; false when it is not one to show here. */
  take(token: ProgressToken, value: Value): boolean {
    if (value.kind === "begin" && value.cancellable === true) {
      const cancel = this.cancel.bind(this, token);
      this.work.set(token, new Work(value.title, cancel));
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
    this.work.forEach((work) => {
      work.end();
    });
    this.work.clear();
  }
}

/** One piece of work; `end` is called once. */
class Work {
  private message = "";
  private progress: vscode.Progress<{ message: string }> | undefined;
  private resolve: (() => void) | undefined;
  private readonly timer = setTimeout(() => {
    this.show();
  }, SHOWN_AFTER_MILLISECONDS);

  constructor(
    private readonly title: string,
    private readonly cancel: () => void,
  ) {}

  report(message: string | undefined): void {
    this.message = message ?? this.message;
    this.progress?.report({ message: this.message });
  }

  end(): void {
    clearTimeout(this.timer);
    this.resolve?.();
  }

  private show(): void {
    const location = vscode.ProgressLocation.Notification;
    const options = { location, title: this.title, cancellable: true };
    void vscode.window.withProgress(options, (progress, cancelled) => {
      cancelled.onCancellationRequested(this.cancel);
      this.progress = progress;
      this.report(undefined);
      return new Promise<void>((resolve) => {
        this.resolve = resolve;
      });
    });
  }
}
