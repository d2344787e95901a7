/**
 * The status bar: what GLM is doing, with which model, what it cost; a menu on click.
 *
 * Invariant: it shows what the server said last, or that there is no server; where one looks, also
 * whether there is ghost text.
 */

import * as vscode from "vscode";

import type { State, Status } from "./protocol";
import { withoutGhostText } from "./switches";

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
  last: Status = { state: "off", model: "", message: "", tokens: 0, cost: null };
  remedy = ""; // The command that helps.
  readonly item = vscode.window.createStatusBarItem("glm-lsp.status", RIGHT, 100);

  constructor() {
    this.item.name = "GLM";
    this.item.command = "glm-lsp.menu";
    this.off("The server starts with the first file.");
    this.item.show();
  }

  /** Say that there is no server, and why, and which command helps. */
  off(message: string, state: State = "off", remedy = "restart"): void {
    this.show({ state, model: "", message, tokens: 0, cost: null });
    this.remedy = remedy;
  }

  /** Show what the server said. */
  show(status: Status): void {
    this.last = status;
    this.remedy = status.needs === "key" ? "setKey" : "";
    const { state } = status;
    learnt("running", state !== "off");
    this.refresh();
  }

  /** Show it as it is for the document in front. */
  refresh(): void {
    const { state, model } = this.last;
    const { icon, background } = LOOKS[state === "ready" && this.without() ? "off" : state];
    this.item.text = `$(${icon}) ${model || "GLM"}`;
    this.item.backgroundColor = background ? new vscode.ThemeColor(background) : undefined;
    const lines = [this.sentence(), model && `Model: ${model}`, model && usage(this.last)];
    this.item.tooltip = lines.filter(Boolean).join("\n");
    this.item.accessibilityInformation = { label: this.sentence() };
  }

  /** Return the state, and what is the matter. */
  sentence(): string {
    const { state, message } = this.last;
    const matter = state === "ready" ? this.without() : message;
    return [`GLM: ${state}`, matter].filter(Boolean).join(", ");
  }

  private without(): string {
    const { document } = vscode.window.activeTextEditor ?? {};
    return document ? withoutGhostText(document) : "";
  }
}

/** Have menus and keys know something of ours. */
export function learnt(what: string, value: unknown = true): void {
  void vscode.commands.executeCommand("setContext", `glm-lsp.${what}`, value);
}

/** Show a sentence beside the item for a while. */
export const say = (sentence: string) => vscode.window.setStatusBarMessage(sentence, 10_000);

function usage({ tokens, cost }: Status): string {
  // Not toLocaleString: what it loads was half of the activation's time.
  const grouped = String(tokens).replace(/\B(?=(\d{3})+$)/g, ",");
  return `Today: ${grouped} tokens${cost === null ? "" : `, about $${cost.toFixed(4)}`}`;
}
