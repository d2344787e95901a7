/**
 * Tells the server what the user's other tools say about a document.
 *
 * Invariant: nothing that our own server reported goes back to it.
 */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import type { Context, ContextQuestion } from "./protocol";

/** Return the problems that others see in a document. */
export async function contextOf(client: LanguageClient, { uri }: ContextQuestion): Promise<Context> {
  const document = client.protocol2CodeConverter.asUri(uri);
  const own = new Set(client.diagnostics?.get(document));
  const others = vscode.languages.getDiagnostics(document).filter((each) => !own.has(each));
  const diagnostics = await client.code2ProtocolConverter.asDiagnostics(others);
  return { diagnostics, definitions: [], hovers: [] };
}
