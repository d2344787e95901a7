// Records every change of one document as VS Code tells it, and does what the fuzz asks.
//
// It connects to the port in GLM_RECORDER_PORT, reads one JSON object a line, {call, args}, and
// answers {result} or {error}. Invariant: replaying the log from the text at `attach` leads to
// the text now. Offsets count characters (code points), and a line ends with a line feed.

const vscode = require("vscode");
const { connect } = require("node:net");
const { createInterface } = require("node:readline");

let document;
let shadow = ""; // As VS Code has it: UTF-16, with the file's own line ends.
let log = [];

const plain = (text) => text.replaceAll("\r\n", "\n");
const length = (text) => [...plain(text)].length;
const REASONS = { 1: "undo", 2: "redo" };

function record({ document: changed, contentChanges, reason }) {
  if (changed !== document) {
    return;
  }
  for (const { rangeOffset, rangeLength, text } of contentChanges) {
    const old = shadow.slice(rangeOffset, rangeOffset + rangeLength);
    log.push({
      version: changed.version,
      start: length(shadow.slice(0, rangeOffset)),
      old: plain(old),
      new: plain(text),
      reason: REASONS[reason] ?? null,
    });
    shadow = shadow.slice(0, rangeOffset) + text + shadow.slice(rangeOffset + rangeLength);
  }
}

const calls = {
  async open({ path }) {
    document = await vscode.workspace.openTextDocument(path);
    await vscode.window.showTextDocument(document, { preview: false });
    shadow = document.getText();
    log = [];
    return document.uri.toString();
  },
  execute: ({ command, args }) => vscode.commands.executeCommand(command, ...args),
  commands: () => vscode.commands.getCommands(true),
  // As a click with the mouse does; it is there when an answer comes from behind it.
  async place({ line, column }) {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document === document) {
      const place = document.validatePosition(new vscode.Position(line, column));
      editor.selection = new vscode.Selection(place, place);
      editor.revealRange(editor.selection);
      await vscode.commands.executeCommand("setContext", "glm-recorder", line);
    }
  },
  // What VS Code has to tell has been told when an answer comes from behind it.
  async take() {
    await vscode.commands.executeCommand("setContext", "glm-recorder", log.length);
    return { log, text: plain(shadow), same: shadow === document.getText(), version: document.version };
  },
  async undo() {
    const before = document.version;
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand("undo");
    return document.version !== before;
  },
  async close() {
    await document.save();
    await vscode.window.tabGroups.close(vscode.window.tabGroups.all.flatMap((group) => group.tabs));
    await vscode.commands.executeCommand("notifications.clearAll");
    document = undefined;
  },
};

exports.activate = (context) => {
  context.subscriptions.push(vscode.workspace.onDidChangeTextDocument(record));
  const socket = connect(Number(process.env.GLM_RECORDER_PORT), "127.0.0.1");
  socket.on("error", () => undefined);
  createInterface({ input: socket }).on("line", async (line) => {
    const { call, args } = JSON.parse(line);
    try {
      socket.write(JSON.stringify({ result: (await calls[call](args)) ?? null }) + "\n");
    } catch (error) {
      socket.write(JSON.stringify({ error: String(error.stack ?? error) }) + "\n");
    }
  });
};
