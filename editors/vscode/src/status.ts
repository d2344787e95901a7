/**
 * The status bar: what GLM is doing, with which model, what it cost; a menu on click.
 *
 * Invariant: it shows what the server said last, or that there is no server.
 */

import * as vscode from "vscode";

import type { State, Status } from "./protocol";

const LOOKS: Record<State, { icon: string; background?: string }> = {
  starting: { icon: "loading~spin" },
  ready: { icon: "sparkle" },
  working: { icon: "loading~spin" },
  limited: { icon: "watch", background: "statusBarItem.warningBackground" },
  error: { icon: "error", background: "statusBarItem.errorBackground" },
  off: { icon: "circle-slash" },
};

const RIGHT = vscode.StatusBarAlignment.Right;

/** The item in the status bar. */
export class StatusBar {
  message = ""; // What was said last.
  readonly item = vscode.window.createStatusBarItem("glm-lsp.status", RIGHT, 100);

  constructor() {
    this.item.name = "GLM";
    this.item.command = "glm-lsp.menu";
    this.off("The server starts with the first file.");
    this.item.show();
  }

  /** Say that there is no server, and why. */
  off(message: string, state: State = "off"): void {
    this.show({ state, model: "", message, tokens: 0, cost: null });
  }

  /** Show what the server said. */
  show(status: Status): void {
    const { state, model, message } = status;
    const { icon, background } = LOOKS[state];
    this.message = message;
    void vscode.commands.executeCommand("setContext", "glm-lsp.running", state !== "off");
    this.item.text = `$(${icon}) ${model || "GLM"}`;
    this.item.backgroundColor = background ? new vscode.ThemeColor(background) : undefined;
    const lines = [`GLM: ${state}`, message, model && `Model: ${model}`, model && usage(status)];
    this.item.tooltip = lines.filter(Boolean).join("\n");
    this.item.accessibilityInformation = { label: lines.slice(0, 2).filter(Boolean).join(", ") };
  }
}

function usage({ tokens, cost }: Status): string {
  // Not toLocaleString: what it loads was half of the activation's time.
  const grouped = String(tokens).replace(/\B(?=(\d{3})+$)/g, ",");
  return `Today: ${grouped} tokens${cost === null ? "" : `, about $${cost.toFixed(4)}`}`;
}
