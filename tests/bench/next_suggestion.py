"""From taking a suggestion to seeing the next one, over stdio and HTTP, with a model of 200 ms.

    python -m tests.bench.next_suggestion [--rounds N]

`on acceptance`  the next one is asked for when the first is taken; VS Code asks and then tells,
                 Neovim tells and then asks
`ahead`          it was asked for while the first was shown (`completion.ahead`)

Side by side, in the same run: the gateway asked without the server. Ends with 1 when the answer
takes more than 10 ms beyond the model's own time, or 10 ms where it was asked ahead, by the
median; or when anything was asked twice.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glm_lsp.text import Span
from tests.bench.typing_replay import LATENCY, against, ask_bare, line, waiting
from tests.gateway import Gateway, Reply, chat_stream
from tests.lsp.harness import capabilities, serving

if TYPE_CHECKING:
    from glm_lsp.demo.editor import Editor

BEYOND = 0.01
LINES = 4


def answer(body: Any) -> Reply:
    """Write a number first, then one line after the other."""
    head = body["messages"][-1]["content"].partition("<hole/>")[0]
    text = f"\n    step_{head.count('step_')} = {len(head)}" if head[-1:].isdigit() else "0"
    return waiting(chat_stream(f"<fill>{text}</fill>"))


async def take_lines(editor: Editor, uri: str, *, tells_first: bool, rest: float) -> list[float]:
    """Take one suggestion after the other; return how long each next one took."""
    opening = "def walk(places):\n    result = "
    editor.open(uri, "python", opening + "\n")
    offset, took = len(opening), []
    items = await ask(editor, uri, offset)
    for _ in range(LINES):
        await asyncio.sleep(rest)
        text, command = items[0]["insertText"], items[0]["command"]
        start = time.perf_counter()
        editor.type(uri, Span(offset, offset), text)
        offset += len(text)
        tell = {"command": command["command"], "arguments": command["arguments"]}
        if tells_first:
            await editor.request("workspace/executeCommand", tell)
        asked = asyncio.ensure_future(ask(editor, uri, offset))
        if not tells_first:
            await asyncio.sleep(0)
            await editor.request("workspace/executeCommand", tell)
        items = await asked
        took.append(time.perf_counter() - start)
        assert items, (uri, editor.text(uri), editor.received("window/showMessage"))
    return took


async def ask(editor: Editor, uri: str, offset: int) -> list[dict[str, Any]]:
    """Ask as an editor does by itself."""
    where = editor.range_of(uri, Span(offset, offset))["start"]
    params = {
        "textDocument": {"uri": uri},
        "position": where,
        "context": {"triggerKind": 2},
    }
    items: list[dict[str, Any]] = await editor.request("textDocument/inlineCompletion", params)
    return items


async def measure(ahead: str, rounds: int, *, tells_first: bool) -> tuple[list[float], int]:
    """Return how long each next suggestion took, and how many questions there were for each."""
    with Gateway(answer) as gateway, tempfile.TemporaryDirectory() as folder:
        vscode = capabilities("vscode-1.100")
        completion = {"ahead": ahead}
        took: list[float] = []
        async with serving(gateway, Path(folder), client=vscode, completion=completion) as editor:
            for number in range(rounds):
                uri = f"file:///project/walk{number}.py"
                rest = 2 * LATENCY if ahead == "on" else 0.02
                took += await take_lines(editor, uri, tells_first=tells_first, rest=rest)
                await asyncio.sleep(2 * LATENCY)
        return took, len(gateway.requests)


async def main(rounds: int) -> int:
    """Measure, and compare with the bounds."""
    bare = []
    with Gateway(waiting(chat_stream("x"))) as gateway:
        async with against(gateway) as meter:
            bare = [await ask_bare(meter) for _ in range(4 * rounds)]
    print(f"From taking a suggestion to the next, model {LATENCY * 1000:.0f} ms, {rounds} rounds")
    line("the gateway asked without the server", _figures(bare))
    good = True
    for name, ahead, tells_first in (
        ("on acceptance, VS Code's order", "off", False),
        ("on acceptance, Neovim's order", "off", True),
        ("ahead, VS Code's order", "on", False),
        ("ahead, Neovim's order", "on", True),
    ):
        took, questions = await measure(ahead, rounds, tells_first=tells_first)
        bound = BEYOND + (0 if ahead == "on" else LATENCY)
        # Each suggestion is one question; ahead of the last one, one more.
        fair = rounds * (LINES + (2 if ahead == "on" else 1))
        ok = statistics.median(took) <= bound and questions <= fair
        good &= ok
        line(name, f"{_figures(took)}, {questions} of {fair} questions{'' if ok else '  <<'}")
    return 0 if good else 1


def _figures(seconds: list[float]) -> str:
    ordered = sorted(1000 * one for one in seconds)
    return f"median {statistics.median(ordered):.1f} ms, worst {ordered[-1]:.1f} ms"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    sys.exit(asyncio.run(main(parser.parse_args().rounds)))
