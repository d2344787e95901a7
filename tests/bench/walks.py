"""The files of glm_lsp that a message passes: `python -m tests.bench.walks [WALK ...] [--hops]`.

The real server runs in this process under `sys.setprofile`, its client in another thread, and
a scripted gateway behind it. Four walks are traced: a completion (from its bytes to its
answer), a fix (to its last edit), a didChange, and one token of a fix (from the socket to the
edit it brings about). Each is walked once before, so that nothing is imported on the way.

A hop is a call from one file of glm_lsp into another. `__init__` files and those that hold
values alone are listed apart: a value that is passed on is no further hand. The hands are the files
whose coroutines wait, one for the other, when the model is asked: through each of them the question
goes down and the answer comes up.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import os
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import glm_lsp
from glm_lsp.app import factory
from glm_lsp.demo.editor import CAPABILITIES, Editor
from glm_lsp.lsp.wire.transport import Connection, Limits
from glm_lsp.text import Span
from tests.gateway import Gate, Gateway, chat_stream
from tests.lsp import harness

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType

    from tests.gateway import Reply

ROOT = str(Path(glm_lsp.__file__).parent) + os.sep
VALUES = re.compile(r"(^|/)(__init__|text|errors|settings|languages|types|values|extension)\.py$")
WAIT = 20.0  # Seconds; longer means that it is broken.
SETTLED = 0.3  # Seconds after a message that is not answered.
TYPED = "\n\ndef {}(width, height, depth):\n    return "
GHOST = "<fill>area(width, height) * depth</fill>"
FIX = harness.fence(harness.FIXED + "\n\ndef volume(width, height, depth):\n    return depth\n")


class Walk:
    """What was entered while it was recorded.

    Attributes:
        last: what ends it, found in the body of a message that the server sends.
        files: how often each file was entered, in the order of the first time.
        hops: how often one file called into another.
        generators: how many async generators of ours stood in one another at most.
        waiting: the files whose coroutines wait for the model when it is asked.
    """

    def __init__(self, last: str = "") -> None:
        self.last = re.compile(last.encode()) if last else None
        self.files: Counter[str] = Counter()
        self.hops: Counter[tuple[str, str]] = Counter()
        self.generators = 0
        self.waiting: list[str] = []
        self.ended = threading.Event()
        self._seen: set[FrameType] = set()  # A frame that goes on is not entered again.

    def enter(self, frame: FrameType) -> None:
        """Take a call into a file of ours."""
        name = _ours(frame)
        assert name is not None
        if frame.f_code.co_flags & inspect.CO_ASYNC_GENERATOR:
            self.generators = max(self.generators, _nested(frame))
        if frame in self._seen:
            return
        if name == "llm/connections.py" and not self.waiting:
            self.waiting = _waiting(frame)
        self._seen.add(frame)
        self.files[name] += 1
        caller = frame.f_back
        while caller is not None and _ours(caller) is None:
            caller = caller.f_back
        if caller is not None and (before := _ours(caller)) not in (None, name):
            self.hops[str(before), name] += 1
        body = frame.f_locals.get("body") if frame.f_code.co_name == "write" else None
        if self.last and isinstance(body, bytes) and self.last.search(body):
            self.ended.set()

    def hands(self) -> list[str]:
        return [name for name in self.files if not VALUES.search(name)]

    def print(self, name: str, *, hops: bool) -> None:
        hands = self.hands()
        rooms = Counter(n.rpartition("/")[0] or "." for n in hands)
        calls = sum(count for (_, n), count in self.hops.items() if not VALUES.search(n))
        print(f"{name}: {len(hands)} files, {calls} hops, {self.generators} nested generators")
        if self.waiting:
            print(f"  {len(self.waiting)} hands: " + ", ".join(self.waiting))
        print("  by room: " + ", ".join(f"{room} {count}" for room, count in rooms.items()))
        for index, file in enumerate(hands, 1):
            print(f"  {index:2} {file}")
        print("  values: " + ", ".join(n for n in self.files if VALUES.search(n)))
        if hops:
            for (before, after), count in self.hops.items():
                print(f"     {count:4} x {before} > {after}")


class Tracer:
    """Records the walk that is under way, in the thread of the server."""

    def __init__(self) -> None:
        self.walk: Walk | None = None

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        walk = self.walk
        if walk is None or event != "call" or walk.ended.is_set() or _ours(frame) is None:
            return
        walk.enter(frame)

    async def record(self, act: Callable[[], Awaitable[Any]], last: str = "") -> Walk:
        """Record what an act of the client's brings about, up to a message, or for a while."""
        walk = self.walk = Walk(last)
        await act()
        await asyncio.to_thread(walk.ended.wait, WAIT if last else SETTLED)
        self.walk = None
        if last and not walk.ended.is_set():
            raise TimeoutError(last)
        return walk


def _ours(frame: FrameType) -> str | None:
    """Return the file of a frame below glm_lsp; None for others, and for what is imported."""
    file = frame.f_code.co_filename
    if not file.startswith(ROOT) or frame.f_code.co_name == "<module>":
        return None
    return file[len(ROOT) :].replace(os.sep, "/")


def _nested(frame: FrameType | None) -> int:
    count = 0
    while frame is not None:
        flags = frame.f_code.co_flags
        count += bool(flags & inspect.CO_ASYNC_GENERATOR and _ours(frame) is not None)
        frame = frame.f_back
    return count


def _waiting(frame: FrameType | None) -> list[str]:
    """Return the files that wait: from a request's task down to who asks the model."""
    frames: list[Any] = []
    for task in asyncio.all_tasks():
        if any(_ours(each) == "lsp/wire/dispatch.py" for each in _chain(task)):
            waits: Any = task
            while isinstance(waits, asyncio.Task):  # One for the other.
                frames += _chain(waits)
                waits = getattr(waits, "_fut_waiter", None)
    own = []
    while frame is not None:
        own.append(frame)
        frame = frame.f_back
    names = map(_ours, [*frames, *reversed(own)])
    return list(dict.fromkeys(n for n in names if n is not None and not VALUES.search(n)))


def _chain(task: asyncio.Task[Any]) -> list[Any]:
    """Return the frames of the coroutines of a task, the outermost first."""
    frames: list[Any] = []
    waiter: Any = task.get_coro()
    while (frame := getattr(waiter, "cr_frame", None)) is not None:
        frames.append(frame)
        waiter = waiter.cr_await
    return frames


async def completion(editor: Editor, tracer: Tracer) -> Walk:
    """Ask for ghost text that nobody has asked for before."""
    offset = len(editor.text(harness.URI))
    editor.type(harness.URI, Span(offset, offset), TYPED.format(f"volume_{time.monotonic_ns()}"))
    await asyncio.sleep(SETTLED)
    end = len(editor.text(harness.URI))
    params = {
        "textDocument": {"uri": harness.URI},
        "position": editor.range_of(harness.URI, Span(end, end))["start"],
        "context": {"triggerKind": 2},
    }

    async def act() -> None:
        assert await editor.request("textDocument/inlineCompletion", params)

    return await tracer.record(act, '"insertText"')


async def change(editor: Editor, tracer: Tracer) -> Walk:
    """Type one character."""

    async def act() -> None:
        editor.type(harness.URI, Span(0, 0), "#")

    return await tracer.record(act)


async def fix(editor: Editor, tracer: Tracer) -> Walk:
    """Choose the fix of a problem, and wait for its end."""

    async def act() -> None:
        await harness.choose(editor, "GLM: Fix")

    walk = await tracer.record(act, '"kind":"end"')
    await harness.idle(editor)
    return walk


async def token(editor: Editor, tracer: Tracer, gates: list[Gate]) -> Walk:
    """Let one piece of an answer pass, and wait for the edit that it brings about."""
    first, second = gates
    await harness.choose(editor, "GLM: Fix")
    await asyncio.sleep(SETTLED)

    async def act() -> None:
        first.open()

    walk = await tracer.record(act, '"glm/applyEdit"')
    second.open()
    await harness.idle(editor)
    return walk


def answer(gates: list[Gate]) -> Callable[[Any], Reply]:
    """Return what answers completions, fixes, and the fix that waits at the gates."""

    def reply(asked: Any) -> Reply:
        if asked["model"] == "glm-4.7":
            return chat_stream(GHOST)
        whole = chat_stream(FIX, chunk=30)
        return whole.before(4, gates[1]).before(3, gates[0]) if gates else whole

    return reply


async def client(port: int, tracer: Tracer, wanted: list[str]) -> dict[str, Walk]:
    """Be the editor: walk each of the walks, twice."""
    walks: dict[str, Walk] = {}
    gates: list[Gate] = []
    with Gateway(answer(gates)) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        process: Any = SimpleNamespace(stdin=writer, stdout=reader)
        editor = Editor(process)
        options = {"provider": "runapi", "baseUrl": gateway.base_url, "apiKey": "not-a-key"}
        # A client whose settings are the user's alone: nobody is asked to confirm the gateway.
        glm = {**CAPABILITIES["experimental"]["glm"], "machineScoped": True}
        client = {**CAPABILITIES, "experimental": {"glm": glm}}
        await editor.initialize(options=options, capabilities=client)
        for name in wanted:
            for _ in range(2):
                editor.open(harness.URI, "python", harness.SOURCE)
                await asyncio.sleep(SETTLED)
                if name == "token":
                    gates[:] = Gate(), Gate()
                    walks[name] = await token(editor, tracer, gates)
                    gates.clear()
                else:
                    walks[name] = await WALKS[name](editor, tracer)
                editor.close_document(harness.URI)
        await editor.request("shutdown")
        editor.notify("exit", None)
        await writer.drain()
    return walks


WALKS: dict[str, Any] = {"completion": completion, "fix": fix, "didChange": change, "token": token}


async def trace(wanted: list[str], folder: str) -> dict[str, Walk]:
    """Serve one client in this thread, and trace what its messages enter."""
    tracer = Tracer()
    environ = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "HOME": folder}
    server = factory(environ)()
    loop = asyncio.get_running_loop()
    served: list[asyncio.Task[int]] = []

    def accept() -> Connection:
        connection = Connection(server.protocol, limits=Limits())
        served.append(loop.create_task(server.serve(connection)))
        return connection

    listener = await loop.create_server(accept, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    sys.setprofile(tracer)
    try:
        walks = await asyncio.to_thread(lambda: asyncio.run(client(port, tracer, wanted)))
    finally:
        sys.setprofile(None)
        listener.close()
    await asyncio.wait(served, timeout=WAIT)
    return walks


def walks(*wanted: str) -> dict[str, Walk]:
    """Return the walks, all of them when none is named."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = folder  # Nobody's books are written to.
        return asyncio.run(trace(list(wanted or WALKS), folder))


def main() -> int:
    """Print the walks."""
    parser = argparse.ArgumentParser(description="the files that a message passes")
    parser.add_argument("walk", nargs="*", choices=[[], *WALKS])
    parser.add_argument("--hops", action="store_true", help="who called whom")
    arguments = parser.parse_args()
    for name, walk in walks(*arguments.walk).items():
        walk.print(name, hops=arguments.hops)
    return 0


if __name__ == "__main__":
    sys.exit(main())
