/**
 * Shows explanations as rendered Markdown beside the editor, while they are being written.
 *
 * VS Code's own preview takes the keyboard away and loads what a text links to; this page does neither.
 * Invariants: the keyboard stays where it is; the page runs no code that came with the text, loads nothing and
 * connects to nothing; who closes it is not shown that explanation again; each has a text of its own.
 */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

import type { Explanation } from "./protocol";

const REFRESH_MILLISECONDS = 60;
const MOST = 20;

const TAGS =
  "a blockquote br code del div em h1 h2 h3 h4 h5 h6 hr li ol p pre s span strong table tbody td th thead tr ul";

/** What the page asks for: a question, another explanation, a block of code to be copied or inserted. */
type Wish = Readonly<{ ask?: string; step?: number; copy?: string; insert?: string }>;

interface Kept {
  readonly title: string;
  readonly about: vscode.TextDocument | undefined;
  text: string;
  done: boolean;
}

/** The page beside the editor, with one of the explanations. */
export class Explanations {
  private panel: vscode.WebviewPanel | undefined;
  private readonly kept = new Map<string, Kept>();
  private job = "";
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly run: (command: string, args: unknown[]) => Promise<unknown>) {}

  /** Take a piece of an explanation; the first piece of a job opens the page. */
  add({ job, title, delta, done }: Explanation): void {
    let kept = this.kept.get(job);
    if (kept === undefined && !done) {
      const about = vscode.window.activeTextEditor?.document;
      this.kept.set(job, (kept = { title, about, text: `## ${title}\n\n`, done }));
      [...this.kept.keys()].slice(0, -MOST).forEach((old) => this.kept.delete(old));
      this.job = job;
      this.panel ??= this.create();
      this.panel.reveal(undefined, true);
    }
    if (kept !== undefined) {
      kept.text += delta;
      kept.done = done;
      this.timer ??= setTimeout(() => void this.render(), REFRESH_MILLISECONDS);
    }
  }

  /** Take nothing more of the jobs under way: their server is gone, and the next one counts anew. */
  clear(): void {
    this.kept.clear();
  }

  private create(): vscode.WebviewPanel {
    const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    const options = { enableScripts: true, enableFindWidget: true, localResourceRoots: [] };
    const panel = vscode.window.createWebviewPanel("glm-lsp", "GLM", column, options);
    panel.webview.html = page(randomBytes(16).toString("hex"));
    panel.webview.onDidReceiveMessage((wish: Wish) => this.grant(wish));
    panel.onDidChangeViewState(() => void this.render()); // A hidden page forgets.
    panel.onDidDispose(() => (this.panel = undefined));
    return panel;
  }

  private async grant({ ask, step = 0, copy, insert }: Wish): Promise<void> {
    const about = this.kept.get(this.job)?.about;
    if (ask) {
      await this.run("glm.followUp", [{ job: this.job, question: ask }]);
    } else if (copy !== undefined) {
      await vscode.env.clipboard.writeText(copy);
    } else if (insert !== undefined && about) {
      const editor = await vscode.window.showTextDocument(about, vscode.ViewColumn.One);
      await editor.edit((edit) => {
        edit.replace(editor.selection, insert);
      });
    } else {
      const jobs = [...this.kept.keys()];
      this.job = jobs[jobs.indexOf(this.job) + step] ?? this.job;
      await this.render();
    }
  }

  private async render(): Promise<void> {
    this.timer = undefined;
    const jobs = [...this.kept.keys()];
    const kept = this.kept.get(this.job);
    if (this.panel && kept) {
      this.panel.title = kept.title;
      const html: unknown = await vscode.commands.executeCommand("markdown.api.render", kept.text);
      const place = { at: jobs.indexOf(this.job) + 1, of: jobs.length };
      await this.panel.webview.postMessage({ html, ended: kept.done ? `${kept.title}: complete.` : "", ...place });
    }
  }
}

/**
 * Return the page: its one script, which the nonce allows, puts in the rendered text.
 *
 * The policy forbids to load, but not to connect ahead or to look a name up, as a `<link>` can: of
 * the text only what Markdown is made of gets in, looked through where it is inert; its end alone is announced.
 */
function page(nonce: string): string {
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<style>
  body { line-height: 1.5; padding: 0 1.5em 1em; max-width: 50em }
  pre { padding: 0.8em; overflow: auto; background: var(--vscode-textCodeBlock-background) } nav { float: right }
  button { color: inherit; background: none; border: 1px solid var(--vscode-widget-border); margin: 0 0.3em 0 0 }
  input { width: 100%; padding: 0.4em; color: inherit; background: var(--vscode-input-background); border: 1px solid var(--vscode-input-border, gray) }
  [role=status] { position: absolute; left: -99em } .hljs-keyword, .hljs-literal { color: var(--vscode-symbolIcon-keywordForeground) }
  .hljs-string, .hljs-number { color: var(--vscode-debugTokenExpression-string) }
</style></head><body><nav></nav><main></main><form hidden><input aria-label="Ask about this" placeholder="Ask about this…"></form><p role="status"></p><script nonce="${nonce}">
  const api = acquireVsCodeApi(), [nav, main, form, status] = document.querySelectorAll("nav, main, form, [role=status]");
  const tags = new Set("${TAGS}".split(" "));
  const isHarmless = ({ name, value }) => name === "class" || (name === "href" && /^https?:/i.test(value));
  const clean = (element) => {
    if (!tags.has(element.localName)) return element.remove();
    for (const each of [...element.attributes]) if (!isHarmless(each)) element.removeAttribute(each.name);
  };
  const button = (textContent, wish) =>
    Object.assign(document.createElement("button"), { textContent, onclick: () => api.postMessage(wish) });
  form.onsubmit = () => (api.postMessage({ ask: form.firstChild.value.trim() }), form.reset(), false);
  addEventListener("message", ({ data: { html, ended, at, of } }) => {
    const inert = document.createElement("template");
    inert.innerHTML = html;
    inert.content.querySelectorAll("*").forEach(clean);
    for (const each of inert.content.querySelectorAll("pre"))
      each.after(button("Copy", { copy: each.textContent }), button("Insert at Cursor", { insert: each.textContent }));
    main.replaceChildren(inert.content);
    nav.replaceChildren(...(of > 1 ? [button("‹", { step: -1 }), at + " / " + of + " ", button("›", { step: 1 })] : []));
    form.hidden = !ended;
    status.textContent = ended;
  });
</script></body></html>`;
}
