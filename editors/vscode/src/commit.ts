/**
 * Writes the message of what is staged into the box of VS Code's own git.
 *
 * Invariant: what is typed in the box while GLM is asked stays there until the user says otherwise.
 */

import * as vscode from "vscode";

import type { Server } from "./server";

/** What is used of the extension `vscode.git`. */
type Repository = Readonly<{ rootUri: vscode.Uri; inputBox: { value: string } }>;
type Git = Readonly<{ enabled: boolean; getAPI: (version: 1) => { readonly repositories: Repository[] } }>;

/** Write the message for a repository: the one whose button was pressed, or the active file's. */
export async function writeMessage(server: Server, pressed?: vscode.SourceControl): Promise<void> {
  const git = await vscode.extensions.getExtension<Git>("vscode.git")?.activate();
  const known = git?.enabled ? git.getAPI(1).repositories : [];
  const file = vscode.window.activeTextEditor?.document.uri.path ?? "";
  const its = known.find(({ rootUri }) => rootUri.toString() === pressed?.rootUri?.toString());
  const repository = its ?? known.find(({ rootUri }) => file.startsWith(`${rootUri.path}/`)) ?? known[0];
  if (repository === undefined) {
    await vscode.window.showInformationMessage("There is no git repository in this window.");
    return;
  }
  const { inputBox, rootUri } = repository;
  const begun = inputBox.value;
  const folder = (await server.ready())?.code2ProtocolConverter.asUri(rootUri);
  const answer = folder && (await server.run("glm.commitMessage", [{ folder, begun }]));
  const { message } = (answer ?? {}) as { message?: string };
  const asked = "You have typed in the box meanwhile. Replace that with GLM's message?";
  if (message && (inputBox.value === begun || (await vscode.window.showInformationMessage(asked, "Replace")))) {
    inputBox.value = message;
  }
}
