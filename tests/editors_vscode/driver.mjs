// Drives one page of VS Code for the tests, which are written in Python.
//
// Reads one JSON object a line, {id, call, args}, and answers {id, result} or {id, error}.
// `call` names a method of Playwright's page ("keyboard.press", "screenshot") or, with "$ ",
// a function of the page's own world, given as text. It ends with its standard input.

import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const [root, executablePath] = process.argv.slice(2);
const { chromium } = createRequire(`${root}/`)("playwright-core");

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
let page;

const calls = {
  async open({ url, width, height }) {
    const context = await browser.newContext({
      viewport: { width, height },
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const old = page?.context();
    page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await old?.close();
    await page.goto(url);
  },
  reload: async () => void (await page.reload()),
  // Wait until the text of some element that matches contains (or lacks) a text.
  async awaitText({ selector, text, gone, timeout }) {
    const found = page.locator(selector).filter({ hasText: text });
    await found.first().waitFor({ state: gone ? "hidden" : "visible", timeout });
    return gone ? "" : found.first().innerText();
  },
  async click({ selector, text, button }) {
    const found = page.locator(selector);
    await (text === undefined ? found : found.filter({ hasText: text })).first().click({ button });
  },
  hover: async ({ selector }) => void (await page.locator(selector).first().hover()),
  async texts({ selector }) {
    return page.locator(selector).allInnerTexts();
  },
  // In the order in which they are seen: VS Code adds those that come into view at either end.
  async lines({ selector }) {
    return page.locator(selector).evaluateAll(([first]) =>
      [...(first?.children ?? [])]
        .sort((one, other) => parseFloat(one.style.top) - parseFloat(other.style.top))
        .map((line) => line.innerText),
    );
  },
  async attributes({ selector, name }) {
    return page.locator(selector).evaluateAll((all, key) => all.map((e) => e.getAttribute(key)), name);
  },
  // The texts of all frames: webviews keep theirs in frames of their own.
  async drawn({ selector }) {
    const contents = (all) => all.map((e) => getComputedStyle(e, "::after").content);
    return page.locator(selector).evaluateAll(contents);
  },
  async frames() {
    const texts = await Promise.all(
      page.frames().map((frame) => frame.evaluate(() => document.body?.innerText ?? "").catch(() => "")),
    );
    return texts.filter(Boolean);
  },
  // Click, or fill in and press Enter, in the one frame that has such an element.
  async inFrame({ selector, text, fill }) {
    for (const frame of page.frames().filter((each) => each !== page.mainFrame())) {
      const found = frame.locator(selector, text === undefined ? {} : { hasText: text });
      if ((await found.count().catch(() => 0)) === 0) continue;
      await (fill === undefined ? found.first().click() : found.first().fill(fill));
      if (fill !== undefined) await found.first().press("Enter");
      return;
    }
    throw new Error(`no frame has ${selector}`);
  },
  // The widths of all pictures in the frames' pages; 0 for what could not be shown.
  async pictures() {
    const widths = await Promise.all(
      page.frames().map((frame) =>
        frame.evaluate(() => [...document.images].map((image) => image.naturalWidth)).catch(() => []),
      ),
    );
    return widths.flat();
  },
  press: ({ key, delay }) => page.keyboard.press(key, { delay }),
  type: ({ text, delay }) => page.keyboard.type(text, { delay }),
  // Many keys in one go, as fast as somebody types: {press} or {type}, each after a pause.
  async play({ keys, pause }) {
    for (const { press, type } of keys) {
      await (type === undefined ? page.keyboard.press(press) : page.keyboard.type(type, { delay: pause }));
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  },
  clipboard: () => page.evaluate(() => navigator.clipboard.readText()),
  // From the clipboard: what is typed would have brackets and quotes closed.
  async paste({ text }) {
    await page.evaluate((words) => navigator.clipboard.writeText(words), text);
    await page.keyboard.press("Control+v");
  },
  screenshot: async ({ path }) => void (await page.screenshot({ path })),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, call, args } = JSON.parse(line);
  try {
    const result = await calls[call](args);
    console.log(JSON.stringify({ id, result: result ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ id, error: String(error.message ?? error) }));
  }
}
await browser.close();
