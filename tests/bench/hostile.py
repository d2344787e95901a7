"""What a hostile editor, document or service does to a server, by name; `tests.bench.security`.

Most is what `tests/security` attacks with; here is what is larger than a test may be.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from glm_lsp.lsp.wire.framing import frame as frame_of
from tests.gateway import Reply, chat_stream, frame
from tests.lsp_floor.client import NoReplyError, ServerError
from tests.security.rig import CODE, fenced, filled
from tests.security.test_hostile_input import FRAMES, LINES, WRITTEN
from tests.security.test_hostile_services import ENDLESS, HEADS, Endless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.gateway import Gateway
    from tests.security.rig import Rig

    Case = Callable[[Rig, Gateway], object]

MILLION = 1_000_000
URI = "file:///project/attacked.py"
LARGE: dict[str, str] = {
    "letters": "x" * (20 * MILLION),
    "words": "word " * (4 * MILLION),
    "escapes": '\\t"\\' * (5 * MILLION),
    "Chinese": "\u4e2d" * (7 * MILLION),
    "one emoji": "x" * (20 * MILLION) + "\U0001f600",
    "brackets": "([{" * (7 * MILLION),
}
"""Lines of 20 MB, as a file has them."""


def cases() -> Iterator[tuple[str, Case]]:
    """Yield every case: its name, and what is done to a server whose gateway says “Fine.”."""
    yield from _large()
    yield from _held()
    for name, text in LARGE.items():
        yield f"20 MB, opened: {name}", partial(large_file, f"v = '{text}'")
    yield from _diagnostics()
    for name, (_, line) in LINES.items():
        yield f"a line of {name}", partial(slow_line, line)
    blanks = "\n" * 2_000
    yield "2,000 blank lines at the cursor", partial(slow_line, blanks)
    yield "2,000 lines of blanks at the cursor", partial(slow_line, "    \n" * 2_000)
    for name, text in _written().items():
        yield f"an answer of {name}", partial(answer, text)
        yield f"a completion of {name}", partial(completion, text)
    yield from _services()
    for name, (_, body) in FRAMES.items():
        yield f"a frame: {name}", partial(sent, body)


def _written() -> dict[str, str]:
    lines = "".join(f"    x{n} = {n}\n" for n in range(100_000))
    code = "def area(width, height):\n" + lines
    blank = "def area(width, height):\n" + "\n" * 2_000 + "    return 1\n"
    return {
        "100,000 lines": code,
        "2,000 blank lines": blank,
        **{name: text for name, (_, text) in WRITTEN.items()},
    }


def _large() -> Iterator[tuple[str, Case]]:
    wide, one = LARGE["letters"], {"line": 0, "character": 10_010}
    start = {"line": 0, "character": 0}
    end = {"line": 0, "character": len(wide)}

    def opened(then: Case) -> Case:
        def run(rig: Rig, gateway: Gateway) -> object:
            large_file(f"v = '{wide}'\n", rig, gateway)
            return then(rig, gateway)

        return run

    def typed(rig: Rig, _: Gateway) -> None:
        for version in range(2, 22):
            rig.client.change(URI, version, ((0, 10_000, 0, 10_000), "y"))

    def pasted(rig: Rig, _: Gateway) -> None:
        rig.open(URI)
        rig.client.change(URI, 2, ((0, 0, 0, 0), wide))
        rig.client.change(URI, 3, ((0, 5, 0, 6), "z"))

    def replaced(rig: Rig, _: Gateway) -> None:
        rig.open(URI)
        rig.client.change(URI, 2, wide)
        rig.client.change(URI, 3, wide + "y")

    def completed(rig: Rig, gateway: Gateway) -> None:
        gateway.script(filled("1"))
        params = {"position": one, "context": {"triggerKind": 1}}
        ask(rig, "textDocument/inlineCompletion", params)

    def selected(rig: Rig, _: Gateway) -> None:
        where = {"start": start, "end": end}
        ask(rig, "textDocument/codeAction", {"range": where, "context": {"diagnostics": []}})
        command(rig, "explain", range=where)
        command(rig, "edit", range=where, instruction="Make it shorter.")

    def instructed(rig: Rig, _: Gateway) -> None:
        rig.open(URI)
        command(rig, "edit", instruction="do it " * (4 * MILLION))

    def lines(rig: Rig, gateway: Gateway) -> None:
        text = "    value = compute(alpha, beta) + gamma * 42  # x\n" * 400_000
        large_file("def f():\n" + text, rig, gateway)
        completed(rig, gateway)

    yield "20 MB, then typed", opened(typed)
    yield "20 MB, then completed in", opened(completed)
    yield "20 MB, then selected", opened(selected)
    yield "20 MB, pasted", pasted
    yield "20 MB, as a whole new text, twice", replaced
    yield "20 MB of instructions", instructed
    yield "20 MB of 400,000 lines, completed in", lines


def _held() -> Iterator[tuple[str, Case]]:
    nested = b'{"jsonrpc":"2.0","method":"x","params":[' + b"[]," * (6 * MILLION) + b"0]}"
    yield "20 MB of empty lists", partial(sent, nested)
    for name in ("letters", "words", "escapes", "Chinese", "brackets"):
        for size in (3 * MILLION, 9 * MILLION // 10):
            text = f"v = '{LARGE[name]}'"[:size] + "'\n"
            yield f"{size / MILLION:g} MB of one line: {name}", partial(held_line, text)
    for megabytes in (1, 2, 3, 4):
        text = "    value = compute(alpha, beta) + gamma * 42  # x\n" * (megabytes * 20_000)
        name = f"{megabytes} MB of lines, opened (ordinary)"
        yield name, partial(large_file, "def f():\n" + text)


def _diagnostics() -> Iterator[tuple[str, Case]]:
    text = "".join(f"def f{n}(a):\n    return heigth{n}\n\n\n" for n in range(1_000))

    def problems(message: str, *, apart: bool) -> list[Any]:
        first = [4 * n + 1 if apart else 1 for n in range(1_000)]
        return [
            {
                "range": {
                    "start": {"line": line, "character": 11},
                    "end": {"line": line, "character": 18},
                },
                "message": f"{message} {n}",
                "severity": 1,
                "source": "linter",
                "code": n,
            }
            for n, line in enumerate(first)
        ]

    def listed(given: list[Any]) -> Case:
        def run(rig: Rig, _: Gateway) -> None:
            rig.open(URI, text)
            where = given[0]["range"]
            context = {"diagnostics": given}
            for _n in range(3):
                ask(rig, "textDocument/codeAction", {"range": where, "context": context})
            for version in range(2, 8):
                rig.client.change(URI, version, ((0, 0, 0, 0), "#"))
            command(rig, "fix", range=where, diagnostics=given)
            command(rig, "fix", range=where, diagnostics=given, all=True)
            command(rig, "explain", range=where, diagnostics=given)

        return run

    def told(rig: Rig, _: Gateway) -> None:
        given = problems("bad " * 500, apart=True)
        rig.client.on["glm/context"] = lambda _: {"diagnostics": given, "references": []}
        rig.open(URI, text)
        command(rig, "fix", range=given[0]["range"], diagnostics=given[:1], all=True)

    yield "1,000 diagnostics at one place", listed(problems("bad", apart=False))
    yield "1,000 diagnostics, each on its line", listed(problems("undefined", apart=True))
    yield "1,000 long diagnostics", listed(problems("bad " * 500, apart=True))
    yield "1,000 diagnostics that the editor tells", told


def _services() -> Iterator[tuple[str, Case]]:
    whole = b"".join(s for s in chat_stream("Fine. " * 5_000).steps if isinstance(s, bytes))
    calls = [{"index": n, "function": {"name": "f", "arguments": "x" * 900}} for n in range(1_000)]
    deep = '{"choices":[{"delta":' + "[" * 90_000 + "]" * 90_000 + "}]}"
    replies: dict[str, Reply] = {
        "bytes one by one": Reply([whole[n : n + 1] for n in range(60_000)]),
        "20 MB in one write": Reply([whole * 20]),
        "deltas of 900 KB": Reply([_delta("word " * 180_000)] * 10),
        "a delta of 20 MB": Reply([_delta("x" * (20 * MILLION))]),
        "reasoning of 900 KB": Reply([_delta("word " * 180_000, "reasoning_content")] * 10),
        "deep JSON": Reply([frame(deep)] * 10),
        "tool calls of 900 KB": Reply([_delta(calls, "tool_calls")] * 10),
        "an event of 900,000 numbers": Reply([frame("[" + "1," * 450_000 + "1]")]),
        "20,000 choices": Reply([frame({"choices": [{"index": 0, "delta": {}}] * 20_000})] * 10),
        "comments of 900 KB": Reply([b": " + b"x" * 900_000 + b"\n\n"] * 20),
        "an error of 20 MB": Reply([b"<html>" + b"x" * (20 * MILLION)], 500, "text/html"),
        "an error of 20 MB of JSON": Reply(
            [json.dumps({"error": {"message": "x" * (20 * MILLION)}}).encode()],
            400,
            "application/json",
        ),
        "20 MB that is no stream": Reply([b"x" * (20 * MILLION)], 200, "application/json"),
    }
    for name, (_, first, step) in ENDLESS.items():
        status, kind = (500, "text/html") if first == b"<html>" else (200, "text/event-stream")
        replies[f"{name} without end"] = Reply(Endless(step, first=first), status, kind)
    for name, (_, steps) in HEADS.items():
        replies[f"a head: {name}"] = Reply(steps, framing="raw")
    for name, reply in replies.items():
        yield f"a service: {name}", partial(served, reply)


def _delta(value: Any, field: str = "content") -> bytes:
    return frame({"choices": [{"index": 0, "delta": {field: value}}]})


def large_file(text: str, rig: Rig, _: Gateway) -> None:
    """Open a file, and ask what any editor asks as soon as it is open."""
    rig.client.open(URI, text)
    at = {"line": 0, "character": 2}
    where = {"start": at, "end": at}
    ask(rig, "textDocument/codeAction", {"range": where, "context": {"diagnostics": []}})


def held_line(line: str, rig: Rig, gateway: Gateway) -> None:
    """Open a file of one line that is just held; type and complete in it, and ask about it."""
    large_file(line, rig, gateway)
    for version in range(2, 12):
        rig.client.change(URI, version, ((0, 10_000, 0, 10_000), "y"))
    at = {"line": 0, "character": 10_010}
    gateway.script(filled("1"))
    params = {"position": at, "context": {"triggerKind": 1}}
    ask(rig, "textDocument/inlineCompletion", params)
    gateway.script(chat_stream("Fine."))
    command(rig, "explain", range={"start": at, "end": at})
    command(rig, "edit", range={"start": at, "end": at}, instruction="Make it shorter.")


def slow_line(line: str, rig: Rig, gateway: Gateway) -> None:
    """List, complete and explain in the middle of a line."""
    rig.open(URI, f"{CODE}\n{line}\nx = ")
    at = {"line": CODE.count("\n") + 1, "character": min(40, len(line) - 1)}
    where = {"start": at, "end": at}
    ask(rig, "textDocument/codeAction", {"range": where, "context": {"diagnostics": []}})
    gateway.script(filled("1"))
    for place in (at, {"line": CODE.count("\n") + 2 + line.count("\n"), "character": 4}):
        params = {"position": place, "context": {"triggerKind": 1}}
        ask(rig, "textDocument/inlineCompletion", params)
    gateway.script(chat_stream("Fine."))
    command(rig, "explain", range=where)
    command(rig, "edit", range=where, instruction="Make it shorter.")


def answer(text: str, rig: Rig, gateway: Gateway) -> None:
    """Have the model answer an edit and an explanation with a text, in small and large pieces."""
    for reply in (fenced(text), chat_stream(text, chunk=50_000)):
        gateway.script(reply)
        rig.open(URI)
        where = rig.range_of(URI, "heigth")
        command(rig, "fix", range=where, diagnostics=[rig.problem(URI, "undefined")])
        command(rig, "explain", range=where)


def completion(text: str, rig: Rig, gateway: Gateway) -> None:
    """Have the model complete with a text."""
    for chunk in (7, 50_000):
        gateway.script(chat_stream(f"<fill>{text}</fill>", chunk=chunk))
        rig.open(URI, CODE + "x = ")
        at = {"line": CODE.count("\n"), "character": 4}
        ask(
            rig,
            "textDocument/inlineCompletion",
            {"position": at, "context": {"triggerKind": 1}},
        )


def served(reply: Reply, rig: Rig, gateway: Gateway) -> None:
    """Have a service answer an explanation, an edit and a completion."""
    gateway.script(reply)
    rig.open(URI)
    where = rig.range_of(URI, "heigth")
    command(rig, "explain", range=where)
    command(rig, "fix", range=where, diagnostics=[rig.problem(URI, "undefined")])
    at = {"line": CODE.count("\n"), "character": 0}
    ask(
        rig,
        "textDocument/inlineCompletion",
        {"position": at, "context": {"triggerKind": 1}},
    )


def sent(body: bytes, rig: Rig, _: Gateway) -> None:
    """Send the body of a message."""
    rig.client.send_bytes(frame_of(body))


def ask(rig: Rig, method: str, params: Any) -> None:
    """Ask about the attacked document, and wait for an answer, of whatever kind."""
    try:
        rig.client.call(method, {"textDocument": {"uri": URI}, **params}, 60)
    except ServerError as error:
        rig.client.received.append({"method": "window/showMessage", "params": error.message})


def command(rig: Rig, name: str, **argument: Any) -> None:
    """Run an action to its end, or to its refusal, which the user reads."""
    refused = ""
    try:
        params = {"command": f"glm.{name}", "arguments": [{"uri": URI, **argument}]}
        rig.client.call("workspace/executeCommand", params, 60)
    except (ServerError, NoReplyError) as error:
        refused = getattr(error, "message", "NO REPLY")
        rig.client.received.append({"method": "window/showMessage", "params": refused})
    rig.idle(60)
