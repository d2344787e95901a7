"""One small server, on stock pygls or on our floor: `python sample_server.py stock|ours|tcp`.

Both register the very same handlers, so that a test or a benchmark that tells the two apart
tells the floors apart.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from lsprotocol import types
    from pygls.lsp.server import LanguageServer

    from glm_lsp.lsp.jobs import Job
    from glm_lsp.lsp.server import Server

    Work = Callable[[Job], Coroutine[Any, Any, None]]


def register(server: LanguageServer) -> None:
    """Register the handlers that tests ask for."""
    log: list[str] = []
    _register_features(server, log)
    _register_documents(server)
    _register_waits(server, log)
    _register_troubles(server)
    _register_threads(server)


def _register_features(server: LanguageServer, log: list[str]) -> None:
    from lsprotocol import types

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline_completion(params: types.InlineCompletionParams) -> Any:
        at = params.position
        item = types.InlineCompletionItem(
            insert_text="pass", range=types.Range(start=at, end=at), filter_text="pass"
        )
        return types.InlineCompletionList(items=[item])

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover:
        log.append("hover")
        time.sleep(params.position.character / 1000)
        return types.Hover(contents=params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def definition(_: Any) -> None:
        await _marked(log, "definition")

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions())
    def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        shown = params.context.diagnostics
        return [types.CodeAction(title=d.message, diagnostics=[d]) for d in shown]

    @server.command("log")
    def read_log() -> list[str]:
        return log


def _register_documents(server: LanguageServer) -> None:
    @server.command("text")
    def text(uri: str) -> str:
        documents = getattr(server, "documents", None)
        if documents is not None:
            return str(documents.get(uri).text)
        source: str = server.workspace.get_text_document(uri).source
        return source

    @server.command("text_later")
    async def text_later(uri: str) -> str:
        return text(uri)


def _register_waits(server: LanguageServer, log: list[str]) -> None:
    from lsprotocol import types

    state: dict[str, Any] = {}

    @server.command("wait")
    async def wait() -> None:
        await _marked(log, "wait")

    @server.command("ask")
    async def ask() -> Any:
        """Ask the client something; whoever is cancelled meanwhile stops waiting."""
        log.append("ask")
        params = types.ShowMessageRequestParams(types.MessageType.Info, "Well?")
        return await server.window_show_message_request_async(params)

    @server.command("later")
    def later() -> None:
        """Ask the client something in a task, and stop waiting for the answer soon after."""

        async def work() -> None:
            task = asyncio.ensure_future(ask())
            await asyncio.sleep(0.05)
            task.cancel()
            log.append("gave up")

        state["task"] = asyncio.ensure_future(work())


def _register_troubles(server: LanguageServer) -> None:
    from lsprotocol import types

    @server.command("fail")
    def fail() -> None:
        raise KeyError("secret-looking value")

    @server.command("print")
    def print_() -> None:
        print("a stray print", flush=True)
        subprocess.run([sys.executable, "-c", "print('a child')"], check=False)
        os.write(1, b"written by a library in C\n")

    @server.command("flood")
    def flood(megabytes: float) -> None:
        for _ in range(int(megabytes * 16)):
            server.window_log_message(types.LogMessageParams(types.MessageType.Log, "x" * 65_000))


def _register_threads(server: LanguageServer) -> None:
    @server.command("thread")
    @server.thread()
    def thread(seconds: float, path: str) -> None:
        """Keep a thread busy, then leave a file behind."""
        time.sleep(seconds)
        Path(path).touch()

    @server.command("touch")
    def touch(path: str) -> None:
        Path(path).touch()

    @server.command("memory")
    def memory() -> dict[str, int]:
        """Return the resident memory in kilobytes, from Linux's own account."""
        with Path("/proc/self/smaps_rollup").open() as rollup:
            fields = (line.split() for line in rollup if line.endswith("kB\n"))
            return {name.rstrip(":"): int(size) for name, size, _ in fields}


def register_jobs(server: Server) -> None:
    """Register the commands that only our floor can have: jobs."""
    state: dict[str, Any] = {}
    log: list[str] = []
    works = {f.__name__: f for f in (*_works(), *_logged_works(server, log, state))}

    @server.command("job")
    def job(work: str, uri: str | None = None, marker: str = "") -> dict[str, str]:
        state["marker"] = marker
        return {"job": server.jobs.start(f"Sample {work}", works[work], uri=uri).id}

    @server.command("jobs")
    def jobs() -> list[str]:
        return [job.id for job in server.jobs.running()]

    @server.command("cancel")
    def cancel(id_: str) -> bool:
        return server.jobs.cancel(id_)

    @server.command("joblog")
    def read_log() -> list[str]:
        return log

    @server.command("spawn")
    async def spawn() -> None:
        server.spawn(works["fail"](None))  # type: ignore[arg-type]

    _register_own(server)


def _works() -> list[Work]:
    """Return jobs that report, fail and crash."""
    from glm_lsp.errors import GlmError

    async def report(job: Job) -> None:
        for count in range(500):
            job.report(f"{count} of 500", count // 5)
            await asyncio.sleep(0)
        await asyncio.sleep(0.3)

    async def fail(_: Job) -> None:
        raise GlmError("There is no key: set one.")

    async def crash(_: Job) -> None:
        raise KeyError("an inside matter")

    return [report, fail, crash]


def _logged_works(server: Server, log: list[str], state: dict[str, Any]) -> list[Work]:
    """Return jobs that wait, and log or ask when they are cancelled."""
    from lsprotocol import types

    async def wait(_: Job) -> None:
        await _marked(log, "job", 30.0)

    async def stubborn(_: Job) -> None:
        while True:
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                log.append("job would not stop")

    async def ask(_: Job) -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            params = types.ShowMessageRequestParams(types.MessageType.Info, "Undo?")
            answer = await server.request(types.WINDOW_SHOW_MESSAGE_REQUEST, params)
            log.append(f"answered {answer.title}")
            Path(state["marker"]).touch()

    return [wait, stubborn, ask]


def _register_own(server: Server) -> None:
    """Register messages that are not LSP's."""

    @server.feature("sample/echo")
    def echo(params: Any) -> Any:
        return params

    @server.command("custom")
    async def custom() -> Any:
        return await server.request("sample/question", {"depth": [1, {"two": None}]})

    def advertise(capabilities: types.ServerCapabilities) -> None:
        capabilities.experimental = {"sample": True}

    server.advertise(advertise)


async def _marked(log: list[str], name: str, seconds: float = 1.0) -> None:
    log.append(f"{name} began")
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        log.append(f"{name} cancelled")
        raise
    log.append(f"{name} ended")


def main(kind: str) -> int:
    """Serve with the floor that `kind` names; return the exit code."""
    if kind == "stock":
        from pygls.lsp.server import LanguageServer

        stock = LanguageServer("sample", "1")
        register(stock)
        stock.start_io()
        return 0

    from glm_lsp.lsp.wire.serve import prepare, serve_stdio, serve_tcp

    prepare()
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.wire.transport import Limits

    def factory() -> Server:
        server = Server("sample", "1")
        register(server)
        register_jobs(server)
        return server

    def listening(_: str, port: int) -> None:
        print(port, flush=True)

    if kind == "tcp":
        return serve_tcp(factory, "127.0.0.1", 0, token=None, listening=listening)
    if kind == "impatient":
        return serve_stdio(factory, limits=Limits(unsent=2**20, patience=0.2))
    return serve_stdio(factory)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
