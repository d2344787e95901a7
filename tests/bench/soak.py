"""An hour of mixed use over stdio: nothing is left behind, nothing is left unanswered.

The real server, the scripted gateway, and a user who never rests: types, and asks for ghost text
at each keystroke (superseded, cancelled, typed along, accepted), fixes, explains, refactors,
cancels, undoes; opens and closes documents; changes the configuration. The service fails now and
then: 429, 500, a cut, a stall. Once a minute everything comes to rest, and what the process holds
is counted (Linux). From minute five on it must not grow.

    python -m tests.bench.soak [--minutes N] [--pause SECONDS]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from glm_lsp.demo.editor import CAPABILITIES, Editor, ResponseError
from glm_lsp.text import Span
from tests.gateway import Gateway, Reply, chat_stream, error, html
from tests.lsp.harness import FIXED, SOURCE, fence

if TYPE_CHECKING:
    from collections.abc import Sequence

SETTLED = 5
"""Minutes until caches and pools are full."""
MEMORY = 2.0  # Megabytes.
ANSWERED = 30.0  # Seconds.
COMPLETIONS = [
    "<fill>width * height</fill>",
    "<fill>max(width, height) + math.pi\n    print(result)</fill>",
    "<fill>self.lines.append(line)</fill>",
    "",
]
METHODS = ("glm.fix", "glm.refactor", "glm.explain")


@frozen
class Sample:
    """What the process held at rest."""

    minute: float
    memory: float
    threads: int
    descriptors: int
    sockets: int
    requests: int

    def row(self) -> str:
        """Return a line of the table."""
        return (
            f"{self.minute:6.1f} {self.memory:8.1f} {self.threads:8} {self.descriptors:12}"
            f" {self.sockets:8} {self.requests:9}"
        )


HEADING = "minute   RSS MB  threads  descriptors  sockets  requests"


@define
class Soak:
    """One user at one server."""

    editor: Editor
    gateway: Gateway
    chance: random.Random
    pause: float
    used: Counter[str] = field(factory=Counter)
    samples: list[Sample] = field(factory=list)
    unanswered: list[str] = field(factory=list)
    begun: float = field(factory=time.monotonic)
    asked: int = 0
    _names: itertools.count[int] = field(factory=lambda: itertools.count(1))
    _pending: set[asyncio.Task[Any]] = field(factory=set)

    async def run(self, minutes: int) -> None:
        """Work, and rest once a minute."""
        print(HEADING, flush=True)
        uri = self._open()
        for minute in range(1, minutes + 1):
            end = self.begun + 60 * minute - 4
            while time.monotonic() < end:
                uri = await self._something(uri)
            await self._rest()
            self._sample()

    async def _something(self, uri: str) -> str:
        """Do one thing; return the document to go on with."""
        what = self.chance.choices(
            [self._type, self._accept, self._act, self._reopen, self._configure],
            [60, 10, 12, 4, 1],
        )[0]
        self.used[what.__name__.strip("_")] += 1
        return await what(uri)

    async def _type(self, uri: str) -> str:
        """Write a line as fast as a hand does, with a question at each key."""
        where = len(self.editor.text(uri))
        for letter in self.chance.choice(["\n    total = ", "\n    return wid", "\n# The "]):
            self.editor.type(uri, Span(where, where), letter)
            where += 1
            task = self._request("textDocument/inlineCompletion", self._at(uri, where))
            await asyncio.sleep(self.chance.uniform(0, self.pause))
            if self.chance.random() < 0.1:
                task.cancel()
        await asyncio.sleep(self.chance.choice([0, self.pause * 10]))
        return uri

    async def _accept(self, uri: str) -> str:
        """Wait for what is suggested, take it, and say so."""
        where = len(self.editor.text(uri))
        self.editor.type(uri, Span(where, where), "\n    result = ")
        where += len("\n    result = ")
        found = await self._request("textDocument/inlineCompletion", self._at(uri, where))
        for item in (found or [])[:1]:
            self.editor.type(uri, Span(where, where), item["insertText"])
            command = item["command"]
            taken = {"command": command["command"], "arguments": command["arguments"]}
            await self._request("workspace/executeCommand", taken)
        return uri

    async def _act(self, uri: str) -> str:
        """Start an action; let it end, or cancel it; keep or undo what it did."""
        place = self.editor.range_of(uri, Span(40, 40))
        actions = {
            "textDocument": {"uri": uri},
            "range": place,
            "context": {"diagnostics": [{"range": place, "message": "odd", "severity": 1}]},
        }
        await self._request("textDocument/codeAction", actions)
        name = self.chance.choice(METHODS)
        started = await self._command(name, uri=uri, range=place)
        if not started:
            return uri
        if self.chance.random() < 0.3:
            await asyncio.sleep(self.pause)
            await self._command("glm.cancel", job=started["job"])
        await self._idle()
        if self.chance.random() < 0.5:
            await self._command("glm.undo", uri=uri, range=place)
        return uri

    async def _reopen(self, uri: str) -> str:
        """Close the document and open another."""
        self.editor.close_document(uri)
        return self._open()

    async def _configure(self, uri: str) -> str:
        """Change the settings, so that the way to the model is another, too."""
        settings = {
            "completion": {"temperature": self.chance.choice([0.0, 0.2])},
            "limits": {"timeout": self.chance.choice([5, 6, 7])},
        }
        changed = {"settings": {"glm": settings}}
        self.editor.notify("workspace/didChangeConfiguration", changed)
        return uri

    def _open(self) -> str:
        uri = f"file:///project/area{next(self._names)}.py"
        self.editor.open(uri, "python", SOURCE)
        return uri

    def _at(self, uri: str, where: int) -> dict[str, Any]:
        position = self.editor.range_of(uri, Span(where, where))["start"]
        document = {"uri": uri}
        return {"textDocument": document, "position": position, "context": {"triggerKind": 1}}

    async def _command(self, name: str, **argument: Any) -> Any:
        return await self._request(
            "workspace/executeCommand", {"command": name, "arguments": [argument]}
        )

    def _request(self, method: str, params: Any) -> asyncio.Task[Any]:
        self.asked += 1
        task = asyncio.create_task(self._asked(method, params))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)
        return task

    async def _asked(self, method: str, params: Any) -> Any:
        """Send a request; an error is an answer, silence is none."""
        request = asyncio.ensure_future(self.editor.request(method, params))
        try:
            done, _ = await asyncio.wait({request}, timeout=ANSWERED)
        except asyncio.CancelledError:
            request.cancel()
            with contextlib.suppress(asyncio.CancelledError, ResponseError):
                await request
            raise
        if not done:
            self.unanswered.append(f"{method} {params.get('command', '')}")
            request.cancel()
            return None
        if isinstance(request.exception(), ResponseError):
            return None
        return request.result()

    async def _idle(self) -> None:
        end = time.monotonic() + ANSWERED
        while (status := await self._command("glm.status")) and status["jobs"]:
            if time.monotonic() > end:
                self.unanswered.append(f"a job does not end: {status['jobs']}")
                return
            await asyncio.sleep(self.pause)

    async def _rest(self) -> None:
        """Wait until all that was begun has ended; what was written down is let go."""
        while self._pending:
            await asyncio.wait(self._pending)
        await self._idle()
        await asyncio.sleep(2)
        self.editor.messages.clear()
        for log in (self.gateway.requests, self.gateway.visits):
            self.used["questions"] += len(log) if log is self.gateway.requests else 0
            log.clear()

    def _sample(self) -> None:
        held = Path("/proc", str(self.editor.process.pid))
        status = dict(
            line.split(":", 1) for line in (held / "status").read_text("ascii").splitlines()
        )
        links = []
        for each in (held / "fd").iterdir():
            with contextlib.suppress(OSError):
                links.append(str(each.readlink()))
        sample = Sample(
            minute=(time.monotonic() - self.begun) / 60,
            memory=int(status["VmRSS"].split()[0]) / 1024,
            threads=int(status["Threads"]),
            descriptors=len(links),
            sockets=sum(link.startswith("socket:") for link in links),
            requests=self.asked,
        )
        self.samples.append(sample)
        print(sample.row(), flush=True)


def grown(samples: Sequence[Sample]) -> list[str]:
    """Return what is not flat from minute five on."""
    settled = [each for each in samples if each.minute >= SETTLED - 0.5]
    faults = []
    for name, most in (("memory", MEMORY), ("threads", 1), ("descriptors", 1), ("sockets", 1)):
        held = [getattr(each, name) for each in settled]
        if held and max(held) - held[0] > most:
            faults.append(f"{name}: {held[0]:g} to {max(held):g}")
    return faults


def service(chance: random.Random) -> Any:
    """Return what answers: mostly well, now and then as services do."""

    def reply(body: dict[str, Any]) -> Reply:
        odd = chance.random()
        if odd < 0.06:
            return chance.choice([error(429, "1302"), error(500, "1200"), html(502)])
        if body["model"] == "glm-4.7":
            good = chat_stream(chance.choice(COMPLETIONS), model="glm-4.7")
        else:
            explains = "xplain" in str(body["messages"][-1])
            good = chat_stream("It **multiplies**.\n" * 20 if explains else fence(FIXED))
        if odd < 0.12:
            return good.cut_after(len(good.steps) // 2, reset=odd < 0.09)
        if odd < 0.14:
            return good.stall_after(len(good.steps) // 2)
        return good.slowly(0.002) if odd < 0.5 else good

    return reply


async def soak(minutes: int, pause: float, seed: int, folder: Path) -> Soak:
    """Run the server for some minutes, and return what was seen."""
    kept = {k: v for k, v in os.environ.items() if "GLM" not in k and "API" not in k}
    chance = random.Random(seed)  # noqa: S311
    with Gateway(service(random.Random(seed))) as gateway:  # noqa: S311
        environ = {
            **kept,
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder / "data"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "GLM_LSP_PROVIDER": "runapi",
            "GLM_LSP_BASE_URL": gateway.base_url,
        }
        with (folder / "server.log").open("ab") as log:
            editor = await Editor.start(
                [sys.executable, "-m", "glm_lsp", "--log-level", "info"],
                options={"provider": "runapi", "apiKey": "not-a-key", "limits": {"timeout": 5}},
                capabilities=CAPABILITIES,
                environ=environ,
                stderr=log.fileno(),
            )
        seen = Soak(editor, gateway, chance, pause)
        try:
            await seen.run(minutes)
        finally:
            code = await editor.stop()
    if code:
        seen.unanswered.append(f"the server ended with {code}")
    return seen


def main() -> int:
    """Run the bench and judge it."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--minutes", type=int, default=60)
    options.add_argument("--pause", type=float, default=0.08, help="between two keys, on average")
    options.add_argument("--seed", type=int, default=15)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seen = asyncio.run(soak(chosen.minutes, chosen.pause, chosen.seed, Path(folder)))
        log = (Path(folder) / "server.log").read_text("utf-8", "replace")
    print(", ".join(f"{name} {count}" for name, count in sorted(seen.used.items())))
    tracebacks = log.count("Traceback")
    faults = grown(seen.samples) + seen.unanswered
    faults += [f"{tracebacks} tracebacks\n{log[-4000:]}"] if tracebacks else []
    print(f"{seen.asked} requests, {len(seen.unanswered)} unanswered, {tracebacks} tracebacks")
    for fault in faults:
        print(f"not flat: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
