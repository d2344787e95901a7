"""A small language server beside GLM's: undefined names, definitions and hovers of Python.

It stands for whatever other server a user has. It is a program of its own that speaks LSP on its
standard streams, needs nothing but Python, and reports a moment after each change, as they do.
"""

from __future__ import annotations

import ast
import builtins
import json
import re
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

DELAY = 0.15  # Seconds from a change to a report.
CAPABILITIES = {
    "textDocumentSync": {"openClose": True, "change": 1},
    "definitionProvider": True,
    "hoverProvider": True,
}


class OtherServer:
    """The documents of one editor, and what is to be said of them."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def serve(self) -> None:
        """Serve until the editor ends the session."""
        while (message := _read()) is not None:
            method, params = message.get("method", ""), message.get("params") or {}
            if method == "exit":
                return
            if "id" in message:
                self._send({"id": message["id"], "result": self._answer(method, params)})
            elif method in ("textDocument/didOpen", "textDocument/didChange"):
                document = params["textDocument"]
                changes = params.get("contentChanges") or [document]
                self._texts[document["uri"]] = changes[-1]["text"]
                self._report_soon(document["uri"])

    def _answer(self, method: str, params: Any) -> Any:
        if method == "initialize":
            return {"capabilities": CAPABILITIES}
        if method not in ("textDocument/definition", "textDocument/hover"):
            return None
        uri, position = params["textDocument"]["uri"], params["position"]
        found = self._find(uri, position["line"], position["character"])
        if found is None:
            return None
        where, line, signature = found
        if method == "textDocument/hover":
            return {"contents": {"kind": "markdown", "value": f"```python\n{signature}\n```"}}
        start = {"line": line, "character": 0}
        return [{"uri": where, "range": {"start": start, "end": start}}]

    def _find(self, uri: str, line: int, column: int) -> tuple[str, int, str] | None:
        """Return where the name at a place is defined: in this file, or where it is from."""
        text = self._texts[uri]
        words = re.finditer(r"\w+", text.split("\n")[line])
        name = next((w.group() for w in words if w.start() <= column <= w.end()), "")
        source = re.search(rf"from (\w+) import [\w, ]*\b{name}\b", text)
        if source is not None:
            path = Path(unquote(urlparse(uri).path)).with_name(f"{source[1]}.py")
            uri, text = path.as_uri(), path.read_text("utf-8")
        for number, content in enumerate(text.split("\n")):
            if name and re.match(rf"\s*(?:def|class) {name}\b", content):
                return uri, number, content.strip().rstrip(":")
        return None

    def _report_soon(self, uri: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(DELAY, self._report, [uri])
        self._timer.daemon = True
        self._timer.start()

    def _report(self, uri: str) -> None:
        found = [
            {
                "range": {
                    "start": {"line": line, "character": column},
                    "end": {"line": line, "character": column + len(name)},
                },
                "message": f"undefined name '{name}'",
                "severity": 1,
                "source": "names",
            }
            for name, line, column in undefined(self._texts[uri])
        ]
        params = {"uri": uri, "diagnostics": found}
        self._send({"method": "textDocument/publishDiagnostics", "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        with self._lock:
            sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            sys.stdout.buffer.flush()


def undefined(text: str) -> list[tuple[str, int, int]]:
    """Return the names that a module uses and never binds, with their lines and columns."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except SyntaxError as error:
        return [("(syntax)", (error.lineno or 1) - 1, 0)]
    bound = set(dir(builtins))
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
    used = [node for node in nodes if isinstance(node, ast.Name)]
    return [(n.id, n.lineno - 1, n.col_offset) for n in used if n.id not in bound]


def _read() -> dict[str, Any] | None:
    """Read a message; None at the end of the input."""
    length = 0
    while line := sys.stdin.buffer.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    message: dict[str, Any] | None = json.loads(sys.stdin.buffer.read(length)) if length else None
    return message


if __name__ == "__main__":
    OtherServer().serve()
