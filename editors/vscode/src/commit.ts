/**
 * Writes the message of what is staged into the box of VS Code's own git.
 *
 * Invariant: what is typed in the box while GLM is asked stays there until the user says otherwise.
 */

import * as vscode from "vscode";

import type { Server } from "./server";

/** What is used of the extension `vscode.git`. */
interface Repository {
  readonly rootUri: vscode.Uri;
  readonly inputBox: { value: string };
}
interface Git {
  readonly enabled: boolean;
  getAPI(version: 1): { readonly repositories: Repository[] };
}

/** Write the message for a repository: the one whose button was pressed, or the active file's. */
export async function writeMessage(server: Server, pressed?: vscode.SourceControl): Promise<void> {
  const git = await vscode.extensions.getExtension<Git>("vscode.git")?.activate();
  const known = git?.enabled ? git.getAPI(1).repositories : [];
  const file = vscode.window.activeTextEditor?.document.uri.path ?? "";
  const its = ({ rootUri }: Repository) => rootUri.toString() === pressed?.rootUri?.toString();
  const around = ({ rootUri }: Repository) => file.startsWith(`${rootUri.path}/`);
  const repository = known.find(its) ?? known.find(around) ?? known[0];
  if (repository === undefined) {
    await vscode.window.showInformationMessage("There is no git repository in this window.");
    return;
  }
  const converter = (await server.ready())?.code2ProtocolConverter;
  if (!converter) {
    return;
  }
  const { inputBox, rootUri } = repository;
  const begun = inputBox.value;
  const answer = await server.run("glm.commitMessage", [{ folder: converter.asUri(rootUri), begun }]);
  const { message } = (answer ?? {}) as { message?: string };
  if (message && (inputBox.value === begun || (await replaces()))) {
    inputBox.value = message;
  }
}

async function replaces(): Promise<boolean> {
  const asked = "You have typed in the box meanwhile. Replace that with GLM's message?";
  return (await vscode.window.showInformationMessage(asked, "Replace")) !== undefined;
}
