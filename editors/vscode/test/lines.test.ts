import assert from "node:assert/strict";
import { test } from "node:test";

import { changed, growth, linesOf, moved, touches, wholeLines } from "../src/lines";
import type { LineChange, TextChange } from "../src/lines";
import { Parts } from "../src/parts";

const TEXT = ["zero", "one", "two", "", "four"];

function replace(from: [number, number], to: [number, number], text: string): TextChange {
  const [start, end] = [from, to].map(([line, character]) => ({ line, character }));
  assert(start && end);
  return { range: { start, end }, text };
}

const line = (start: number, removed: number, ...added: string[]) => ({ start, removed, added });

const CASES: [string, TextChange, LineChange][] = [
  ["a letter changes its line", replace([1, 1], [1, 1], "x"), line(1, 1, "oxne")],
  ["Enter at a line's end adds a line below", replace([1, 3], [1, 3], "\n  "), line(2, 0, "  ")],
  ["Enter at a line's start adds one above", replace([1, 0], [1, 0], "\n"), line(1, 0, "")],
  ["Enter within splits the line", replace([1, 1], [1, 1], "\n"), line(1, 1, "o", "ne")],
  ["a deleted line is its own", replace([1, 0], [2, 0], ""), line(1, 1)],
  ["the last line goes with the end before it", replace([3, 0], [4, 4], ""), line(4, 1)],
  ["joining changes both", replace([1, 3], [2, 0], " "), line(1, 2, "one two")],
  ["joining with an empty one leaves the other", replace([2, 3], [3, 0], ""), line(3, 1)],
  ["a line put in is new", replace([2, 0], [2, 0], "a\r\nb\n"), line(2, 0, "a", "b")],
];

for (const [name, change, wanted] of CASES) {
  void test(`as whole lines: ${name}`, () => {
    assert.deepEqual(wholeLines(TEXT, change), wanted);
  });
}

void test("lines stay, move, or are stretched over what changed them", () => {
  const here = { start: 3, end: 5 };
  assert.deepEqual(moved(here, line(0, 1, "a", "b")), { start: 4, end: 6 });
  assert.deepEqual(moved(here, line(3, 0, "a")), { start: 4, end: 6 });
  assert.deepEqual(moved(here, line(5, 0, "a")), here);
  assert.deepEqual(moved(here, line(4, 0, "a")), { start: 3, end: 6 });
  assert.deepEqual(moved(here, line(2, 2)), { start: 2, end: 3 });
  assert.deepEqual(moved({ start: 3, end: 3 }, line(0, 5)), { start: 0, end: 0 });
});

void test("a text's lines are counted without its last line end", () => {
  assert.deepEqual(linesOf(""), []);
  assert.deepEqual(linesOf("\n"), [""]);
  assert.deepEqual(linesOf("a\r\nb\n"), ["a", "b"]);
  assert.deepEqual(linesOf("a\n\n"), ["a", ""]);
});

/** A generator of numbers below a bound: the same for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed + 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** GLM rewrites at random and a user changes lines that GLM has not touched. */
function scene(seed: number, typing: boolean) {
  const below = chance(seed);
  const parts = new Parts();
  const original = Array.from({ length: 12 }, (_, at) => `original ${at}`);
  let [text, wanted] = [original, original]; // With GLM's lines; without.
  for (let round = 0; round < 15; round++) {
    const start = below(text.length + 1);
    const removed = below(Math.min(3, text.length - start + 1));
    const users = text.slice(start, start + removed).some((each) => each.startsWith("user"));
    if (!users && (!typing || below(2) === 0)) {
      const change = line(start, removed, ...Array<string>(below(3)).fill(`glm ${round}`));
      parts.write("job", text, change);
      text = changed(text, change);
    } else if (typing) {
      const at = below(text.length);
      const there = wanted.indexOf(text[at] ?? "");
      if (there >= 0) {
        const added = below(2) === 0 ? [] : [`user ${round}`];
        parts.touch(line(at, 1, ...added), false);
        text = changed(text, line(at, 1, ...added));
        wanted = changed(wanted, line(there, 1, ...added));
      }
    }
  }
  const restored = parts.restoring().reduce(changed, text);
  return { parts, restored, wanted };
}

void test("taking back what GLM wrote restores the text, whatever it wrote in which order", () => {
  for (let seed = 0; seed < 3000; seed++) {
    const { restored, wanted } = scene(seed, false);
    assert.deepEqual(restored, wanted, `seed ${seed}`);
  }
});

void test("what a user did to other lines stays when GLM's are taken back", () => {
  for (let seed = 0; seed < 3000; seed++) {
    const { parts, restored, wanted } = scene(seed, true);
    assert.deepEqual([...restored].sort(), [...wanted].sort(), `seed ${seed}`);
    assert.equal(parts.left, 0);
  }
});

void test("a part that a user touched is left, and counted; the others are taken back", () => {
  const parts = new Parts();
  const text = ["a", "b", "c"];
  parts.write("job", text, line(0, 1, "A"));
  parts.write("job", ["A", "b", "c"], line(2, 1, "C", "D"));
  parts.touch(line(0, 1, "Ax"), false);
  assert.equal(parts.left, 1);
  assert.deepEqual(parts.restoring(), [line(2, 2, "c")]);
});

void test("what an undo took out is not counted as left", () => {
  const parts = new Parts();
  parts.write("job", ["a", "b"], line(0, 1, "A"));
  parts.touch(line(0, 1, "a"), true);
  assert.equal(parts.left, 0);
  assert.equal(parts.count, 0);
});

void test("a change that is finished is not taken back", () => {
  const parts = new Parts();
  parts.write("one", ["a", "b"], line(0, 1, "A"));
  parts.write("two", ["A", "b"], line(1, 1, "B"));
  parts.finish("one");
  assert.deepEqual(parts.restoring(), [line(1, 1, "b")]);
});

void test("touching is by line, and an insertion touches what it comes between", () => {
  assert(touches({ start: 1, end: 3 }, line(2, 0, "x")));
  assert(!touches({ start: 1, end: 3 }, line(3, 0, "x")));
  assert(!touches({ start: 1, end: 1 }, line(1, 0, "x")));
  assert(touches({ start: 2, end: 2 }, line(1, 2)));
  assert.equal(growth(line(1, 2, "a")), -1);
});
