"""What our LSP floor costs beside stock pygls: both run side by side, fed the same messages.

`python -m tests.bench.lsp_overhead [--quick]` prints figures and ratios, and ends with 1 when
a bound is missed. Times depend on the machine; ratios of one run hardly do.

Both servers are `tests/lsp_floor/sample_server.py`; beside them starts the whole product, which
is measured until `initialize` is answered, and in the second after it, while it gets ready. The
client writes prepared bytes and does not parse what it reads, so that little of the time is
its own.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glm_lsp.demo.editor import CAPABILITIES
from glm_lsp.lsp.wire.framing import FrameReader, encode

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = Path(__file__).parents[1] / "lsp_floor" / "sample_server.py"
KINDS = ("stock", "ours")
PRODUCT = "product"
SMALL = "file:///small.py"
SLOW = 0.002  # Seconds; a round trip that takes longer can be felt when one follows another.
PAUSE = 0.003  # Seconds between two round trips, in which a server gets ready.
BIG = "file:///big.py"
WIDE = "file:///wide.py"
BOUNDS = {
    "round trip, median": 0.35,
    "round trip, p99": 0.4,
    "didChange, 50,000 lines": 0.05,
    "didChange, one 1 MB line": 0.05,
    "initialize, from process start": 1.0,
    "initialize, the whole product": 1.1,
    # None of ours when the machine is quiet; stock's first of each kind always are.
    "over 2 ms in the first second": 0.1,
    "memory, 50,000 lines open": 1.1,
}

Measured = dict[str, dict[str, float]]


NOBODY = "http://127.0.0.1:9/v1"


class Server:
    """A server process, spoken to in prepared frames."""

    def __init__(self, kind: str, home: str | None = None) -> None:
        """Start a server; `home` is where the product finds nobody's settings, keys and books."""
        command = ["-m", "glm_lsp"] if kind == PRODUCT else [str(SAMPLE), kind]
        # Python's own settings would have bytecode compiled anew at each start.
        left = ("GLM", "API", "PYTHON")
        kept = {k: v for k, v in os.environ.items() if not any(word in k for word in left)}
        quiet = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "NO_PROXY": "*"}
        own = {"HOME": home, "XDG_DATA_HOME": home, **quiet} if home else {}
        if home:
            own["GLM_LSP_BASE_URL"] = NOBODY  # Of the environment: nothing has to be confirmed.
            own["PYTHONPYCACHEPREFIX"] = str(Path(home) / "bytecode")
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={**kept, **own},
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._to, self._from = self.process.stdin, self.process.stdout
        self._frames = FrameReader(strict=True)

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._to.write(view) :]

    def reply(self, id_: int) -> None:
        """Read until the reply to a request is whole."""
        wanted = re.compile(rb'"id": ?%d[,}]' % id_)
        while True:
            for body in self._frames.bodies():
                if wanted.search(body) and b'"method"' not in body:
                    return
            data = self._from.read(65_536)
            if not data:
                raise EOFError("The server ended.")
            self._frames.feed(data)

    def initialize(self, **params: Any) -> None:
        given = {"processId": None, "rootUri": None, "capabilities": {}, **params}
        self.send(encode({"id": 0, "method": "initialize", "params": given}))
        self.reply(0)
        self.send(encode({"method": "initialized", "params": {}}))

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
    with tempfile.TemporaryDirectory() as home:
        measure_start(measured, 3 if rounds == 1 else 15, home)
        measure_first_second(measured, 2 if rounds == 1 else 5, home)
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


def measure_start(measured: Measured, rounds: int, home: str) -> None:
    """From the start of the process until `initialize` is answered."""
    taken: dict[str, list[float]] = {kind: [] for kind in (*KINDS, PRODUCT)}
    for round_ in range(rounds + 1):
        for kind, values in taken.items():
            began = time.perf_counter()
            server = Server(kind, home)
            server.initialize(capabilities=CAPABILITIES)
            if round_:  # The first writes bytecode.
                values.append(time.perf_counter() - began)
            server.close()
    note(measured, "initialize, from process start", taken, statistics.median)
    product = {"stock": taken["stock"], "ours": taken[PRODUCT]}
    note(measured, "initialize, the whole product", product, statistics.median)


def measure_first_second(measured: Measured, rounds: int, home: str) -> None:
    """Round trips while a server gets ready: the first document is open, an address is known."""
    taken: dict[str, list[float]] = {"stock": [], PRODUCT: []}
    nobody = {"provider": "runapi", "apiKey": "not-a-key"}
    item = {"uri": SMALL, "languageId": "python", "version": 0, "text": "def f():\n    return g\n"}
    opened = {"method": "textDocument/didOpen", "params": {"textDocument": item}}
    for round_ in range(rounds + 1):
        for kind, values in taken.items():
            server = Server(kind, home)
            server.initialize(capabilities=CAPABILITIES, initializationOptions=nobody)
            server.send(encode(opened))
            took = first_second(server)
            if round_:
                values += took
            server.close()
    slow = {"stock": taken["stock"], "ours": taken[PRODUCT]}
    note(measured, "over 2 ms in the first second", slow, lambda all_: sum(t > SLOW for t in all_))


def first_second(server: Server) -> list[float]:
    """Return the seconds that each round trip of the first second took."""
    zero = {"line": 0, "character": 0}
    listed = {
        "textDocument": {"uri": SMALL},
        "range": {"start": zero, "end": zero},
        "context": {"diagnostics": []},
    }
    typed = {"textDocument": {"uri": BIG}, "position": zero, "context": {"triggerKind": 2}}
    asked: list[tuple[str, Any]] = [
        ("textDocument/codeAction", listed),
        ("textDocument/inlineCompletion", typed),
    ]
    taken: list[float] = []
    end = time.perf_counter() + 1.0
    for id_ in itertools.count(1000):
        method, params = asked[id_ % 2]
        data = encode({"id": id_, "method": method, "params": params})
        began = time.perf_counter()
        if began > end:
            break
        server.send(data)
        server.reply(id_)
        taken.append(time.perf_counter() - began)
        time.sleep(PAUSE)
    return taken


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
                data = encode(message)
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
        server.send(encode({"method": "textDocument/didOpen", "params": {"textDocument": item}}))
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
            data += encode({"method": "textDocument/didChange", "params": params})
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
    server.send(encode({"id": 1, "method": "workspace/executeCommand", "params": command}))
    server.reply(1)


def note(
    measured: Measured,
    name: str,
    taken: dict[str, list[float]],
    summary: Callable[[list[float]], float],
) -> None:
    measured[name] = {kind: summary(values) for kind, values in taken.items()}


def shown(name: str, figure: float) -> str:
    """Return a figure with its unit."""
    if "over" in name:
        return f"{figure:.0f}"
    return f"{figure:.3f} MB" if "memory" in name else f"{figure * 1000:.3f} ms"


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
        figures = [shown(name, figure) for figure in (stock, ours)]
        mark = "" if ratio <= bound else "  MISSED"
        missed += ratio > bound
        print(f"{name:32} {figures[0]:>10} {figures[1]:>10} {ratio:7.3f} {bound:6.2f}{mark}")
    load, cores = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0, os.cpu_count() or 1
    if load > cores:
        print(
            f"The machine was busy (load {load:.1f} on {cores} cores): the p99 is mostly its own."
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
