/**
 * Choosing whom GLM asks, and where, if that is not known.
 *
 * Invariant: nothing is changed before all is answered; an address goes with the provider that it
 * was given for.
 */

import * as vscode from "vscode";

import { effective, levels, update } from "./settings";
import type { Settings } from "./settings";
import type { Walkthrough } from "./walkthrough";

/** Ask for the provider, and for its address where it has none of its own. */
export async function pickProvider(settings: Settings, walkthrough: Walkthrough): Promise<void> {
  const current = settings.provider();
  const choices = settings.providers().map(({ name, about }) => ({
    label: name,
    description: name === current ? "in use" : "",
    detail: about,
  }));
  // The walkthrough, where this is asked for, may take the keyboard when it ticks a step.
  const chosen = await vscode.window.showQuickPick(choices, { title: "GLM: whom to ask?", ignoreFocusOut: true });
  const address = chosen?.label === "custom" ? await askAddress() : null;
  if (chosen === undefined || address === undefined) {
    return;
  }
  const [users] = levels("provider");
  if (address ?? effective<string | null>("baseUrl", null)) {
    await update("baseUrl", address ?? undefined, users);
  }
  await update("provider", chosen.label, users);
  walkthrough.succeeded("providerChosen");
}

function askAddress(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: "GLM: address of the model's server",
    prompt: "Up to where `/chat/completions` is appended.",
    placeHolder: "http://127.0.0.1:8000/v1",
    value: effective<string | null>("baseUrl", null) ?? "",
    ignoreFocusOut: true,
    validateInput: (text) => (/^https?:[/][/]./.test(text.trim()) ? undefined : "It begins with https:// or http://."),
  });
}
