"""Plays an editor's part again, as `editors_vscode/relay.py log` wrote it down.

    python -m tests.replay TALK.jsonl [--answer FILE] [-- COMMAND…]

The client's messages of the record go to a new server, each once the answers and requests have
come that had come before it; then what came is compared with the record. The model is a file:
every question is answered with its text. Nothing leaves this machine.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import IO, Any

from tests.gateway import Gateway, chat_stream

_SILENCE = 3.0  # Seconds without a message after which the next of the client's is sent anyway.
_AFTERWARDS = 0.5  # Seconds in which something may come that had not come before.
_WHENEVER = ("glm/status", "$/progress")  # They come as time goes, not in answer to anything.
_OURS = ("provider", "baseUrl", "protocol", "apiKey", "prices")


def main() -> int:
    """Replay a record; return 0 when the server says the same again, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.replay", description=__doc__)
    parser.add_argument("talk", type=Path, help="what relay.py wrote down")
    parser.add_argument("--answer", type=Path, help="what the model answers to each question")
    parser.add_argument("command", nargs="*", default=[sys.executable, "-m", "glm_lsp"])
    options = parser.parse_args()
    record = [json.loads(line) for line in options.talk.read_text("utf-8").splitlines()]
    answer = options.answer.read_text("utf-8") if options.answer else ""
    with Gateway(chat_stream(answer)) as gateway, tempfile.TemporaryDirectory() as data:
        address = {"GLM_LSP_PROVIDER": "custom", "GLM_LSP_BASE_URL": gateway.base_url}
        environ = {**os.environ, **address, "XDG_DATA_HOME": data, "NO_PROXY": "*"}
        came = replay(record, options.command, environ)
    said = [line["message"] for line in record if line["from"] == "server"]
    before, after = ([shown(m) for m in part if _kind(m)] for part in (said, came))
    print(*difflib.unified_diff(before, after, "record", "replay", lineterm="", n=2), sep="\n")
    return int(before != after)


def replay(
    record: list[dict[str, Any]], command: list[str], environ: dict[str, str]
) -> list[dict[str, Any]]:
    """Return what a new server says to the client's part of a record."""
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ)
    assert server.stdin
    assert server.stdout
    arriving: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_read, args=(server.stdout, arriving), daemon=True).start()
    came: list[dict[str, Any]] = []
    expected: Counter[str] = Counter()
    for line in record:
        if line["from"] == "server":
            if kind := _kind(line["message"]):
                expected[kind] += 1
            continue
        _wait(arriving, came, expected)
        _write(server.stdin, _ours(line["message"]))
    _wait(arriving, came, expected)
    time.sleep(_AFTERWARDS)
    came += [arriving.get_nowait() for _ in range(arriving.qsize())]
    server.kill()
    server.wait()
    return came


def shown(message: dict[str, Any]) -> str:
    """Return a message in a line, without what differs from run to run."""
    text = json.dumps(message.get("params", message.get("result", message.get("error"))))
    return f"{message.get('method', 'answer')} {text[:200]}"


def _wait(
    arriving: queue.Queue[dict[str, Any]], came: list[dict[str, Any]], expected: Counter[str]
) -> None:
    try:
        while expected - Counter(map(_kind, came)):
            came.append(arriving.get(timeout=_SILENCE))
    except queue.Empty:
        pass


def _kind(message: dict[str, Any]) -> str:
    """Return what is waited for when this message is; "" for what comes whenever it likes."""
    method = str(message.get("method", f"answer {message.get('id')}"))
    return "" if method in _WHENEVER else method


def _ours(message: dict[str, Any]) -> dict[str, Any]:
    """Return a client's message without what says whom to ask: the environment does."""
    if message.get("method") == "initialize":
        options = message["params"].get("initializationOptions") or {}
        kept = {key: value for key, value in options.items() if key not in _OURS}
        message["params"].update(initializationOptions=kept, processId=os.getpid())
    elif isinstance(message.get("result"), list):  # The editor's configuration, perhaps.
        message["result"] = [
            {key: value for key, value in item.items() if key not in _OURS}
            if isinstance(item, dict) and "provider" in item
            else item
            for item in message["result"]
        ]
    return message


def _write(stream: IO[bytes], message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    stream.flush()


def _read(stream: IO[bytes], arriving: queue.Queue[dict[str, Any]]) -> None:
    while header := list(itertools.takewhile(bytes.strip, iter(stream.readline, b""))):
        lengths = [line for line in header if line.lower().startswith(b"content-length:")]
        arriving.put(json.loads(stream.read(int(lengths[0].split(b":")[1]))))


if __name__ == "__main__":
    sys.exit(main())
