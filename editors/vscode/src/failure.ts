/**
 * Messages with buttons: what there is to do about an action that failed, done at one click.
 *
 * Invariant: what is asked again is asked once, at the same lines, wherever typing has moved them.
 */

import * as vscode from "vscode";
import type { LanguageClient, MessageActionItem, Range, ShowMessageRequestParams } from "vscode-languageclient/node";

import type { Following } from "./following";
import { moved } from "./lines";
import type { Server } from "./server";

/** A command of the server, to be asked again. */
export interface Again {
  readonly command: string;
  readonly arguments: [{ uri: string; range: Range; diagnostics: { range: Range }[] }];
}

type Button = MessageActionItem & { readonly setting?: string; readonly again?: Again };

const { showErrorMessage, showInformationMessage, showWarningMessage } = vscode.window;

/** Show a message of one of LSP's types: 1 is an error, 2 a warning. */
export const show = <T extends vscode.MessageItem>(type: number, message: string, ...buttons: T[]) =>
  (type === 1 ? showErrorMessage : type === 2 ? showWarningMessage : showInformationMessage)(message, ...buttons);

/** Show a message with its buttons, and do what the one does that is pressed. */
export async function offer(
  { code2ProtocolConverter: converter }: LanguageClient,
  server: Server,
  following: Following,
  { type, message, actions = [] }: ShowMessageRequestParams,
): Promise<MessageActionItem | null> {
  const buttons: Button[] = actions;
  const again = buttons.find((button) => button.again)?.again;
  const meant = vscode.workspace.textDocuments.find(({ uri }) => converter.asUri(uri) === again?.arguments[0].uri);
  const version = meant?.version ?? 0;
  const chosen = await show(type, message, ...buttons);
  if (chosen?.setting) {
    void vscode.commands.executeCommand("workbench.action.openSettings", chosen.setting);
  } else if (chosen && chosen === buttons.find((button) => button.does === "key")) {
    // The server is another one once there is a key: this one gets its answer before.
    void server.keys.ask(() => {
      const changes = meant ? following.since(meant, version) : [];
      const move = (range: Range): Range => {
        const lines = changes.reduce(moved, { start: range.start.line, end: range.end.line + 1 });
        const { start, end } = range;
        return { start: { ...start, line: lines.start }, end: { ...end, line: lines.end - 1 } };
      };
      const text = JSON.stringify(again ?? null);
      server.again = JSON.parse(text, (name, value: Range) => (name === "range" ? move(value) : value)) as Again | null;
    });
  }
  return chosen ?? null;
}
