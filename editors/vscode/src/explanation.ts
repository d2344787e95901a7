/**
 * Shows an explanation as rendered Markdown beside the editor, while it is being written.
 *
 * VS Code's own preview takes the keyboard away and loads what a text links to; this page does
 * neither. Invariants: the keyboard stays where it is; the page runs no code that came with the
 * text, loads nothing and connects to nothing; a user who closes it is not shown that explanation
 * again.
 */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

import type { Explanation } from "./protocol";

const REFRESH_MILLISECONDS = 60;

const TAGS =
  "a blockquote br code del div em h1 h2 h3 h4 h5 h6 hr li ol p pre s span strong table tbody td th thead tr ul";

/** The page beside the editor, with the latest explanation. */
export class Explanations {
  private panel: vscode.WebviewPanel | undefined;
  private job = "";
  private text = "";
  private timer: NodeJS.Timeout | undefined;

  /** Take a piece of an explanation; the first piece of a job opens the page. */
  add({ job, title, delta, done }: Explanation): void {
    if (job !== this.job && !done) {
      this.job = job;
      this.text = `## ${title}\n\n`;
      this.panel ??= this.create();
      this.panel.title = title;
      this.panel.reveal(undefined, true);
    }
    if (job === this.job) {
      this.text += delta;
      this.timer ??= setTimeout(() => void this.render(), REFRESH_MILLISECONDS);
    }
  }

  /** Take nothing more of the job under way: its server is gone, and the next one counts anew. */
  clear(): void {
    this.job = "";
  }

  private create(): vscode.WebviewPanel {
    const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    const options = { enableScripts: true, enableFindWidget: true, localResourceRoots: [] };
    const panel = vscode.window.createWebviewPanel("glm-lsp", "GLM", column, options);
    panel.webview.html = page(randomBytes(16).toString("hex"));
    panel.onDidChangeViewState(() => void this.render()); // A hidden page forgets.
    panel.onDidDispose(() => (this.panel = undefined));
    return panel;
  }

  private async render(): Promise<void> {
    this.timer = undefined;
    const html: unknown = await vscode.commands.executeCommand("markdown.api.render", this.text);
    await this.panel?.webview.postMessage(html);
  }
}

/**
 * Return the page: its one script, which the nonce allows, puts in the rendered text.
 *
 * The policy forbids to load, but not to connect ahead or to look a name up, as a `<link>` can: of
 * the text only what Markdown is made of gets in, and it is looked through where it is inert yet.
 */
function page(nonce: string): string {
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<style>
  body { line-height: 1.5; padding: 0 1.5em 1em; max-width: 50em }
  pre { padding: 0.8em; overflow: auto; background: var(--vscode-textCodeBlock-background) }
  .hljs-keyword, .hljs-literal { color: var(--vscode-symbolIcon-keywordForeground) }
  .hljs-string, .hljs-number { color: var(--vscode-debugTokenExpression-string) }
</style></head><body><main aria-live="polite"></main><script nonce="${nonce}">
  const tags = new Set("${TAGS}".split(" "));
  const isHarmless = ({ name, value }) => name === "class" || (name === "href" && /^https?:/i.test(value));
  const clean = (element) => {
    if (!tags.has(element.localName)) return element.remove();
    for (const each of [...element.attributes]) if (!isHarmless(each)) element.removeAttribute(each.name);
  };
  addEventListener("message", ({ data }) => {
    const inert = document.createElement("template");
    inert.innerHTML = data;
    inert.content.querySelectorAll("*").forEach(clean);
    document.querySelector("main").replaceChildren(inert.content);
  });
</script></body></html>`;
}
