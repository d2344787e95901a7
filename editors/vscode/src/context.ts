/**
 * Tells the server what the user's other tools and language servers know, when it asks.
 *
 * Invariant: nothing that our own server reported goes back to it; the answer comes within its time,
 * with what has come by then.
 */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import type { Context, ContextQuestion, Definition, Hover } from "./protocol";
import type { Reports } from "./reports";

const WITHIN = 700; // Milliseconds that others have to say what stands at a place.
const MOST_TEXT = 4000; // Characters of a hover.

type Place = vscode.Location | vscode.LocationLink;

/** Return what others say of a document and of places in it. */
export async function contextOf(
  client: LanguageClient,
  reports: Reports,
  { uri, positions, settle = false }: ContextQuestion,
): Promise<Context> {
  const name = client.protocol2CodeConverter.asUri(uri).toString();
  const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === name);
  const found: Context = { diagnostics: [], definitions: [], hovers: [], settled: false };
  if (!document) {
    return found;
  }
  await (settle && reports.settle(document));
  found.settled = settle ? reports.any(document) : reports.isKnown(document);
  await placesOf(client, document, positions.map((at) => client.protocol2CodeConverter.asPosition(at)), found);
  found.diagnostics = await client.code2ProtocolConverter.asDiagnostics(reports.of(document, settle));
  return { ...found, definitions: [...found.definitions], hovers: [...found.hovers] };
}

async function placesOf(
  { code2ProtocolConverter: converter }: LanguageClient,
  { uri }: vscode.TextDocument,
  positions: vscode.Position[],
  found: { definitions: Definition[]; hovers: Hover[] },
): Promise<void> {
  const ask = <T>(kind: string, at: vscode.Position) =>
    vscode.commands.executeCommand<T[] | undefined>(`vscode.execute${kind}Provider`, uri, at);
  const questions = positions.flatMap((at, position) => [
    ask<Place>("Definition", at).then((places) => {
      for (const place of places ?? []) {
        const [where, range] =
          "targetUri" in place ? [place.targetUri, place.targetRange] : [place.uri, place.range];
        found.definitions.push({ position, uri: converter.asUri(where), range: converter.asRange(range) });
      }
    }),
    ask<vscode.Hover>("Hover", at).then((hovers) => {
      const said = (hovers ?? []).flatMap(({ contents }) => contents.map((each) => (each instanceof vscode.MarkdownString ? each.value : "")));
      const text = said.join("\n\n").slice(0, MOST_TEXT);
      if (text.trim()) {
        found.hovers.push({ position, text });
      }
    }),
  ]);
  const tooLong = new Promise((resolve) => setTimeout(resolve, WITHIN));
  await Promise.race([Promise.allSettled(questions), positions.length > 0 && tooLong]);
}
