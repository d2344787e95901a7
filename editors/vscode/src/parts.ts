/**
 * What GLM has written into one document and not finished: line by line, what was there before.
 *
 * Invariants: a part that somebody else touched is no longer one; taking back all parts
 * restores the lines before them and leaves every other line alone.
 */

import { changed, growth, touches } from "./lines";
import type { LineChange } from "./lines";

interface Part {
  readonly job: string;
  readonly start: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const extent = ({ start, after }: Part) => ({ start, end: start + after.length });

/** The parts of one document, in its order. */
export class Parts {
  private parts: Part[] = [];
  /** How many parts the user has touched. */
  left = 0;

  get count(): number {
    return this.parts.length;
  }

  /** Note what a job wrote into these lines. */
  write(job: string, lines: readonly string[], change: LineChange): void {
    const end = change.start + change.removed;
    const here = (part: Part) => joins(part, change);
    const old = this.parts.filter(here);
    const start = Math.min(change.start, ...old.map((part) => part.start));
    const to = Math.max(end, ...old.map((part) => extent(part).end));
    const before: string[] = [];
    let line = start;
    for (const part of old) {
      before.push(...lines.slice(line, part.start), ...part.before);
      line = extent(part).end;
    }
    before.push(...lines.slice(line, to));
    const after = changed(lines, change).slice(start, to + growth(change));
    const others = this.parts.filter((part) => !here(part));
    const above = others.filter((part) => part.start < end);
    const below = others.filter((part) => part.start >= end).map((part) => shifted(part, change));
    const same = before.length === after.length && before.every((text, at) => text === after[at]);
    this.parts = [...above, ...(same ? [] : [{ job, start, before, after }]), ...below];
  }

  /** Follow what somebody else did; what an undo of theirs took out is not left over. */
  touch(change: LineChange, undone: boolean): void {
    const kept = this.parts.filter((part) => !touches(extent(part), change));
    this.left += undone ? 0 : this.parts.length - kept.length;
    this.parts = kept.map((part) => shifted(part, change));
  }

  /** Forget the parts of a job that is finished. */
  finish(job: string): void {
    this.parts = this.parts.filter((part) => part.job !== job);
  }

  /** Forget all parts: they were taken back. */
  clear(): void {
    this.parts = [];
  }

  /** Return the changes that take all parts back, the last line first. */
  restoring(): LineChange[] {
    return this.parts
      .map(({ start, before, after }) => ({ start, removed: after.length, added: before }))
      .reverse();
  }
}

/** Return whether a change of GLM's goes on with a part. */
function joins(part: Part, change: LineChange): boolean {
  const nothing = part.after.length === 0 && change.removed === 0;
  return nothing ? part.start === change.start : touches(extent(part), change);
}

function shifted(part: Part, change: LineChange): Part {
  const below = part.start >= change.start + change.removed;
  return below ? { ...part, start: part.start + growth(change) } : part;
}
