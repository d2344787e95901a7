/**
 * The status bar: what GLM is doing, with which model, what today cost; a menu on click.
 *
 * Invariant: it shows what the server said last, or that there is no server.
 */

import * as vscode from "vscode";

import type { State, Status } from "./protocol";

const ICONS: Record<State, string> = {
  ready: "$(sparkle)",
  working: "$(loading~spin)",
  limited: "$(watch)",
  error: "$(error)",
  off: "$(circle-slash)",
};

const BACKGROUNDS: Partial<Record<State, string>> = {
  limited: "statusBarItem.warningBackground",
  error: "statusBarItem.errorBackground",
};

/** The item in the status bar. */
export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem(
    "glm-lsp.status",
    vscode.StatusBarAlignment.Right,
    100,
  );

  constructor() {
    this.item.name = "GLM";
    this.item.command = "glm-lsp.menu";
    this.off("The server is not running.");
    this.item.show();
  }

  dispose(): void {
    this.item.dispose();
  }

  /** Say that there is no server, and why. */
  off(message: string): void {
    this.show({ state: "off", model: "", message, tokens: 0, cost: null });
  }

  /** Show what the server said. */
  show(status: Status): void {
    const { state, model, message } = status;
    const background = BACKGROUNDS[state];
    this.item.text = `${ICONS[state]} ${model || "GLM"}`;
    this.item.backgroundColor = background ? new vscode.ThemeColor(background) : undefined;
    const label = [`GLM: ${state}`, message].filter(Boolean).join(", ");
    this.item.accessibilityInformation = { label };
    const lines = [`**GLM** ${state}`, model && `Model: ${model}`, escaped(message), usage(status)];
    this.item.tooltip = new vscode.MarkdownString(lines.filter(Boolean).join("  \n"));
  }
}

function usage(status: Status): string {
  const tokens = `Today: ${status.tokens.toLocaleString("en")} tokens`;
  return status.cost === null ? tokens : `${tokens}, about $${status.cost.toFixed(4)}`;
}

function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>]/g, "\\$&");
}
