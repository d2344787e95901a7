"""One user's session through one gateway: the main job on one wire, and what came of it.

Everything is asked of the real server over stdio. What a cell says is checked against the model's
end (`tests/gateways/model.py`), never against the gateway's word.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from attrs import define, field

from glm_lsp.demo.editor import ResponseError
from glm_lsp.text import Span
from tests.lsp.harness import URI, choose, idle, serving, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glm_lsp.demo.editor import Editor
    from tests.gateways.gateways import Started
    from tests.gateways.model import Exchange, Model

WORKS, LATE, DROPPED, NONE = "works", "late", "not passed on", "—"
"""What a cell can say; anything else is what went wrong."""

CANCELLED = 0.2  # Seconds in which a cancel reaches the model.
ADD = '\n\ndef add(first, second):\n    """Return the sum."""\n    return '
LOOP = "\n\nwidths = [1, 2, 3]\nfor width in widths:\n    print("
TWICE = '\n\ndef twice(value):\n    """Return the double."""\n    return '
LONG = '\n\ndef table(rows):\n    """Print each row, and the sum of all rows."""\n'

_TRIES = 3  # The machine may be busy with something else.


@define
class Row:
    """What came of a session: a word for each column, and what was measured.

    Attributes:
        cancel: seconds from the cancel to the moment when the model worked on nothing.
        ahead: how many words the model had written when the editor had its first.
    """

    cells: dict[str, str] = field(factory=dict)
    cancel: float | None = None
    ahead: int | None = None


async def session(started: Started, model: Model, wire: str, folder: Path) -> Row:
    """Do the main job on a wire ("raw" is a chat whose completions are raw) and say how it went."""
    row, begun = Row(), len(model.exchanges)
    raw = wire == "raw"
    options: dict[str, Any] = {
        "provider": "custom",
        "protocol": "chat" if raw else wire,
        "models": {"actions": "embedded", "completion": "glm-4.7"},
        "completion": {"prompt": "prefix" if raw else "chat"},
    }
    environ = {"GLM_LSP_BASE_URL": started.base_url, "GLM_LSP_PROVIDER": "custom"}
    async with serving(None, folder, key=started.key, environ=environ, **options) as editor:
        row.cells["completion"] = await _completion(editor)
        if raw:
            row.cells |= {"fix": NONE, "explain": NONE}
            await _until_cancelled(row, model, lambda: _cancelled_completion(editor, model))
        else:
            row.cells["fix"] = await _fix(editor)
            row.cells["explain"] = await _explain(editor, model, row)
            await _until_cancelled(row, model, lambda: _cancelled_action(editor, model))
        said = shown(editor)
    if said:
        row.cells["completion"] += f"; said: {said}"
    # llama.cpp closes kept connections: LiteLLM then asks again what nobody has read.
    asked = [each for each in model.exchanges[begun:] if each.path != "/v1" and each.answered]
    row.cells |= _counted(folder, asked)
    return row


async def _completion(editor: Editor) -> str:
    """Complete at three places: each question begins as the one before.

    Of a chat such a small model understands little: it mostly answers that nothing belongs there.
    """
    shown_texts: list[str] = []
    for typed in (ADD, TWICE, LOOP):
        items = await _ask(editor, _type(editor, typed))
        if not isinstance(items, list):
            return str(items)
        shown_texts += [item["insertText"] for item in items]
    return WORKS if "".join(shown_texts).strip() else "nothing was offered"


async def _fix(editor: Editor) -> str:
    await choose(editor, "GLM: Fix")
    await idle(editor)
    text = editor.text(URI)
    kept = text.startswith("import math\n\n\ndef area(") and text.endswith(LOOP)
    return WORKS if kept and "heigth" not in text else f"became {text!r}"


async def _explain(editor: Editor, model: Model, row: Row) -> str:
    begun = len(model.exchanges)
    job = await choose(editor, "GLM: Explain", "circle")
    await editor.until(lambda: bool(_pieces(editor, job)), 60)
    row.ahead = model.exchanges[begun].words
    await editor.until(lambda: editor.ended(job), 60)
    await idle(editor)
    pieces = _pieces(editor, job)
    return WORKS if len("".join(pieces).split()) >= 10 else f"too little: {pieces}"


def _pieces(editor: Editor, job: str) -> list[str]:
    said = editor.received("glm/explanation")
    return [piece["delta"] for piece in said if piece["job"] == job and piece["delta"]]


async def _until_cancelled(row: Row, model: Model, cancel: Callable[[], Any]) -> None:
    """Cancel in the middle of an answer, some times if it takes too long, and keep the best."""
    for _ in range(_TRIES):
        took = await cancel()
        if took is not None:
            row.cancel = min(took, row.cancel or took)
            if took <= CANCELLED:
                break
    row.cells["cancel"] = LATE
    if row.cancel is None:
        row.cells["cancel"] = "no answer was long enough"
    elif row.cancel <= CANCELLED:
        row.cells["cancel"] = WORKS


async def _cancelled_action(editor: Editor, model: Model) -> float | None:
    begun = len(model.exchanges)
    job = await choose(editor, "GLM: Explain", "area")
    await _in_the_middle(model, begun)
    at = time.monotonic()
    editor.notify("window/workDoneProgress/cancel", {"token": job})
    took = await _took(model, begun, at)
    await idle(editor)
    return took


async def _cancelled_completion(editor: Editor, model: Model) -> float | None:
    begun = len(model.exchanges)
    offset = _type(editor, LONG)
    asking = asyncio.ensure_future(_ask(editor, offset))
    await _in_the_middle(model, begun)
    at = time.monotonic()
    asking.cancel()  # The editor of the tests sends `$/cancelRequest`.
    await asyncio.wait({asking})
    return await _took(model, begun, at)


async def _in_the_middle(model: Model, begun: int) -> None:
    """Wait until the model has answered a little."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        asked = model.exchanges[begun:]
        if asked and len(asked[-1].events) > 2:
            return
        await asyncio.sleep(0.002)
    raise AssertionError("the model was not asked")


async def _took(model: Model, begun: int, at: float) -> float | None:
    """Return how long after `at` the model was idle; None if its answer was complete by then."""
    idle_at = await asyncio.to_thread(model.idle_at)
    if any(_whole(exchange) for exchange in model.exchanges[begun:]):
        return None if idle_at is None or idle_at - at < CANCELLED else idle_at - at
    return None if idle_at is None else idle_at - at


def _whole(exchange: Exchange) -> bool:
    """Whether the model wrote an answer to its end."""
    ends = (b"0\r\n\r\n", b"[DONE]", b"message_stop", b"response.completed")
    return any(end in exchange.answered[-400:] for end in ends)


def _counted(folder: Path, asked: list[Exchange]) -> dict[str, str]:
    """Compare what was recorded with what the model said that it took.

    An answer that was cut at its stop text by us (Responses has no such field) is estimated.
    """
    with closing(sqlite3.connect(folder / "data" / "glm-lsp" / "usage.sqlite3")) as connection:
        rows = connection.execute(
            "SELECT prompt, output, cached, counted, outcome, feature FROM request ORDER BY at"
        ).fetchall()
    done = [row for row in rows if row[4] == "done"]
    if len(rows) != len(asked):
        return {"usage": f"{len(rows)} recorded, {len(asked)} asked", "cached": NONE}
    if failed := {row[4] for row in rows} - {"done", "abandoned"}:
        return {"usage": f"failed: {failed}", "cached": NONE}
    if not any(row[3] for row in done) or not all(row[3] for row in done if row[5] != "completion"):
        return {"usage": DROPPED, "cached": DROPPED}
    pairs = [
        (row[:3], exchange.counts)
        for row, exchange in zip(rows, asked, strict=True)
        if row[3] and row[4] == "done"
    ]
    ours, told = [pair[0] for pair in pairs], [pair[1] or (0, 0, 0) for pair in pairs]
    same = [each[:2] for each in ours] == [each[:2] for each in told]
    cached, truth = [each[2] for each in ours], [each[2] for each in told]
    usage = WORKS if same else f"{ours} for {told}"
    if not any(cached):
        return {"usage": usage, "cached": DROPPED if any(truth) else "the model had none"}
    return {"usage": usage, "cached": WORKS if cached == truth else f"{cached} for {truth}"}


def _type(editor: Editor, text: str) -> int:
    """Type at the end of the document; return the offset behind it."""
    end = len(editor.text(URI))
    editor.type(URI, Span(end, end), text)
    return end + len(text)


async def _ask(editor: Editor, offset: int) -> Any:
    """Ask for a completion as an editor does when somebody calls for one."""
    params = {
        "textDocument": {"uri": URI},
        "position": editor.range_of(URI, Span(offset, offset))["start"],
        "context": {"triggerKind": 2},
    }
    try:
        return await editor.request("textDocument/inlineCompletion", params)
    except ResponseError as error:
        return f"error {error.code}: {error}"
