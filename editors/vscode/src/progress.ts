/**
 * Shows work that can be cancelled as a notification with a Cancel button.
 *
 * The client's own progress goes to the status bar, where VS Code offers no way to cancel.
 * Invariant: short work shows no notification, and none stays after the work's end.
 */

import * as vscode from "vscode";
import { State, WorkDoneProgressCancelNotification } from "vscode-languageclient/node";
import type {
  LanguageClient,
  ProgressToken,
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from "vscode-languageclient/node";

const SHOWN_AFTER_MILLISECONDS = 700;

type Value = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

interface Work {
  title: string;
  message: string | undefined;
  report?: (message: string | undefined) => void;
  end?: () => void;
  timer: NodeJS.Timeout;
}

/** The work under way, by progress token. */
export class Progress {
  private readonly work = new Map<ProgressToken, Work>();

  /** Take a progress value; false when it is not one to show here. */
  take(client: LanguageClient, token: ProgressToken, value: Value): boolean {
    const known = this.work.get(token);
    if (value.kind === "begin" && value.cancellable === true) {
      const timer = setTimeout(() => {
        this.show(client, token);
      }, SHOWN_AFTER_MILLISECONDS);
      this.work.set(token, { title: value.title, message: value.message, timer });
      return true;
    }
    if (known && value.kind === "report") {
      known.message = value.message ?? known.message;
      known.report?.(known.message);
    }
    if (known && value.kind === "end") {
      this.end(token, known);
    }
    return known !== undefined;
  }

  /** Cancel everything that can be. */
  cancelAll(client: LanguageClient): void {
    for (const token of this.work.keys()) {
      cancel(client, token);
    }
  }

  /** End what a server that is gone left behind. */
  clear(): void {
    this.work.forEach((work, token) => {
      this.end(token, work);
    });
  }

  private end(token: ProgressToken, work: Work): void {
    clearTimeout(work.timer);
    work.end?.();
    this.work.delete(token);
  }

  private show(client: LanguageClient, token: ProgressToken): void {
    const work = this.work.get(token);
    if (!work) {
      return;
    }
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: work.title,
      cancellable: true,
    };
    void vscode.window.withProgress(options, (progress, cancelled) => {
      cancelled.onCancellationRequested(() => {
        cancel(client, token);
      });
      work.report = (message) => {
        progress.report({ message: message ?? "" });
      };
      work.report(work.message);
      return new Promise<void>((resolve) => {
        work.end = resolve;
      });
    });
  }
}

function cancel(client: LanguageClient, token: ProgressToken): void {
  if (client.state === State.Running) {
    void client.sendNotification(WorkDoneProgressCancelNotification.type, { token });
  }
}
