/**
 * The messages of our own, mirrored from `glm_lsp/lsp/extension.py`.
 *
 * Invariant: each is optional; `announced` tells the server which ones this client takes.
 */

import { NotificationType, RequestType } from "vscode-languageclient/node";
import type { Diagnostic, Position, Range, TextDocumentPositionParams, WorkspaceEdit } from "vscode-languageclient/node";

/**
 * What goes to the server as `capabilities.experimental.glm`; `machineScoped`: here no folder
 * sets the provider, the address, the headers or the prices.
 */
export const announced = {
  machineScoped: true,
  applyEdit: true,
  explanation: true,
  status: true,
  context: true,
  changes: true,
  buttons: ["key", "settings"],
};

/** The section of what the user set, which the server asks for besides "glm". */
export const usersSection = "glm.user";

/**
 * A piece of a streamed edit; everything from `first` to `last` is one undo step. An edit of
 * no document only ends that step.
 */
export interface ApplyEdit {
  edit: WorkspaceEdit;
  job: string;
  first: boolean;
  last: boolean;
}

/** `version` is the document's that holds exactly this edit, null when that is not known. */
export interface Applied {
  applied: boolean;
  version: number | null;
}

/** A run of lines of a change: `range` is whole lines, where it is or where it would be. */
export interface Hunk {
  hunk: number;
  range: Range;
  before: string;
  after: string;
}

/** A change that is in the document (`made`), or waits for the user's word (`offered`). */
export interface Change {
  job: string;
  title: string;
  state: "made" | "offered";
  fault: string | null;
  hunks: Hunk[];
}

/** All changes of a document; their ranges are those of its `version`. */
export interface DocumentChanges {
  uri: string;
  version: number | null;
  changes: Change[];
}

/**
 * Asks what other tools know about a document, and about places in it. With `settle` the answer waits
 * until they have reported on the text as it is.
 */
export interface ContextQuestion {
  uri: string;
  positions: Position[];
  settle?: boolean;
}

/** Where something is defined; `position` is the number of the place that was asked about. */
export interface Definition {
  position: number;
  uri: string;
  range: Range;
}

/** What is said of a place, in Markdown. */
export interface Hover {
  position: number;
  text: string;
}

/** What they know; the problems are the whole document's. `settled`: they are of the text as it is. */
export interface Context {
  diagnostics: Diagnostic[];
  definitions: Definition[];
  hovers: Hover[];
  settled: boolean;
}

/** A piece of an explanation, in Markdown; `done` ends it. */
export interface Explanation {
  job: string;
  uri: string;
  range: Range;
  title: string;
  delta: string;
  done: boolean;
}

/** `starting` is said by this client itself. */
export type State = "starting" | "ready" | "working" | "limited" | "error" | "off";

/** The state, and today's tokens and estimated USD; `needs` names what only the user can give. */
export interface Status {
  state: State;
  model: string;
  message: string;
  tokens: number;
  cost: number | null;
  needs?: "key" | null;
}

/** A line that waits for the change that the user has just made; `range` is the whole line, in the file `uri` if it is another. */
export interface NextEdit {
  uri?: string;
  range: Range;
  text: string;
  before: string;
  reason: string;
}

/** What made us ask: GLM is asked only when a changed line was left, or new problems came. */
type NextEditParams = TextDocumentPositionParams & { context: { trigger: string } };
/** What waits in that version of a document, the next one first. */
export interface WaitingEdits {
  version?: number;
  edits: NextEdit[];
  elsewhere?: NextEdit[];
}

export const applyEditRequest = new RequestType<ApplyEdit, Applied, void>("glm/applyEdit");
export const contextRequest = new RequestType<ContextQuestion, Context, void>("glm/context");
export const nextEditRequest = new RequestType<NextEditParams, WaitingEdits, void>("glm/nextEdit");
export const changesNotification = new NotificationType<DocumentChanges>("glm/changes");
export const explanationNotification = new NotificationType<Explanation>("glm/explanation");
export const statusNotification = new NotificationType<Status>("glm/status");
