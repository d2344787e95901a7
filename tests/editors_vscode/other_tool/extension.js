/** Another extension with a language server: what it reports and knows, VS Code shows. */

const { spawn } = require("node:child_process");
const vscode = require("vscode");

const python = { language: "python", scheme: "file" };

exports.activate = (context) => {
  const [command, ...args] = vscode.workspace.getConfiguration("otherTool").get("command");
  const problems = vscode.languages.createDiagnosticCollection("other");
  const server = spawn(command, args);
  const waiting = new Map();
  let input = Buffer.alloc(0);
  let last = 0;

  const send = (message) => {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    server.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
  const notify = (method, params) => send({ method, params });
  const ask = (method, params) => {
    const id = ++last;
    send({ id, method, params });
    return new Promise((resolve) => waiting.set(id, resolve));
  };
  const rangeOf = ({ start, end }) => new vscode.Range(start.line, start.character, end.line, end.character);
  const take = ({ id, result, params }) => {
    if (id !== undefined) {
      waiting.get(id)?.(result);
      return;
    }
    const found = params.diagnostics.map(({ range, message, source }) =>
      Object.assign(new vscode.Diagnostic(rangeOf(range), message), { source }),
    );
    problems.set(vscode.Uri.parse(params.uri), found);
  };
  server.stdout.on("data", (data) => {
    input = Buffer.concat([input, data]);
    for (;;) {
      const head = input.indexOf("\r\n\r\n");
      const length = head < 0 ? 0 : Number(/Content-Length: (\d+)/.exec(input.toString())[1]);
      if (head < 0 || input.length < head + 4 + length) {
        return;
      }
      take(JSON.parse(input.subarray(head + 4, head + 4 + length)));
      input = input.subarray(head + 4 + length);
    }
  });

  const at = (document, { line, character }) => ({
    textDocument: { uri: document.uri.toString() },
    position: { line, character },
  });
  const open = (document) => {
    if (vscode.languages.match(python, document)) {
      notify("textDocument/didOpen", { textDocument: { uri: document.uri.toString(), text: document.getText() } });
    }
  };
  const changed = ({ document, contentChanges }) => {
    if (contentChanges.length > 0 && vscode.languages.match(python, document)) {
      const contentChanges = [{ text: document.getText() }];
      notify("textDocument/didChange", { textDocument: { uri: document.uri.toString() }, contentChanges });
    }
  };
  void ask("initialize", {}).then(() => vscode.workspace.textDocuments.forEach(open));
  context.subscriptions.push(
    problems,
    { dispose: () => server.kill() },
    vscode.workspace.onDidOpenTextDocument(open),
    vscode.workspace.onDidChangeTextDocument(changed),
    vscode.languages.registerDefinitionProvider(python, {
      provideDefinition: async (document, position) => {
        const places = await ask("textDocument/definition", at(document, position));
        return (places ?? []).map(({ uri, range }) => new vscode.Location(vscode.Uri.parse(uri), rangeOf(range)));
      },
    }),
    vscode.languages.registerHoverProvider(python, {
      provideHover: async (document, position) => {
        const hover = await ask("textDocument/hover", at(document, position));
        return hover && new vscode.Hover(new vscode.MarkdownString(hover.contents.value));
      },
    }),
  );
};
