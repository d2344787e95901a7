"""The journey of one change: deliveries, faults, refusals, closing, cancelling."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types

from glm_lsp.editing.answer import Whole
from glm_lsp.errors import EditError, FaultyAnswerError, ReplyError
from glm_lsp.lsp.work.apply import Applier, Outcome
from glm_lsp.lsp.work.edit_writer import EditAnswer, Pace
from glm_lsp.text import Change, Span
from tests.editing.clockwork import run
from tests.editing.simulated import URI, Manners, SimulatedEditor

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from glm_lsp.lsp.work.apply import Mode

    Ask = Callable[[str | None], AsyncGenerator[str | Whole | Change, None]]

OLD = """\
def compute(number):
    first = number
    second = first
    third = second
    fourth = third
    return fourth
"""
NEW = """\
def compute(number):
    first = 2 * number
    second = first
    third = 3 * second
    fourth = third
    return fourth + 1
"""


class Bench:
    """A simulated editor, an applier, and what went between them."""

    def __init__(self, manners: Manners | None = None, *, delivery: Mode = "stream") -> None:
        self.editor = SimulatedEditor(Random(0), manners or Manners(), OLD)  # noqa: S311
        snapshot = self.editor.documents.get(URI)
        assert snapshot is not None
        self.sent: list[tuple[types.WorkspaceEdit, bool]] = []
        self.asked: list[str | None] = []
        self.faults: list[str | None] = []
        self.applier = Applier(
            self.editor.documents,
            snapshot,
            Span(0, len(OLD)),
            self.send,
            delivery=delivery,
            check=self.check,
            pace=Pace(reply=5, echo=1, grace=0.3, reopen=1),
        )

    @property
    def text(self) -> str:
        return self.editor.buffer

    async def send(self, edit: types.WorkspaceEdit, first: bool) -> EditAnswer:
        self.sent.append((edit, first))
        return await self.editor.send(edit, first)

    async def check(self, before: str, after: str) -> str | None:
        return self.faults.pop(0) if self.faults else None

    def ask(self, text: str = NEW, *, raises: Exception | None = None, stalls: bool = False) -> Ask:
        async def pieces(fault: str | None) -> AsyncGenerator[str | Whole | Change, None]:
            self.asked.append(fault)
            for line in text.splitlines(keepends=True):
                await asyncio.sleep(0.1)
                yield line
            if raises is not None:
                raise raises
            if stalls:
                await asyncio.sleep(1000)

        return pieces

    async def wait_for_edit(self) -> None:
        while self.text == OLD:
            await asyncio.sleep(0.05)

    def go(self, ask: Ask | None = None) -> asyncio.Future[Outcome]:
        return asyncio.ensure_future(self.applier.run(ask or self.ask()))


@pytest.mark.parametrize("delivery", ["stream", "once"])
def test_one_job_is_one_undo_step(delivery: Mode) -> None:
    """The first edit is marked, and one undo brings the original back."""

    async def work() -> None:
        bench = Bench(Manners(joins_undo=True), delivery=delivery)
        assert await bench.go() is Outcome.APPLIED
        assert bench.text == NEW
        assert len(bench.sent) == (3 if delivery == "stream" else 1)
        assert [first for _, first in bench.sent] == [True] + [False] * (len(bench.sent) - 1)
        bench.editor.undo()
        assert bench.text == OLD

    run(work())


def test_edits_carry_the_version_last_seen() -> None:
    """Each edit names the document's version as the mirror knows it, and never leaves it out."""

    async def work() -> None:
        bench = Bench()
        await bench.go()
        versions = []
        for edit, _ in bench.sent:
            assert edit.document_changes is not None
            (change,) = edit.document_changes
            assert isinstance(change, types.TextDocumentEdit)
            versions.append(change.text_document.version)
        assert versions == [1, 2, 3]

    run(work())


def test_a_broken_stream_restores_the_text() -> None:
    """An error part way takes back what was written, and is raised."""

    async def work() -> None:
        bench = Bench()
        with pytest.raises(ReplyError, match="The stream broke"):
            await bench.go(bench.ask(raises=ReplyError("The stream broke.")))
        assert bench.editor.seen.edits > 1
        assert bench.text == OLD

    run(work())


def test_cancelling_restores_the_text_even_when_cancelled_again() -> None:
    """A cancelled job takes its change back first, however impatient the user is."""

    async def work() -> None:
        bench = Bench(Manners(reply_after=0.4, report_after=0.4))
        job = bench.go(bench.ask(stalls=True))
        await asyncio.sleep(3)
        assert bench.text != OLD
        job.cancel()
        await asyncio.sleep(0.01)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        assert bench.text == OLD

    run(work())


def test_a_change_can_be_taken_back_later() -> None:
    """Undo after later typing restores the original and keeps the typing."""

    async def work() -> None:
        bench = Bench()
        await bench.go()
        bench.editor.type(NEW.index("    return"), "    log(d)\n")
        await asyncio.sleep(1)
        await bench.applier.take_back()
        assert bench.text == OLD.replace("    return", "    log(d)\n    return")

    run(work())


def test_an_import_at_the_top_belongs_to_the_change() -> None:
    """A hunk elsewhere in the file goes in with the replacement."""

    async def work() -> None:
        bench = Bench()

        async def ask(fault: str | None) -> AsyncGenerator[str | Change, None]:
            yield NEW
            yield Change(Span(0, 0), "import math\n")

        await bench.go(ask)
        assert bench.text == "import math\n" + NEW
        await bench.applier.take_back()
        assert bench.text == OLD

    run(work())


def test_a_fault_is_shown_to_the_model_once() -> None:
    """A change that breaks the file is taken back, and the model asked again with the fault."""

    async def work() -> None:
        bench = Bench()
        bench.faults = ["Line 2 is broken.", None]
        assert await bench.go() is Outcome.APPLIED
        assert bench.asked == [None, "Line 2 is broken."]
        assert bench.text == NEW

    run(work())


def test_a_fault_that_stays_is_left_to_the_user() -> None:
    """A second faulty answer is not written; the user may have it all the same."""

    async def work() -> None:
        bench = Bench()
        bench.faults = ["Line 2 is broken.", "Line 2 is still broken."]
        assert await bench.go() is Outcome.OFFERED
        assert bench.applier.fault == "Line 2 is still broken."
        assert bench.text == OLD
        await bench.applier.apply_offered()
        assert bench.text == NEW
        await bench.applier.take_back()
        assert bench.text == OLD

    run(work())


def test_a_faulty_answer_of_words_is_asked_for_again() -> None:
    """An answer that cannot be used at all is asked for once more, with its fault named."""

    async def work() -> None:
        bench = Bench()
        faulty = bench.ask(raises=FaultyAnswerError("No code.", fault="Give code."))
        right = bench.ask()
        assert await bench.go(lambda fault: (right if fault else faulty)(fault)) is Outcome.APPLIED
        assert bench.asked == [None, "Give code."]
        assert bench.text == NEW

    run(work())


@pytest.mark.parametrize("delivery", ["stream", "once"])
def test_a_whole_answer_replaces_its_pieces(delivery: Mode) -> None:
    """What was streamed by mistake is taken back, and the whole text goes in."""

    async def work() -> None:
        bench = Bench(delivery=delivery)

        async def ask(fault: str | None) -> AsyncGenerator[str | Whole, None]:
            yield "def wrong():\n    pass\n\n\n"
            await asyncio.sleep(2)
            yield Whole(NEW)

        assert await bench.go(ask) is Outcome.APPLIED
        assert bench.text == NEW
        await bench.applier.take_back()
        assert bench.text == OLD

    run(work())


def test_without_edits_of_the_servers_the_change_is_offered() -> None:
    """An editor that takes no edits gets one to pick, and what is picked is recognised."""

    async def work() -> None:
        bench = Bench(delivery="offer")
        assert await bench.go() is Outcome.OFFERED
        assert (bench.sent, bench.text) == ([], OLD)
        bench.editor.type(0, "# mine\n")
        await asyncio.sleep(1)
        edit = bench.applier.proposal()
        assert edit is not None
        await bench.editor.send(edit, True)
        await asyncio.sleep(1)
        assert bench.text == "# mine\n" + NEW
        assert bench.applier.proposal() is None
        await bench.applier.take_back()
        assert bench.text == "# mine\n" + OLD

    run(work())


@pytest.mark.parametrize("delivery", ["stream", "once"])
def test_an_editor_that_takes_nothing_leaves_the_text_alone(delivery: Mode) -> None:
    """Refused without end, the change becomes an offer (Kate)."""

    async def work() -> None:
        bench = Bench(Manners(refusals=1.0), delivery=delivery)
        assert await bench.go() is Outcome.OFFERED
        assert bench.text == OLD
        assert len(bench.sent) <= 8

    run(work())


def test_an_edit_to_what_glm_rewrites_ends_the_change() -> None:
    """The user's text wins: the job ends with it and the original, and says why."""

    async def work() -> None:
        bench = Bench()
        job = bench.go(bench.ask(OLD.replace("= number", "= amount")))
        await asyncio.sleep(0.15)
        start = OLD.rindex("number")
        bench.editor.delete(Span(start, start + len("number")))
        with pytest.raises(EditError, match="your text was kept"):
            await job
        assert bench.text == OLD.replace("= number", "= ")

    run(work())


def test_an_undo_during_the_stream_takes_all_of_it_back() -> None:
    """Undo means no: nothing more is written, and what was is taken back."""

    async def work() -> None:
        bench = Bench(Manners(joins_undo=True))
        job = bench.go(bench.ask(stalls=True))
        await asyncio.sleep(0.6)
        assert bench.text != OLD
        bench.editor.undo()
        with pytest.raises(EditError, match="You undid"):
            await job
        assert bench.text == OLD

    run(work())


def test_a_closed_document_ends_the_change() -> None:
    """Nobody is written to behind their back: a closed file gets no edits."""

    async def work() -> None:
        bench = Bench()
        job = bench.go(bench.ask(stalls=True))
        await asyncio.sleep(0.15)
        identifier = types.TextDocumentIdentifier(URI)
        bench.editor.documents.close(types.DidCloseTextDocumentParams(identifier))
        sent = len(bench.sent)
        with pytest.raises(EditError, match="closed"):
            await job
        assert len(bench.sent) == sent

    run(work())


def test_a_document_opened_again_ends_the_change() -> None:
    """Closed and opened again with the text that was there: the change goes, and that is said."""

    async def work() -> None:
        bench = Bench()
        job = bench.go(bench.ask(stalls=True))
        await bench.wait_for_edit()
        bench.editor.close_and_open()
        with pytest.raises(EditError, match="closed and opened again"):
            await job
        assert bench.text == OLD

    run(work())


def test_what_does_not_go_together_with_the_users_typing_is_taken_back() -> None:
    """The guard looks at the text that is really there in the end, not at the one intended."""

    async def work() -> None:
        bench = Bench()
        looked: list[tuple[str, str]] = []

        async def guard(before: str, after: str) -> str | None:
            looked.append((before, after))
            return "The name is taken."

        bench.applier._guard = guard
        job = bench.go()
        await bench.wait_for_edit()
        mark = bench.editor.type(len(bench.text))
        with pytest.raises(EditError, match="does not go together"):
            await job
        assert looked == [(OLD + mark, NEW + mark)]
        assert bench.text == OLD + mark

    run(work())


def test_a_reply_that_changes_nothing_sends_nothing() -> None:
    """The original as an answer is no edit."""

    async def work() -> None:
        bench = Bench()
        assert await bench.go(bench.ask(OLD)) is Outcome.UNCHANGED
        assert bench.sent == []

    run(work())


def test_a_silent_editor_is_waited_for_in_bounds() -> None:
    """An editor that never answers and shows nothing ends the job, not hangs it."""

    async def work() -> None:
        bench = Bench()

        async def send(edit: types.WorkspaceEdit, first: bool) -> EditAnswer:
            await asyncio.sleep(10_000)
            return EditAnswer(applied=True)

        bench.applier._writer._send = send
        assert await bench.go() is Outcome.OFFERED
        assert bench.text == OLD

    run(work())
