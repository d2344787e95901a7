"""What our LSP floor costs beside stock pygls: both run side by side, fed the same messages.

`python tests/bench/lsp_overhead.py [--quick]` prints figures and ratios, and ends with 1 when
a bound is missed. Times depend on the machine; ratios of one run hardly do.

Both servers are `tests/lsp_floor/sample_server.py`. The client writes prepared bytes and does
not parse what it reads, so that little of the time is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = Path(__file__).parents[1] / "lsp_floor" / "sample_server.py"
KINDS = ("stock", "ours")
BIG = "file:///big.py"
WIDE = "file:///wide.py"
BOUNDS = {
    "round trip, median": 0.35,
    "round trip, p99": 0.4,
    "didChange, 50,000 lines": 0.05,
    "didChange, one 1 MB line": 0.05,
    "initialize, from process start": 1.0,
    "memory, 50,000 lines open": 1.1,
}

Measured = dict[str, dict[str, float]]


class Server:
    """A server process, spoken to in prepared frames."""

    def __init__(self, kind: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SAMPLE), kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._to, self._from = self.process.stdin, self.process.stdout

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._to.write(view) :]

    def reply(self, id_: int) -> None:
        """Read until the reply to a request is whole."""
        data = b""
        while True:
            data += self._from.read(65_536) or b""
            head, found, body = data.partition(b"\r\n\r\n")
            while found and len(body) >= (length := _length(head)):
                if re.search(rb'"id": ?%d[,}]' % id_, body[:length]):
                    return
                data = body[length:]
                head, found, body = data.partition(b"\r\n\r\n")

    def initialize(self) -> None:
        params: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
        self.send(frame({"id": 0, "method": "initialize", "params": params}))
        self.reply(0)
        self.send(frame({"method": "initialized", "params": {}}))

    def memory(self) -> float:
        """Return resident memory in MB; 0 where the system does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
        return int(found[1]) / 1024 if found else 0.0

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._to.close()
        self._from.close()


def main() -> int:
    """Measure, print, compare with the bounds."""
    parser = argparse.ArgumentParser(description="the LSP floor beside stock pygls")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds")
    rounds = 1 if parser.parse_args().quick else 10
    measured: Measured = {}
    measure_start(measured, 2 + rounds)
    servers = {kind: Server(kind) for kind in KINDS}
    try:
        for server in servers.values():
            server.initialize()
        measure_round_trips(servers, measured, blocks=3 * rounds)
        measure_big(servers, measured, rounds)
        measure_wide(servers, measured, rounds)
    finally:
        for server in servers.values():
            server.close()
    return report(measured)


def measure_start(measured: Measured, rounds: int) -> None:
    """From the start of the process until `initialize` is answered."""
    taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(rounds):
        for kind in KINDS:
            began = time.perf_counter()
            server = Server(kind)
            server.initialize()
            taken[kind].append(time.perf_counter() - began)
            server.close()
    note(measured, "initialize, from process start", taken, statistics.median)


def measure_round_trips(servers: dict[str, Server], measured: Measured, blocks: int) -> None:
    """A typed request and its typed result, as for each pause in typing."""
    zero = {"line": 0, "character": 0}
    params = {"textDocument": {"uri": BIG}, "position": zero, "context": {"triggerKind": 2}}
    taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
    id_ = 1000
    for block in range(blocks + 1):
        for kind, server in servers.items():
            for _ in range(200):
                id_ += 1
                message = {"id": id_, "method": "textDocument/inlineCompletion", "params": params}
                data = frame(message)
                began = time.perf_counter()
                server.send(data)
                server.reply(id_)
                if block:  # The first warms up.
                    taken[kind].append(time.perf_counter() - began)
    note(measured, "round trip, median", taken, statistics.median)
    note(measured, "round trip, p99", taken, lambda all_: sorted(all_)[len(all_) * 99 // 100])


def measure_big(servers: dict[str, Server], measured: Measured, rounds: int) -> None:
    """One character typed in the middle of a long file; and what the file takes."""
    text = "    value = compute(alpha, beta) + gamma * 42  # x\n" * 50_000
    open_everywhere(servers, BIG, text)
    time.sleep(3.0)  # Idle: what was put off has been done.
    memory = {kind: [server.memory()] for kind, server in servers.items()}
    taken = type_everywhere(servers, BIG, (25_000, 8), rounds, 20)
    note(measured, "didChange, 50,000 lines", taken, statistics.median)
    if all(memory[kind][0] for kind in KINDS):
        note(measured, "memory, 50,000 lines open", memory, statistics.median)


def measure_wide(servers: dict[str, Server], measured: Measured, rounds: int) -> None:
    """One character typed in the middle of a minified file."""
    open_everywhere(servers, WIDE, "f(1,2);" * 150_000)
    taken = type_everywhere(servers, WIDE, (0, 500_000), rounds, 2)
    note(measured, "didChange, one 1 MB line", taken, statistics.median)


def open_everywhere(servers: dict[str, Server], uri: str, text: str) -> None:
    item = {"uri": uri, "languageId": "python", "version": 0, "text": text}
    for server in servers.values():
        server.send(frame({"method": "textDocument/didOpen", "params": {"textDocument": item}}))
        settle(server)


def type_everywhere(
    servers: dict[str, Server], uri: str, at: tuple[int, int], rounds: int, keys: int
) -> dict[str, list[float]]:
    """Type `keys` characters per round; return the seconds that each took."""
    taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
    line, column = at
    for round_ in range(rounds + 1):
        data = b""
        for key in range(keys):
            position = {"line": line, "character": column}
            event = {"range": {"start": position, "end": position}, "text": "x"}
            params = {
                "textDocument": {"uri": uri, "version": round_ * keys + key + 1},
                "contentChanges": [event],
            }
            data += frame({"method": "textDocument/didChange", "params": params})
            column += 1
        for kind, server in servers.items():
            began = time.perf_counter()
            server.send(data)
            settle(server)
            if round_:  # The first warms up.
                taken[kind].append((time.perf_counter() - began) / keys)
    return taken


def settle(server: Server) -> None:
    """Wait until all that was sent is done."""
    command = {"command": "log", "arguments": []}
    server.send(frame({"id": 1, "method": "workspace/executeCommand", "params": command}))
    server.reply(1)


def note(
    measured: Measured,
    name: str,
    taken: dict[str, list[float]],
    summary: Callable[[list[float]], float],
) -> None:
    measured[name] = {kind: summary(values) for kind, values in taken.items()}


def report(measured: Measured) -> int:
    """Print the table; return 1 when a bound is missed."""
    missed = 0
    print(f"{'':32} {'stock':>10} {'ours':>10} {'ratio':>7} {'bound':>6}")
    for name, bound in BOUNDS.items():
        if name not in measured:
            print(f"{name:32} not measured on this system")
            continue
        stock, ours = measured[name]["stock"], measured[name]["ours"]
        ratio = ours / stock
        shown = ["MB" if "memory" in name else "ms"] * 2
        scale = 1 if "memory" in name else 1000
        figures = [f"{v * scale:.3f} {unit}" for v, unit in zip((stock, ours), shown, strict=True)]
        mark = "" if ratio <= bound else "  MISSED"
        missed += ratio > bound
        print(f"{name:32} {figures[0]:>10} {figures[1]:>10} {ratio:7.3f} {bound:6.2f}{mark}")
    load, cores = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0, os.cpu_count() or 1
    if load > cores:
        print(
            f"The machine was busy (load {load:.1f} on {cores} cores): the p99 is mostly its own."
        )
    return 1 if missed else 0


def frame(message: dict[str, Any]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def _length(head: bytes) -> int:
    found = re.search(rb"Content-Length: (\d+)", head)
    if found is None:
        raise ValueError(head)
    return int(found[1])


if __name__ == "__main__":
    sys.exit(main())
