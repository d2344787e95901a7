"""From scenarios to outcomes: one after the other, each measured as soon as it is there.

Invariant: what was found counts only whole: a scenario of which a question was not answered has no
outcome. An end that is asked for comes between two scenarios, so that nothing asked is lost.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from glm_lsp.evaluation.checks import verdict_of
from glm_lsp.evaluation.drive import put, serving
from glm_lsp.evaluation.measures import measured

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glm_lsp.demo.editor import Editor
    from glm_lsp.evaluation.drive import Came, Start
    from glm_lsp.evaluation.gateway import Gateway
    from glm_lsp.evaluation.git import CommitTree
    from glm_lsp.evaluation.measures import Measured
    from glm_lsp.evaluation.recording import Recording
    from glm_lsp.evaluation.scenario import Scenario


@frozen
class Evaluated:
    """What an evaluation found.

    Attributes:
        left: how many scenarios have no outcome.
        unanswered: those of which a question was not answered.
    """

    outcomes: tuple[Measured, ...]
    notes: tuple[str, ...] = ()
    left: int = 0
    unanswered: tuple[str, ...] = ()


async def evaluate(
    scenarios: Sequence[Scenario],
    start: Start,
    gateway: Gateway,
    *,
    progress: Callable[[int, Scenario], None] = lambda _, __: None,
    ended: Callable[[], bool] = lambda: False,
) -> Evaluated:
    """Put every scenario to the server, and measure what comes.

    `progress` is told each, with its number; `ended` is asked between two whether to go on.

    Raises:
        GlmError: the server does not start, or the files of a scenario cannot be read.
    """
    outcomes: list[Measured] = []
    unanswered: list[str] = []
    notes: dict[str, None] = {}
    # What one server found in a workspace is there for the next: they are of one repository.
    cache = TemporaryDirectory(prefix="glm-lsp-evaluation-", ignore_cleanup_errors=True)
    server = _Server(evolve(start, environ={**start.environ, "XDG_CACHE_HOME": cache.name}))
    try:
        for number, scenario in enumerate(scenarios):
            if ended() or gateway.is_refused():
                break
            progress(number, scenario)
            missing = gateway.missing
            came = await server.put(scenario, number)
            exchanges = await gateway.take()
            failed = gateway.missing > missing or any(not each.fine for each in exchanges)
            if failed and scenario.shows:
                await server.stop()  # It holds its questions back for a while now.
            if gateway.is_refused():
                break
            if gateway.missing > missing or came is None or gateway.failed:
                unanswered.append(scenario.title)
                if gateway.failed:
                    notes[f"The service did not answer: {gateway.failed}."] = None
                    gateway.failed = ""
                continue
            passes = await _passes(scenario, came, gateway.recording, notes)
            outcomes.append(measured(scenario, came, passes, exchanges))
    finally:
        await server.stop()
        cache.cleanup()
    left = len(scenarios) - len(outcomes) - len(unanswered)
    return Evaluated(tuple(outcomes), tuple(notes), left, tuple(unanswered))


async def _passes(
    scenario: Scenario, came: Came, recording: Recording, notes: dict[str, None]
) -> bool | None:
    """Return whether the tests of a scenario pass, if it has some and something came."""
    if scenario.check is None or came.text == scenario.text:
        return None
    files = {scenario.path: came.text}
    verdict = await asyncio.to_thread(verdict_of, recording, scenario.check, files, scenario.tree)
    if verdict.passed is None:
        notes[f"Tests were not run: {verdict.said}."] = None
    return verdict.passed


class _Server:
    """A server for the scenarios of one workspace after the other."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._running: _Running | None = None

    async def put(self, scenario: Scenario, number: int) -> Came | None:
        """Return what comes of a scenario; None where nothing did for too long."""
        if self._running is None or self._running.tree != scenario.tree:
            await self.stop()
            self._running = await self._begin(scenario.tree)
        root = self._running.root
        if root is not None:
            await asyncio.to_thread(_write, root / scenario.path, scenario.text)
        try:
            return await put(self._running.editor, scenario, root, number)
        except TimeoutError:
            await self.stop()
            return None

    async def stop(self) -> None:
        """End the server."""
        running, self._running = self._running, None
        if running is not None:
            await running.stack.aclose()

    async def _begin(self, tree: CommitTree | None) -> _Running:
        async with AsyncExitStack() as stack:
            root = None
            if tree is not None:
                name = stack.enter_context(TemporaryDirectory(prefix="glm-lsp-evaluation-"))
                root = await asyncio.to_thread(Path(name).resolve)
                await asyncio.to_thread(tree.write, root)
            editor = await stack.enter_async_context(serving(self._start, root))
            return _Running(tree, editor, root, stack.pop_all())


@frozen(eq=False)
class _Running:
    """A server that runs: for which workspace, and what ends it."""

    tree: CommitTree | None
    editor: Editor
    root: Path | None
    stack: AsyncExitStack


def _write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8", newline="")
