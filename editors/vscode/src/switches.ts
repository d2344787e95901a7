/**
 * Whether there is ghost text: asked, and switched.
 *
 * Invariant: this is what the server makes of the layers (see `careful` in its settings): what the
 * user or the workspace has switched off is off, so it is switched on wherever it is off.
 */

import * as vscode from "vscode";

import { levels, update } from "./settings";

const ENABLED = "completion.enabled";
const LANGUAGES = "completion.disabledLanguages";

const off = () => levels<boolean>(ENABLED).filter(({ value }) => value === false);

const offIn = (language: string) => levels<string[]>(LANGUAGES).filter(({ value }) => value?.includes(language));

const here = () => vscode.window.activeTextEditor?.document.languageId ?? "plaintext";

/** Return why there is no ghost text in a document, "" where there is. */
export function withoutGhostText({ languageId }: vscode.TextDocument): string {
  if (off().length > 0) {
    return "Completions are off.";
  }
  return offIn(languageId).length > 0 ? `Completions are off in ${languageId}.` : "";
}

/** Return whether there are completions, in words; and whether in the language of the active editor. */
export const state = () => (off().length > 0 ? "off" : "on");
export const stateHere = () => `${offIn(here()).length > 0 ? "off" : "on"} in ${here()}`;

/** Switch completions on or off; return a sentence about it. */
export async function toggleCompletions(): Promise<string> {
  const where = off();
  const on = where.length > 0;
  const [users] = levels<boolean>(ENABLED);
  const written = await Promise.all((on ? where : [users]).map((level) => update(ENABLED, on, level)));
  return `GLM completions are ${on ? "on" : "off"}${written.at(-1) ?? ""}`;
}

/** Switch completions on or off in the language of the active editor; return a sentence about it. */
export async function toggleCompletionsForLanguage(): Promise<string> {
  const language = here();
  const where = offIn(language);
  const on = where.length > 0;
  const [users] = levels<string[]>(LANGUAGES);
  const changed = ({ value = [] }: typeof users) => (on ? value.filter((each) => each !== language) : [...value, language]);
  const written = await Promise.all((on ? where : [users]).map((level) => update(LANGUAGES, changed(level), level)));
  return `GLM completions are ${on ? "on" : "off"} in ${language}${written.at(-1) ?? ""}`;
}
