/**
 * The API key: asked for once, kept in VS Code's secret storage, one for each provider.
 *
 * Invariant: the key leaves this file only as the value that the server is started with;
 * it is in no setting, argument, environment or log.
 */

import * as vscode from "vscode";

import type { Settings } from "./settings";

/** The keys of this user. */
export class Keys {
  private asked = false;

  constructor(
    private readonly secrets: vscode.SecretStorage,
    private readonly settings: Settings,
  ) {}

  /** Return the key of the provider in use. */
  get(): Thenable<string | undefined> {
    return this.secrets.get(this.name());
  }

  /** Fires when a key was set or removed, in this window or another. */
  get onDidChange(): vscode.Event<vscode.SecretStorageChangeEvent> {
    return this.secrets.onDidChange;
  }

  /** Ask for the key and keep it; an empty answer removes it. */
  async ask(): Promise<void> {
    const provider = this.settings.provider();
    const value = await vscode.window.showInputBox({
      title: `GLM: API key of ${provider}`,
      prompt: "Kept in your editor's secret storage. Leave it empty to remove the key.",
      password: true,
      ignoreFocusOut: true,
    });
    if (value === undefined) {
      return;
    }
    if (value.trim()) {
      await this.secrets.store(this.name(), value.trim());
    } else {
      await this.secrets.delete(this.name());
    }
  }

  /** Offer to set the key, once in this window, in the server's words. */
  async offer(message: string): Promise<void> {
    if (this.asked) {
      return;
    }
    this.asked = true;
    if (await vscode.window.showWarningMessage(`GLM: ${message}`, "Set Key")) {
      await this.ask();
    }
  }

  private name(): string {
    return `apiKey.${this.settings.provider()}`;
  }
}
