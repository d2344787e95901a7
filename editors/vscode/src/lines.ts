/**
 * Changes of a text as changes of whole lines, and where lines are after them.
 *
 * Invariant: a line that a change left as it was, in its place or moved as a whole, is never
 * counted among those it changed.
 */

interface Place {
  readonly line: number;
  readonly character: number;
}

/** What an editor reports: a range was replaced. */
export interface TextChange {
  readonly range: { readonly start: Place; readonly end: Place };
  readonly text: string;
}

/** Some lines were replaced by others; either may be none. */
export interface LineChange {
  readonly start: number;
  readonly removed: number;
  readonly added: readonly string[];
}

/** Lines from `start` up to `end`, which is not among them; none when they are equal. */
export interface Lines {
  readonly start: number;
  readonly end: number;
}

export const split = (text: string): string[] => text.split(/\r\n|\r|\n/);

/** Return the lines of a text that ends where its last line does. */
export function linesOf(text: string): string[] {
  return text === "" ? [] : split(text.replace(/(\r\n|\r|\n)$/, ""));
}

/** Return a change of a text of these lines as a change of whole lines. */
export function wholeLines(lines: readonly string[], { range, text }: TextChange): LineChange {
  const { start, end } = range;
  const [first, last] = [lines[start.line] ?? "", lines[end.line] ?? ""];
  const added = split(first.slice(0, start.character) + text + last.slice(end.character));
  const removed = end.line - start.line + 1;
  if (start.character === first.length && added[0] === first) {
    return { start: start.line + 1, removed: removed - 1, added: added.slice(1) };
  }
  if (end.character === 0 && added.at(-1) === last) {
    return { start: start.line, removed: removed - 1, added: added.slice(0, -1) };
  }
  return { start: start.line, removed, added };
}

/** Return the lines after a change: an array of its own. */
export function changed(lines: readonly string[], change: LineChange): string[] {
  const { start, removed, added } = change;
  return [...lines.slice(0, start), ...added, ...lines.slice(start + removed)];
}

/** Return by how many lines a change makes a text longer. */
export const growth = ({ removed, added }: LineChange): number => added.length - removed;

/** Return whether a change changes one of the lines, or comes between two of them. */
export function touches({ start, end }: Lines, { start: from, removed }: LineChange): boolean {
  const to = from + removed;
  return start < end || from < to ? start < to && from < end : false;
}

/** Return where lines are after a change; those it changed are stretched over it. */
export function moved(lines: Lines, change: LineChange): Lines {
  const { start: from, removed } = change;
  const to = from + removed;
  if (touches(lines, change)) {
    const start = Math.min(lines.start, from);
    return { start, end: Math.max(lines.end, to) + growth(change) };
  }
  const by = lines.start >= to ? growth(change) : 0;
  return { start: lines.start + by, end: lines.end + by };
}
