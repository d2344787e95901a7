"""The process that holds an index, as the server sees it."""

from __future__ import annotations

import asyncio
import queue
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.project.extent import Extent
from glm_lsp.project.knowledge import Folders, Knowledge, Known
from glm_lsp.project.process import IndexProcess
from glm_lsp.project.wanted import Wanted
from glm_lsp.text import Snapshot, Text
from tests.project.rig import SHAPES, USE, write

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

HOSTILE = "x=>" * 20_000
"""What a parser of C thinks about for longer than anybody waits."""


def snapshot(root: Path, text: str = USE, name: str = "use.py") -> Snapshot:
    return Snapshot((root / name).as_uri(), 1, "python", Text.of(text))


def run(work: Callable[[Knowledge], Coroutine[Any, Any, None]]) -> None:
    """Run a test with what a client knows, and end its process."""
    started: list[IndexProcess] = []

    def start(begin: dict[str, Any], hear: Callable[[dict[str, Any]], None]) -> IndexProcess:
        started.append(IndexProcess(begin, hear))
        return started[-1]

    async def scenario() -> None:
        knowledge = Knowledge(start)
        try:
            await asyncio.wait_for(work(knowledge), 60)
        finally:
            knowledge.close()

    asyncio.run(scenario())
    for process in started:
        process.join()
        assert not process.alive


def folders(root: Path, *patterns: str) -> Folders:
    return Folders((root,), (), (patterns,) if patterns else (), store=False)


def test_a_question_is_answered_by_another_process(tmp_path: Path) -> None:
    """What the workspace defines comes with the documents that it is from."""
    root = write(tmp_path, shapes=SHAPES, use=USE)

    async def work(knowledge: Knowledge) -> None:
        knowledge.configure(folders(root))
        knowledge.opened(snapshot(root))
        await knowledge.indexed()
        known = await knowledge.ask(snapshot(root), len(USE) - 1, 8_000)
        assert "area_within" in known.sheet
        assert known.uris == ((root / "shapes.py").as_uri(),)

    run(work)


def test_within_a_line_nothing_is_asked_again(tmp_path: Path) -> None:
    """A key in the same line changes nothing of what is shown; one in another may."""
    root = write(tmp_path, shapes=SHAPES, use=USE)

    async def work(knowledge: Knowledge) -> None:
        knowledge.configure(folders(root))
        knowledge.opened(snapshot(root))
        await knowledge.indexed()
        first = await knowledge.ask(snapshot(root), len(USE) - 1, 8_000)
        typed = snapshot(root, USE[:-1] + "a\n")
        assert await knowledge.ask(typed, len(USE), 8_000) is first
        assert await knowledge.ask(typed, 0, 8_000) is not first

    run(work)


class _Silent:
    """A process that answers when it is told to."""

    def __init__(self, hear: Callable[[dict[str, Any]], None]) -> None:
        self.hear = hear
        self.asked: list[dict[str, Any]] = []

    def send(self, message: Callable[[], dict[str, Any]]) -> None:
        self.asked += [made for made in [message()] if made["do"] == "ask"]

    def close(self) -> None:
        pass


def test_an_answer_that_nobody_waited_for_is_there_for_who_asks_next(tmp_path: Path) -> None:
    """A key goes without what comes late; the next one in its line has it, and asks nothing."""
    root = write(tmp_path, shapes=SHAPES, use=USE)
    started: list[_Silent] = []

    def start(_: dict[str, Any], hear: Callable[[dict[str, Any]], None]) -> Any:
        started.append(_Silent(hear))
        return started[-1]

    async def scenario() -> None:
        knowledge = Knowledge(start)
        knowledge.configure(folders(root))
        knowledge.opened(snapshot(root))
        (process,) = started
        for _ in range(3):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(knowledge.ask(snapshot(root), 0, 8_000), 0.01)
        assert len(process.asked) == 1
        process.hear({"said": "answer", "id": process.asked[0]["id"], "sheet": "late"})
        known = await asyncio.wait_for(knowledge.ask(snapshot(root), 0, 8_000), 5)
        assert (known.sheet, len(process.asked)) == ("late", 1)
        process.hear({"said": "state", "extent": list(Extent(2))})
        await knowledge.indexed()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(knowledge.ask(snapshot(root), 0, 8_000), 0.01)
        assert len(process.asked) == 2
        knowledge.close()

    asyncio.run(scenario())


def test_without_a_workspace_nothing_is_started(tmp_path: Path) -> None:
    """A file of no folder, or one switched off, starts no process and knows nothing."""
    root = write(tmp_path, shapes=SHAPES, use=USE)

    async def work(knowledge: Knowledge) -> None:
        for rules in (None, Folders(), folders(root / "elsewhere")):
            knowledge.configure(rules)
            knowledge.opened(snapshot(root))
            assert await knowledge.ask(snapshot(root), 0, 8_000) == Known()

    run(work)


def test_new_rules_start_anew(tmp_path: Path) -> None:
    """What was found under other rules is forgotten with its process."""
    root = write(tmp_path, shapes=SHAPES, use=USE)

    async def work(knowledge: Knowledge) -> None:
        knowledge.configure(folders(root))
        knowledge.opened(snapshot(root))
        await knowledge.indexed()
        assert (await knowledge.ask(snapshot(root), len(USE) - 1, 8_000)).sheet
        knowledge.configure(folders(root, "shapes.py"))
        knowledge.opened(snapshot(root))
        await knowledge.indexed()
        assert "area_within" not in (await knowledge.ask(snapshot(root), len(USE) - 1, 8_000)).sheet

    run(work)


def test_other_open_documents_are_told_of(tmp_path: Path) -> None:
    """What was typed into another document counts, saved or not."""
    root = write(tmp_path, shapes="", use=USE)

    async def work(knowledge: Knowledge) -> None:
        knowledge.configure(folders(root))
        knowledge.opened(snapshot(root))
        await knowledge.indexed()
        knowledge.edited(snapshot(root, SHAPES, "shapes.py"))
        known = await knowledge.ask(snapshot(root), len(USE) - 1, 8_000)
        assert "area_within" in known.sheet
        knowledge.closed(snapshot(root, SHAPES, "shapes.py").uri)
        known = await knowledge.ask(snapshot(root), 0, 8_000)
        assert "area_within" not in known.sheet

    run(work)


def test_a_text_that_no_parser_ends_with_costs_its_file_alone(tmp_path: Path) -> None:
    """The process ends, is started anew without the file, and answers."""
    root = write(tmp_path, shapes=SHAPES, use=USE)
    (root / "a.c").write_text(HOSTILE, "utf-8")

    async def work(knowledge: Knowledge) -> None:
        knowledge.configure(folders(root))
        knowledge.opened(snapshot(root))
        await knowledge.indexed()
        assert knowledge.extent == Extent(files=3)
        known = await knowledge.ask(snapshot(root), len(USE) - 1, 8_000)
        assert "area_within" in known.sheet

    run(work)


@pytest.mark.parametrize("code", ["raise SystemExit(1)", "import sys; sys.stdin.buffer.read()"])
def test_a_process_that_will_not_work_is_given_up(code: str) -> None:
    """It is started a few times and no more; one that reads only is ended all the same."""
    heard: queue.Queue[dict[str, Any]] = queue.Queue()
    process = IndexProcess({"do": "begin"}, heard.put, command=(sys.executable, "-c", code))
    if "raise" in code:
        while heard.get(timeout=30) != {"said": "gone"}:
            pass
    process.close()
    process.join()
    assert not process.alive


def test_an_action_is_answered_by_the_process_that_holds_the_index(tmp_path: Path) -> None:
    """Its excerpts come with their documents; one that fails costs no index."""
    root = write(tmp_path, shapes=SHAPES, use=USE)
    wanted = Wanted(0, 5, bodies=False, callers=False, tests=False, style=False, characters=900)

    async def work(knowledge: Knowledge) -> None:
        knowledge.configure(folders(root))
        assert await knowledge.consult(snapshot(root), wanted) == ()
        knowledge.opened(snapshot(root))
        await knowledge.indexed()
        (found,) = await knowledge.consult(snapshot(root), wanted)
        assert (found.path, found.uri) == ("shapes.py", (root / "shapes.py").as_uri())
        broken: Any = []
        assert await knowledge.consult(snapshot(root), wanted._replace(first=broken)) == ()
        assert (await knowledge.ask(snapshot(root), len(USE) - 1, 8_000)).sheet

    run(work)


WATCHED = """
import io, time
from glm_lsp.project import worker
worker.TIME_FOR_A_FILE = 0.1
here = worker._Worker(io.BytesIO())
here._reading("a.py")
time.sleep(0.5)
here._reading("")
print("waited", flush=True)
here._reading("b.py")
while True:
    pass
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there it is the time that counts")
def test_a_busy_machine_ends_no_index() -> None:
    """A file has so many seconds of a processor: it waits for one as long as others have it."""
    run = subprocess.run(
        [sys.executable, "-c", WATCHED], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.stdout == "waited\n"
    assert run.returncode == -signal.SIGVTALRM
