"""What became of the suggestions is counted, on this machine only."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from glm_lsp.completion.engine import Engine
from glm_lsp.completion.statistics import Acceptance, Statistics, is_kept
from glm_lsp.completion.types import Suggestion
from glm_lsp.settings import CompletionSettings
from glm_lsp.text import Snapshot, Span, Text
from tests.completion.rig import FakeClock, FakeModel, request, run

if TYPE_CHECKING:
    from pathlib import Path

CODE = "def total(prices):\n    ¦\n"
DAY = "2026-11-23"


def day() -> str:
    return DAY


def snapshot(text: str) -> Snapshot:
    return Snapshot("file:///a.py", 1, "python", Text.of(text))


@pytest.mark.parametrize(
    ("after", "event"),
    [
        pytest.param("def total(prices):\n    return sum(prices)\n", "kept", id="as it was"),
        pytest.param("import a\n\n\nreturn sum(prices)\n", "kept", id="moved"),
        pytest.param("def total(prices):\n    return 0\n", "changed", id="changed"),
    ],
)
def test_an_accepted_suggestion_is_looked_at_again(tmp_path: Path, after: str, event: str) -> None:
    """After 30 seconds an accepted suggestion counts as kept or as changed."""

    async def scenario() -> None:
        clock = FakeClock()
        model = FakeModel(clock, lambda _: ["<fill>return sum(prices)</fill>"])
        statistics = Statistics(tmp_path / "data" / "completions.sqlite3", day)
        engine = Engine(
            model,
            "m",
            CompletionSettings(),
            clock=clock,
            acceptance=Acceptance(statistics, lambda _: snapshot(after)),
        )
        task = asyncio.ensure_future(engine.complete(request(CODE)))
        await clock.advance(1)
        (suggestion,) = await task
        for typed in ("r", "re"):  # The same suggestion, typed along.
            (left,) = await engine.complete(request(CODE.replace("¦", typed + "¦")))
            assert left.id == suggestion.id
        engine.accepted(suggestion.id)
        await clock.advance(31)
        await engine.close()
        again = Statistics(tmp_path / "data" / "completions.sqlite3", day)
        assert again.read() == {DAY: {"shown": 1, "accepted": 1, event: 1}}

    run(scenario())


def test_a_part_that_was_taken_counts_once() -> None:
    """Taking a suggestion word by word is one partly accepted suggestion."""
    statistics = Statistics(None, day)
    acceptance = Acceptance(statistics, lambda _: None)
    acceptance.shown("file:///a.py", [Suggestion("c1", Span(0, 0), "return x")])
    acceptance.partly_accepted("c1")
    acceptance.partly_accepted("c1")
    acceptance.partly_accepted("unknown")
    assert statistics.read() == {DAY: {"shown": 1, "partly_accepted": 1}}


def test_a_choice_counts_as_the_one_that_is_seen() -> None:
    """Of several suggestions the first is shown; another one is when it is taken."""
    statistics = Statistics(None, day)
    acceptance = Acceptance(statistics, lambda _: None)
    choice = [Suggestion(f"c{n}", Span(0, 0), f"return {n}") for n in range(3)]
    acceptance.shown("file:///a.py", choice)
    acceptance.shown("file:///a.py", choice)
    assert statistics.read() == {DAY: {"shown": 1}}
    acceptance.accepted("c2")
    assert statistics.read() == {DAY: {"shown": 2, "accepted": 1}}


def test_what_is_typed_past_counts_as_refused() -> None:
    """A shown suggestion that the user types past is counted as refused."""

    async def scenario() -> None:
        clock = FakeClock()
        statistics = Statistics(None, day)
        engine = Engine(
            FakeModel(clock, lambda _: ["<fill>return 1</fill>"]),
            "m",
            CompletionSettings(),
            clock=clock,
            acceptance=Acceptance(statistics, lambda _: None),
        )
        for typed in ("", "x"):
            task = asyncio.ensure_future(engine.complete(request(CODE.replace("¦", typed + "¦"))))
            await clock.advance(1)
            await task
        assert statistics.read()[DAY]["refused"] == 1

    run(scenario())


def test_two_editors_count_into_one_file(tmp_path: Path) -> None:
    """Counts of several processes add up."""
    path = tmp_path / "completions.sqlite3"
    for _ in range(2):
        statistics = Statistics(path, day)
        statistics.add("shown")
        statistics.write()
        statistics.write()
    assert Statistics(path, day).read() == {DAY: {"shown": 2}}


def test_an_unusable_file_disturbs_nothing(tmp_path: Path) -> None:
    """Where counts cannot be written, they are held and nothing is raised."""
    path = tmp_path / "completions.sqlite3"
    path.write_text("not a database, but long enough to look at", encoding="utf-8")
    statistics = Statistics(path, day)
    statistics.add("shown")
    statistics.write()
    assert statistics.read() == {DAY: {"shown": 1}}


def test_a_suggestion_is_kept_when_most_of_its_lines_stand() -> None:
    """One changed line of three does not make a suggestion a failure."""
    suggestion = Suggestion("c1", Span(0, 0), "a = 1\r\nb = 2\r\nc = 3")
    assert is_kept(suggestion, snapshot("a = 1\nb = 5\nc = 3\n"))
    assert not is_kept(suggestion, snapshot("a = 1\n"))
