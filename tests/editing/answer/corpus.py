"""Reads the golden answers, and runs one as the server does: asked, placed, judged.

A golden file holds parts under `├─ … ─┤`. `file: LANGUAGE` with `key: value` after semicolons
(action, preset, ask, problem: LINE MESSAGE, part) opens a task: the file's text, the user's
selection between two `┃`, or the cursor at one. `right` is the file as it should be after.
`answer: NAME` is an answer; `ends: right` says that it leads there, `ends: NAME` to the text
in the part `NAME`, `ends: same` that nothing changes, `ends: fault WORDS` that the model is
asked again, `ends: refused WORDS` that it is not. `·` is a space and `⇥` a tab where it matters,
`⍽` a no-break space, `⓪` one without width, `⟲` turns the direction around.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.actions.ask import replacement
from glm_lsp.actions.offers import Diagnostic
from glm_lsp.actions.plan import Plan, Task, plan
from glm_lsp.actions.profile import ModelProfile
from glm_lsp.actions.promise import promise_of
from glm_lsp.actions.registry import ACTIONS
from glm_lsp.editing.answer import Whole, judge
from glm_lsp.errors import FaultyAnswerError, ReplyError
from glm_lsp.llm.types import Delta, Finish, FinishReason, Request, TextDelta
from glm_lsp.text import Change, Snapshot, Span, Text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

GOLDEN = Path(__file__).with_name("golden")
_PART = re.compile(r"^├─ (.+?) ─┤\n", re.MULTILINE)
_SIGNS = str.maketrans({"·": " ", "⇥": "\t", "⍽": "\u00a0", "⓪": "\u200b", "⟲": "\u202e"})
PROFILE = ModelProfile("glm-5.1", 200_000, 100_000)


@frozen
class Form:
    """One answer to one task, and what is right.

    Attributes:
        ends: "right", "fault" or "refused".
        right: the file as it should be after; the words of the error for the other two.
    """

    name: str
    task: Task
    answer: str = field(repr=False)
    ends: str
    right: str = field(repr=False)
    complete: bool = True


@frozen
class End:
    """What came of an answer: how it ended, the file after, the first piece's place."""

    how: str
    text: str = field(repr=False)
    words: str = ""
    early: bool = False


def forms() -> list[Form]:
    """Read all golden answers."""
    return [form for path in sorted(GOLDEN.glob("*.txt")) for form in _read(path)]


def _read(path: Path) -> list[Form]:
    _, *parts = _PART.split(path.read_text("utf-8"))
    found: list[Form] = []
    task: Task | None = None
    texts: dict[str, str] = {}
    answer, name = "", ""
    for head, body in zip(parts[::2], parts[1::2], strict=True):
        key, _, rest = head.partition(": ")
        text = body.translate(_SIGNS)
        if key == "file":
            task = _task(rest, text)
            texts = {"same": str(task.snapshot.text)}
        elif key == "answer":
            name, answer = rest, text
        elif key == "ends":
            assert task is not None, head
            how, _, words = rest.partition(" ")
            complete = "cut off" not in name
            ends = how if how in ("fault", "refused") else "right"
            right = words if ends != "right" else texts.get(how, "")
            if ends == "right" and how not in texts:
                texts[how] = right = _with_ends(text, task)
            title = f"{path.stem}: {name}"
            found.append(Form(title, task, answer, ends, right, complete))
        else:
            assert task is not None, head
            texts[head] = _with_ends(text, task)
    return found


def _with_ends(text: str, task: Task) -> str:
    whole = str(task.snapshot.text)
    newline = task.snapshot.newline
    if not whole.endswith(("\n", "\r")):
        text = text.removesuffix("\n")
    if whole.startswith("\ufeff"):
        text = "\ufeff" + text
    return text.replace("\n", newline)


def _task(head: str, text: str) -> Task:
    language, *options = (part.strip() for part in head.split(";"))
    told = {key: value for key, _, value in (option.partition(": ") for option in options)}
    if "no final newline" in told:
        text = text.removesuffix("\n")
    if "bom" in told:
        text = "\ufeff" + text
    text = text.replace("\n", {"crlf": "\r\n", "cr": "\r"}.get(told.get("ends", ""), "\n"))
    start, *middle, end = text.split("┃") if "┃" in text else ["", text]
    chosen = "".join(middle)
    whole = Text.of(start + chosen + end)
    snapshot = Snapshot(f"file:///p/a.{language}", 1, language, whole)
    problems = []
    for problem in filter(None, told.get("problem", "").split(" | ")):
        line, message = problem.split(" ", 1)
        at = whole.line_start(int(line) - 1)
        content = whole.line(int(line) - 1)
        first = at + len(content) - len(content.lstrip())
        problems.append(Diagnostic(Span(first, at + len(content.rstrip())), message))
    return Task(
        action=ACTIONS[told.get("action", "fix")],
        snapshot=snapshot,
        selection=Span(len(start), len(start) + len(chosen)),
        diagnostics=tuple(problems),
        preset=told.get("preset", ""),
        instruction=told.get("ask", ""),
        part="part" in told,
    )


@frozen
class _Model:
    pieces: tuple[str, ...]
    complete: bool

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        for piece in self.pieces:
            yield TextDelta(piece)
        yield Finish(FinishReason.STOP if self.complete else FinishReason.LENGTH)


def run(form: Form, size: int) -> End:
    """Run an answer in pieces of a size, as the server does up to the applied edit."""
    made = plan(form.task, PROFILE)
    cut = tuple(form.answer[i : i + size] for i in range(0, len(form.answer), size))
    try:
        text, hunks, early = asyncio.run(_answered(made, _Model(cut, form.complete), len(cut)))
    except FaultyAnswerError as error:
        return End("fault", "", error.fault)
    except ReplyError as error:
        return End("refused", "", str(error))
    before = str(form.task.snapshot.text)
    after = before[: made.target.start] + text + before[made.target.end :]
    for hunk in sorted(hunks, key=lambda hunk: hunk.span.start, reverse=True):
        assert not hunk.span.touches(made.target)
        grown = len(text) - len(made.target) if hunk.span.start > made.target.end else 0
        after = after[: hunk.span.start + grown] + hunk.text + after[hunk.span.end + grown :]
    fault = judge(promise_of(made), before, after)
    return End("fault" if fault else "right", after, fault or "", early)


async def _answered(made: Plan, model: _Model, count: int) -> tuple[str, list[Change], bool]:
    text, hunks, early, whole = "", [], False, None
    read = 0

    class Counting:
        async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
            nonlocal read
            async with aclosing(model.stream(request)) as deltas:
                async for delta in deltas:
                    read += 1
                    yield delta

    async with aclosing(replacement(made, Counting(), lambda _: None)) as pieces:
        async for piece in pieces:
            assert whole is None or isinstance(piece, Change), "a piece after the whole"
            if isinstance(piece, Change):
                hunks.append(piece)
            elif isinstance(piece, Whole):
                assert not text or not piece.text.startswith(text), "the whole was not needed"
                whole = piece.text
            else:
                early = early or read < count
                text += piece
    return text if whole is None else whole, hunks, early
