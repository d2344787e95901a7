/**
 * Failures with buttons: what there is to do about an action that failed, done at one click.
 *
 * Invariant: what is asked again is the same command at the same lines, wherever typing has moved
 * them, and it is asked once.
 */

import * as vscode from "vscode";
import type { LanguageClient, MessageActionItem, Range, ShowMessageRequestParams } from "vscode-languageclient/node";

import type { Following } from "./following";
import { moved } from "./lines";
import type { Server } from "./server";

/** A command of the server, to be asked again. */
export interface Again {
  readonly command: string;
  readonly arguments: readonly { uri: string; range: Range; diagnostics: { range: Range }[] }[];
}

interface Button extends MessageActionItem {
  readonly does?: "key" | "settings" | "retry";
  readonly setting?: string;
  readonly again?: Again;
}

const { showErrorMessage, showInformationMessage, showWarningMessage } = vscode.window;
const SHOW = [showErrorMessage, showErrorMessage, showWarningMessage, showInformationMessage];

/** Show a message with its buttons, and do what the one does that is pressed. */
export async function offer(
  server: Server,
  client: LanguageClient,
  following: Following,
  { type, message, actions = [] }: ShowMessageRequestParams,
): Promise<MessageActionItem | null> {
  const buttons = actions as Button[];
  const again = buttons.find((button) => button.again)?.again;
  const where = again && track(client, following, again);
  const chosen = await (SHOW[type] ?? showInformationMessage)(message, ...buttons);
  if (chosen?.does === "settings") {
    void vscode.commands.executeCommand("workbench.action.openSettings", chosen.setting);
  } else if (chosen?.does === "key") {
    // The server is another one once there is a key: this one gets its answer before.
    void server.keys.ask(() => {
      server.askAfterStart(where?.());
    });
  }
  return chosen ?? null;
}

/** Follow a command's document; return what gives the command for the text as it is by then. */
function track(client: LanguageClient, following: Following, again: Again): () => Again {
  const [argument] = again.arguments;
  const asUri = client.code2ProtocolConverter.asUri.bind(client.code2ProtocolConverter);
  const document = vscode.workspace.textDocuments.find(({ uri }) => asUri(uri) === argument?.uri);
  if (!argument || !document) {
    return () => again;
  }
  following.follow(document);
  const { version } = document;
  return () => {
    const changes = following.since(document, version);
    const move = ({ start, end }: Range): Range => {
      const lines = changes.reduce(moved, { start: start.line, end: end.line + 1 });
      return { start: { ...start, line: lines.start }, end: { ...end, line: lines.end - 1 } };
    };
    const diagnostics = argument.diagnostics.map((each) => ({ ...each, range: move(each.range) }));
    return { ...again, arguments: [{ ...argument, range: move(argument.range), diagnostics }] };
  };
}
