"""One random life of a change: a user, an editor, a model, and the clock against all three.

Invariant checked: every character the user typed and did not delete is in the file at the end,
and the rest of the file is the intended replacement or the original, never a mixture.
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.editing.pieces import Owner
from glm_lsp.errors import EditError, ReplyError
from glm_lsp.lsp.apply import Applier, Mode, Outcome, Pace
from glm_lsp.text import Span
from tests.editing.simulated import (
    URI,
    Manners,
    Report,
    Sighting,
    SimulatedEditor,
    Stale,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_LINES = (
    "def total(prices, rate):",
    "    result = 0",
    "    for price in prices:",
    "        result += price * rate",
    "    return result",
    "",
    "    # naïve – “quoted” 𝒳",
    "    if rate is None:",
    "        rate = 1",
    "        raise ValueError(rate)",
    "    print(result, 🦀)",
    "}",
    "    return None",
)


@frozen
class Run:
    """What a run was and how it ended."""

    seed: int
    manners: Manners
    mode: Mode
    ending: str
    original: str
    replacement: str
    final: str
    seen: Sighting
    problem: str = ""


async def live(seed: int) -> Run:
    """Live through one run; `problem` tells what was wrong in the end, if anything was."""
    rng = Random(seed)  # noqa: S311  # It has to be repeatable.
    manners = _manners(rng)
    before, after = _code(rng, 3), _code(rng, 3)
    original = _code(rng, rng.randint(1, 14))
    replacement = _rewritten(rng, original)
    editor = SimulatedEditor(rng, manners, before + original + after)
    snapshot = editor.documents.get(URI)
    assert snapshot is not None
    mode: Mode = rng.choice(["stream", "stream", "stream", "once"])
    applier = Applier(
        editor.documents,
        snapshot,
        Span(len(before), len(before) + len(original)),
        editor.send,
        delivery=mode,
        pace=Pace(reply=5, echo=2, grace=0.5, reopen=1),
    )
    breaks = rng.random() < 0.15
    progress = [0.0]
    job = asyncio.ensure_future(
        applier.run(lambda _: _model(rng, replacement, progress, breaks=breaks))
    )
    if rng.random() < 0.15:
        asyncio.get_running_loop().call_later(rng.uniform(0, 3), job.cancel)
    user = asyncio.ensure_future(_user(rng, editor, applier, progress, job))
    try:
        ending = (await job).value
    except asyncio.CancelledError:
        ending = "cancelled"
    except (EditError, ReplyError) as error:
        ending = type(error).__name__ + ": " + str(error)[:40]
    user.cancel()
    await asyncio.sleep(3)
    if ending == Outcome.APPLIED.value and rng.random() < 0.3:
        ending = await _taken_back(rng, editor, applier)
    editor.settle()
    intended = [replacement if ending == Outcome.APPLIED.value else original]
    if applier.session.refused:
        intended.append(original)  # An undo whose report comes when the change is complete.
    editor.deleted += _overwritten(applier)
    problem = _problem(editor, [before + text + after for text in intended])
    applier.close()
    return Run(
        seed, manners, mode, ending, original, replacement, editor.buffer, editor.seen, problem
    )


async def _taken_back(rng: Random, editor: SimulatedEditor, applier: Applier) -> str:
    """Type on, then have the change undone; return how that ended."""
    for _ in range(rng.randint(0, 5)):
        editor.type(rng.randint(0, len(editor.buffer)))
        await asyncio.sleep(rng.uniform(0, 1))
    try:
        await applier.take_back()
    except EditError:
        return Outcome.APPLIED.value
    await asyncio.sleep(1)
    return "undone later"


def _overwritten(applier: Applier) -> int:
    """Return how much of the original stays out because the user overwrote GLM's text for it."""
    pieces = applier.session._ledger.pieces.list
    hunks = {p.hunk for p in pieces if p.owner is Owner.GLM and p.hunk >= 0 and p.gone}
    return sum(len(p) for p in pieces if p.owner is Owner.ORIGINAL and p.hunk in hunks and p.gone)


def _problem(editor: SimulatedEditor, intended: list[str]) -> str:
    mirror = editor.documents.get(URI)
    if mirror is None or str(mirror.text) != editor.buffer:
        return "the mirror is not the buffer"
    lost = editor.alive - set(editor.names)
    if any(len(name) == 1 for name in lost):
        return f"lost {len(lost)} of the user's characters"
    if any(editor.buffer.count(name) != 1 for name in editor.alive if len(name) == 1):
        return "the user's text is there twice"
    pairs = zip(editor.buffer, editor.names, strict=True)
    rest = "".join(character for character, name in pairs if not name)
    # A pasted line end that an edit took along and put back, between other text, has no name.
    return (
        ""
        if any(_is_left_of(text, rest, editor.deleted, len(lost)) for text in intended)
        else "a mixture"
    )


def _is_left_of(text: str, rest: str, deleted: int, line_ends: int) -> bool:
    """Tell whether `rest` is `text` without at most so many characters, and with line ends."""
    if not line_ends:
        return 0 <= len(text) - len(rest) <= deleted and _is_subsequence(rest, text)
    places = [index for index, character in enumerate(rest) if character == "\n"]
    return any(
        _is_left_of(text, rest[:index] + rest[index + 1 :], deleted, line_ends - 1)
        for index in places
    )


def _is_subsequence(short: str, long: str) -> bool:
    rest = iter(long)
    return all(character in rest for character in short)


def _manners(rng: Random) -> Manners:
    stale: Stale = rng.choice(["no", "silent", "error", "no", "silent", "error", "apply"])
    reports: list[Report] = ["exact", "trimmed", "apart"]
    if stale != "apply":  # Else nobody can know what our edit took away before it was seen.
        reports += ["joined", "whole"]
    return Manners(
        stale=stale,
        report=rng.choice(reports),
        reply_after=rng.choice([0, 0.02, 0.5]),
        report_after=rng.choice([0, 0.005, 0.15, 0.4]),
        refusals=rng.choice([0, 0, 0.1, 0.3]),
        joins_undo=rng.random() < 0.5,
        encoding=rng.choice(["utf-8", "utf-16", "utf-32"]),
    )


def _code(rng: Random, count: int) -> str:
    return "".join(rng.choice(_LINES) + "\n" for _ in range(count))


def _rewritten(rng: Random, original: str) -> str:
    lines = original.splitlines(keepends=True)
    for _ in range(rng.randint(0, 6)):
        where = rng.randint(0, len(lines))
        what = rng.random()
        if what < 0.3:
            lines[where:where] = [rng.choice(_LINES) + "\n"]
        elif what < 0.6:
            del lines[where : where + rng.randint(1, 3)]
        elif where < len(lines):
            lines[where] = lines[where].replace("result", "total").replace("rate", "factor + 1")
    return "".join(lines)


async def _model(
    rng: Random, replacement: str, progress: list[float], *, breaks: bool
) -> AsyncGenerator[str, None]:
    sent = 0
    pace = rng.choice([0.001, 0.02, 0.2, 0.8])
    stop = rng.uniform(0, len(replacement)) if breaks else len(replacement)
    while sent < stop:
        await asyncio.sleep(rng.uniform(0, pace))
        count = rng.randint(1, 9)
        yield replacement[sent : sent + count]
        sent += count
        progress[0] = sent / len(replacement)
    progress[0] = 1.0
    if breaks:
        raise ReplyError("The stream broke.")


async def _user(
    rng: Random,
    editor: SimulatedEditor,
    applier: Applier,
    progress: list[float],
    job: asyncio.Future[Outcome],
) -> None:
    pause = rng.choice([0.02, 0.1, 0.6])
    left = rng.choice([0, 2, 6, 12, 24])
    cursor = rng.randint(0, len(editor.buffer))
    acts = rng.choice(["types", "types", "edits", "edits", "undoes", "reopens"])
    vague = editor.manners.report in ("joined", "whole")
    if vague and acts in ("edits", "reopens"):
        # Which of two equal characters was deleted could only be guessed, as could what an
        # edit took away that was meant for a version of before the document was closed.
        acts = "types"
    heedless = editor.manners.stale == "apply"
    if heedless and acts == "undoes":
        acts = "types"  # Our taking back, done once more to the text after it, is no undo.
    deletes = acts == "edits" and not heedless  # Nor can its taking away be told from theirs.
    while left and not job.done():
        await asyncio.sleep(rng.uniform(0, pause))
        if acts == "undoes" and not editor.seen.edits:
            continue
        left -= 1
        if rng.random() < 0.4:
            cursor = rng.randint(0, len(editor.buffer))
        cursor = min(cursor, len(editor.buffer))
        what = rng.random()
        if acts == "undoes" and what < 0.5:
            # Later the change may be finished, or be taken back: then undo is no refusal.
            if progress[0] < 0.8 and not applier.session.withdrawn:
                editor.undo()
        elif what < 0.6 or acts == "types":
            editor.type(cursor)
            cursor += 1
        elif what < 0.75:
            editor.paste(cursor)
            cursor += 3
        elif deletes:
            end = min(len(editor.buffer), cursor + rng.randint(1, 12))
            if not editor.was_sent(Span(cursor, end)):
                editor.delete(Span(cursor, end))
        elif acts == "reopens":
            editor.close_and_open()
