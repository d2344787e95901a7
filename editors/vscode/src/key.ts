/**
 * The API key: asked for once, kept in VS Code's secret storage, one for each provider, and for each
 * address that is not a provider's own.
 *
 * Invariant: the key leaves this file only as the value that the server is started with;
 * it is in no setting, argument, environment or log.
 */

import * as vscode from "vscode";

import type { Settings } from "./settings";

/** The keys of this user. */
export class Keys {
  constructor(
    readonly secrets: vscode.SecretStorage,
    private readonly settings: Settings,
  ) {}

  /** Return the key of the provider in use. */
  get(): Thenable<string | undefined> {
    return this.secrets.get(this.name());
  }

  /** Ask for the key and keep it, after `given` was called; an empty answer removes it. */
  async ask(given?: () => void): Promise<void> {
    const value = await vscode.window.showInputBox({
      title: `GLM: API key of ${[this.settings.provider(), this.settings.origin()?.host].filter(Boolean).join(" at ")}`,
      prompt: "Kept in your editor's secret storage. Leave it empty to remove the key.",
      password: true,
      ignoreFocusOut: true,
    });
    if (value?.trim()) {
      given?.();
      await this.secrets.store(this.name(), value.trim());
    } else if (value !== undefined) {
      await this.secrets.delete(this.name());
    }
  }

  private name(): string {
    const own = this.settings.origin();
    return `apiKey.${this.settings.provider()}${own ? `@${own.origin}` : ""}`;
  }
}
