"""One random life of a change: a user, an editor, a model, and the clock against all three.

Judged by the judge of the fuzz, which is told who changed what and shares no thought with the
server.
"""

from __future__ import annotations

import asyncio
from difflib import SequenceMatcher
from random import Random
from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.errors import EditError, ReplyError
from glm_lsp.lsp.work.apply import Applier, Mode, Outcome
from glm_lsp.lsp.work.edit_writer import Pace
from glm_lsp.text import Span
from tests.editing.simulated import (
    URI,
    Manners,
    Report,
    Sighting,
    SimulatedEditor,
    Stale,
)
from tests.editors.fuzz.changes import split_lines
from tests.editors.fuzz.oracle import SOFT, Course, Problem, Segment, judge

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
_MISPLACES: frozenset[str] = frozenset(["swallowed", "replay", "endless"])
"""All that can be asked where an editor puts edits where they do not belong: what it destroys
on the way is put right in the end, which `_is_whole` looks at."""


@frozen
class Run:
    """What a run was and how it ended."""

    seed: int
    manners: Manners
    mode: Mode
    ending: str
    final: str
    seen: Sighting
    problems: list[Problem]


async def live(seed: int) -> Run:
    """Live through one run; `problems` tells what was wrong, if anything was."""
    rng = Random(seed)  # noqa: S311  # It has to be repeatable.
    mode: Mode = rng.choice(["stream", "stream", "stream", "once"])
    manners = _manners(rng, mode)
    before, after = _code(rng, 3), _code(rng, 3)
    original = _code(rng, rng.randint(1, 14))
    replacement = _rewritten(rng, original)
    editor = SimulatedEditor(rng, manners, before + original + after)
    snapshot = editor.documents.get(URI)
    assert snapshot is not None
    applier = Applier(
        editor.documents,
        snapshot,
        Span(len(before), len(before) + max(len(original) - 1, 0)),
        editor.send,
        delivery=mode,
        pace=Pace(reply=5, echo=2, grace=0.5, reopen=1),
    )
    breaks = rng.random() < 0.15
    answer = replacement.removesuffix("\n")
    job = asyncio.ensure_future(applier.run(lambda _: _model(rng, answer, breaks=breaks)))
    if rng.random() < 0.15:
        asyncio.get_running_loop().call_later(rng.uniform(0, 3), job.cancel)
    user = asyncio.ensure_future(_user(rng, editor, job))
    said: list[str] = []
    try:
        ending = (await job).value
    except asyncio.CancelledError:
        ending = "cancelled"
    except (EditError, ReplyError) as error:
        ending = type(error).__name__ + ": " + str(error)[:60]
        said.append(str(error))
    user.cancel()
    await asyncio.sleep(3)
    if applier.session.left_out() or ending == Outcome.OFFERED.value:
        said.append("Something was left out.")
    if ending == Outcome.APPLIED.value and rng.random() < 0.3:
        ending = await _taken_back(rng, editor, applier, said)
    editor.settle()
    rejected = ending != Outcome.APPLIED.value
    segments = _segments(before + original + after, before + (replacement or "\n") + after)
    course = Course(
        segments, editor.log, editor.buffer, said, True, editor.requests, rejected=rejected
    )
    problems = [p for p in judge(course) if p.kind not in SOFT]
    if manners.stale == "apply":
        problems = [p for p in problems if p.kind in _MISPLACES] + _is_whole(course, editor)
    if "opened a" in ending:
        # What stands there is left to the user, who is told; and an edit that was under way may
        # have met its version's number again in the document that was opened anew.
        problems = [p for p in problems if p.kind in ("replay", "endless", "silent")]
    mirror = editor.documents.get(URI)
    if mirror is None or str(mirror.text) != editor.buffer:
        problems.append(Problem("replay", "the mirror is not the buffer"))
    applier.close()
    return Run(seed, manners, mode, ending, editor.buffer, editor.seen, problems)


async def _taken_back(
    rng: Random, editor: SimulatedEditor, applier: Applier, said: list[str]
) -> str:
    """Type on, then have the change undone; return how that ended."""
    for _ in range(rng.randint(0, 5)):
        editor.type(rng.randint(0, len(editor.buffer)))
        await asyncio.sleep(rng.uniform(0, 1))
    try:
        left = await applier.take_back()
    except EditError as error:
        said.append(str(error))
        return Outcome.APPLIED.value
    said += ["Something stays."] if left else []
    await asyncio.sleep(1)
    return "undone later"


def _segments(before: str, after: str) -> list[Segment]:
    """Divide two texts into what stays and what becomes something else."""
    old, new = split_lines(before), split_lines(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [
        Segment(tuple(old[i:i_end]), tuple(new[j:j_end]))
        for _, i, i_end, j, j_end in matcher.get_opcodes()
    ]


def _is_whole(course: Course, editor: SimulatedEditor) -> list[Problem]:
    """Tell whether each of the user's characters is there once, whatever was misplaced."""
    typed = "".join(change.new for change in course.log if change.who == "user")
    marks = [mark for mark in typed if "\ue000" <= mark <= "\uf8ff"]
    return [
        Problem("lost", f"{mark!r} is there {editor.buffer.count(mark)} times")
        for mark in marks
        if editor.buffer.count(mark) != 1
    ]


def _manners(rng: Random, mode: Mode) -> Manners:
    acknowledges = mode == "stream"
    stale: Stale = rng.choice(["no", "silent", "error", "no", "silent", "error", "apply"])
    reports: list[Report] = ["exact", "trimmed", "apart"]
    if stale != "apply":  # Else nobody can know what our edit took away before it was seen.
        reports += ["joined", "whole"]
    return Manners(
        stale="no" if acknowledges else stale,
        report=rng.choice(["exact", "apart"] if acknowledges else reports),
        reply_after=rng.choice([0, 0.02, 0.5]),
        # What is typed into a line that an edit of an older version then removes is lost where
        # versions are ignored: such an editor must at least report at once.
        report_after=0 if stale == "apply" else rng.choice([0, 0.005, 0.15, 0.4]),
        refusals=rng.choice([0, 0, 0.1, 0.3]),
        joins_undo=rng.random() < 0.5,
        acknowledges=acknowledges,
        encoding=rng.choice(["utf-8", "utf-16", "utf-32"]),
    )


def _code(rng: Random, count: int) -> str:
    """Return lines that differ: among equal ones it is open which were changed."""
    return "".join(f"{rng.choice(_LINES)}  # {rng.randrange(10**6)}\n" for _ in range(count))


def _rewritten(rng: Random, original: str) -> str:
    lines = original.splitlines(keepends=True)
    for _ in range(rng.randint(0, 6)):
        where = rng.randint(0, len(lines))
        what = rng.random()
        if what < 0.3:
            lines[where:where] = [_code(rng, 1)]
        elif what < 0.6:
            del lines[where : where + rng.randint(1, 3)]
        elif where < len(lines):
            lines[where] = lines[where].replace("result", "total").replace("rate", "factor + 1")
    return "".join(lines)


async def _model(rng: Random, answer: str, *, breaks: bool) -> AsyncGenerator[str, None]:
    sent = 0
    pace = rng.choice([0.001, 0.02, 0.2, 0.8])
    stop = rng.uniform(0, len(answer)) if breaks else len(answer)
    while sent < stop:
        await asyncio.sleep(rng.uniform(0, pace))
        count = rng.randint(1, 9)
        yield answer[sent : sent + count]
        sent += count
    if breaks:
        raise ReplyError("The stream broke.")


async def _user(rng: Random, editor: SimulatedEditor, job: asyncio.Future[Outcome]) -> None:
    pause = rng.choice([0.02, 0.1, 0.6])
    left = rng.choice([0, 2, 6, 12, 24])
    cursor = rng.randint(0, len(editor.buffer))
    acts = rng.choice(["types", "types", "edits", "edits", "undoes", "reopens"])
    if editor.manners.report in ("joined", "whole") or editor.manners.stale == "apply":
        acts = "types"  # What else was done could only be guessed.
    while left and not job.done():
        await asyncio.sleep(rng.uniform(0, pause))
        left -= 1
        if editor.manners.stale == "apply" and editor.is_busy:
            continue  # It would be typed over, and reported as if the user had removed it.
        if rng.random() < 0.4:
            cursor = rng.randint(0, len(editor.buffer))
        cursor = min(cursor, len(editor.buffer))
        what = rng.random()
        if acts == "undoes" and what < 0.5:
            editor.undo()
        elif what < 0.6 or acts == "types":
            editor.type(cursor)
            cursor += 1
        elif what < 0.75:
            editor.paste(cursor)
            cursor += 3
        elif acts in ("edits", "undoes"):
            editor.delete(Span(cursor, min(len(editor.buffer), cursor + rng.randint(1, 12))))
        elif acts == "reopens":
            editor.close_and_open()
