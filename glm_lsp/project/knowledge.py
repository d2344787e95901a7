"""What a client knows of its workspace: asked on the event loop, answered by another process.

Invariant: nothing here waits on the event loop; what is not known yet is not waited for beyond
the caller's deadline. The process starts with the first document of a workspace, and is replaced
when the folders or the rules about files change: what was found under old rules is not shown.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from glm_lsp.context.names import path_of
from glm_lsp.languages import code_named
from glm_lsp.project import LONGEST
from glm_lsp.project.extent import Extent
from glm_lsp.project.sought import FoundLine
from glm_lsp.project.wanted import Excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from glm_lsp.project.process import IndexProcess
    from glm_lsp.project.sought import Sought
    from glm_lsp.project.wanted import Wanted
    from glm_lsp.text import Snapshot

logger = logging.getLogger(__name__)

_MOST_UNSEEN = 8


@frozen
class Folders:
    """Which files may be read: folders, those that were left, and patterns of what stays."""

    roots: tuple[Path, ...] = ()
    left: tuple[Path, ...] = ()
    patterns: tuple[tuple[str, ...], ...] = ()
    store: bool = True


@frozen
class Known:
    """What the index says of a cursor's line, and the documents that it is from.

    Attributes:
        reasons: the sign that spoke for each signature, where they were asked for.
    """

    sheet: str = ""
    fresh: str = ""
    uris: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(factory=dict)


@frozen
class _Last:
    line: int
    characters: int
    known: Known


@frozen
class _Asked:
    line: int
    characters: int
    answer: asyncio.Future[dict[str, Any]]


class Knowledge:
    """One client's index, as the server sees it.

    Attributes:
        extent: how much is indexed; None while not every file was looked at.
    """

    def __init__(
        self,
        start: Callable[[dict[str, Any], Callable[[dict[str, Any]], None]], IndexProcess],
    ) -> None:
        """Know nothing; `start` starts a process with a first message and who hears of it."""
        self._start = start
        self._rules: Folders | None = None
        self._process: IndexProcess | None = None
        self._generation = object()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._ids = count(1)
        self._last: dict[str, _Last] = {}
        self._asked: dict[str, _Asked] = {}
        self._unseen: dict[str, Snapshot] = {}
        self.extent: Extent | None = None
        self._complete = asyncio.Event()

    def configure(self, rules: Folders | None) -> None:
        """Take the rules in force; None switches it off."""
        if rules == self._rules:
            return
        self.close()
        self._rules = rules if rules is not None and rules.roots else None

    def close(self) -> None:
        """End the process and every question."""
        process, self._process = self._process, None
        self._forget()
        self.extent = None
        self._complete.clear()
        for future in list(self._waiting.values()):
            future.cancel()
        if process is not None:
            process.close()

    def opened(self, snapshot: Snapshot) -> None:
        """Begin with the first document of the workspace."""
        if self._process is None and self._rules is not None and self._path(snapshot.uri):
            rules, loop = self._rules, asyncio.get_running_loop()
            begin = {
                "do": "begin",
                "roots": list(map(str, rules.roots)),
                "left": list(map(str, rules.left)),
                "patterns": [list(group) for group in rules.patterns],
                "store": rules.store,
                "near": [self._path(snapshot.uri)],
            }
            generation = object()
            self._generation = generation

            def hear(message: dict[str, Any]) -> None:
                with suppress(RuntimeError):  # The event loop has ended.
                    loop.call_soon_threadsafe(self._take, generation, message)

            self._process = self._start(begin, hear)

    async def indexed(self) -> None:
        """Wait until every file of the workspace was looked at."""
        await self._complete.wait()

    def edited(self, snapshot: Snapshot) -> None:
        """Take note that an open document changed; it is told when another one asks."""
        if self._process is not None:
            self._unseen.pop(snapshot.uri, None)
            self._unseen[snapshot.uri] = snapshot
            if len(self._unseen) > _MOST_UNSEEN:
                self._unseen.pop(next(iter(self._unseen)))

    def closed(self, uri: str) -> None:
        """Go back to what the disk says of a document."""
        self._unseen.pop(uri, None)
        self._last.pop(uri, None)
        self._asked.pop(uri, None)
        if self._process is not None and (path := self._path(uri)):
            self._process.send(lambda: {"do": "close", "path": path})

    def changed_on_disk(self, uris: Iterable[str]) -> None:
        """Have files looked at again."""
        paths = [path for uri in uris if (path := self._path(uri))]
        if self._process is not None and paths:
            self._process.send(lambda: {"do": "changed", "paths": paths})

    def look_again(self) -> None:
        """Have every file looked at again, by its time of modification."""
        if self._process is not None:
            self._process.send(lambda: {"do": "look"})

    async def ask(
        self, snapshot: Snapshot, offset: int, characters: int, *, reasons: bool = False
    ) -> Known:
        """Return what the workspace defines that may be wanted at a cursor.

        While the cursor stays in its line the answer stays the same, and is asked for once: who
        does not wait for it leaves it to who asks next.
        """
        line, _ = snapshot.text.position(offset)
        last = self._last.get(snapshot.uri)
        if last is not None and (last.line, last.characters) == (line, characters):
            return last.known
        process, path = self._process, self._path(snapshot.uri)
        if process is None or not path or len(snapshot.text) > LONGEST:
            return Known()
        if code_named(snapshot.language) is None:
            return Known()
        asked = self._asked.get(snapshot.uri)
        if asked is None or (asked.line, asked.characters) != (line, characters):
            self._tell_unseen(process, snapshot)
            fresh = characters // 8
            wanted = {"sheet": characters - fresh, "fresh": fresh, "reasons": reasons, "line": line}
            message = partial(_message, "ask", path, snapshot)
            asked = _Asked(line, characters, self._answer(process, message, wanted))
            self._asked[snapshot.uri] = asked
        answer = await asyncio.shield(asked.answer)
        if not answer:
            return Known()
        uris = tuple(Path(each).as_uri() for each in answer.get("paths", ()))
        texts = (answer.get("sheet", ""), answer.get("fresh", ""))
        known = Known(*texts, uris, answer.get("reasons", {}))
        self._last[snapshot.uri] = _Last(line, characters, known)
        return known

    async def consult(self, snapshot: Snapshot, wanted: Wanted) -> tuple[Excerpt, ...]:
        """Return what the workspace has for an action on some lines, most wanted first.

        Whoever asks sets a deadline.
        """
        process, path = self._process, self._path(snapshot.uri)
        if process is None or not path or len(snapshot.text) > LONGEST:
            return ()
        if code_named(snapshot.language) is None or wanted.characters <= 0:
            return ()
        self._tell_unseen(process, snapshot)
        message = partial(_message, "consult", path, snapshot)
        answer = await self._answer(process, message, {"wanted": list(wanted)})
        if failed := answer.get("failed"):
            logger.warning("What an action may be shown of the workspace is not known: %s", failed)
        found = (Excerpt(*each) for each in answer.get("excerpts", ()))
        return tuple(each._replace(uri=Path(each.uri).as_uri()) for each in found)

    async def lines(
        self, snapshot: Snapshot, wanted: Sequence[tuple[Snapshot, Sought]]
    ) -> list[FoundLine]:
        """Return lines of the workspace, each looked for on account of a document.

        Whoever asks sets a deadline.
        """
        process, path = self._process, self._path(snapshot.uri)
        if process is None or not path or len(snapshot.text) > LONGEST:
            return []
        if code_named(snapshot.language) is None or not wanted:
            return []
        self._tell_unseen(process, snapshot, keep=True)
        sought = [each._replace(home=self._path(source.uri)) for source, each in wanted]
        message = partial(_message, "lines", path, snapshot)
        answer = await self._answer(process, message, {"sought": sought})
        if failed := answer.get("failed"):
            logger.warning("What waits in other files is not known: %s", failed)
        found = (FoundLine(*each) for each in answer.get("lines", ()))
        return [
            each._replace(place=Path(each.place).as_uri(), columns=tuple(each.columns))
            for each in found
        ]

    def _answer(
        self, process: IndexProcess, made: Callable[[], dict[str, Any]], more: dict[str, Any]
    ) -> asyncio.Future[dict[str, Any]]:
        """Send a question, made in another thread; return what its answer will be."""
        number = next(self._ids)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        future.add_done_callback(lambda _: self._waiting.pop(number, None))
        process.send(lambda: {**made(), "id": number, **more})
        return future

    def _tell_unseen(
        self, process: IndexProcess, snapshot: Snapshot, *, keep: bool = False
    ) -> None:
        """Tell what other documents say; `keep` this one, whose message does not index it."""
        own = self._unseen.pop(snapshot.uri, None)
        for each in self._unseen.values():
            path = self._path(each.uri)
            if path and len(each.text) <= LONGEST and code_named(each.language) is not None:
                process.send(partial(_message, "open", path, each))
        self._unseen.clear()
        if keep and own is not None:
            self._unseen[snapshot.uri] = own

    def _take(self, generation: object, message: dict[str, Any]) -> None:
        if generation is not self._generation:
            return
        if message.get("said") == "answer":
            future = self._waiting.get(message["id"])
            if future is not None and not future.done():
                future.set_result(message)
        elif message.get("said") == "state":
            self._note(Extent(*message["extent"]))
            self._complete.set()
            self._forget()  # More is known now.
        elif message.get("said") in ("ended", "gone"):
            if message["said"] == "gone":
                self._complete.set()  # Nothing more will be known.
            self._asked.clear()
            for future in self._waiting.values():
                if not future.done():
                    future.set_result({})

    def _forget(self) -> None:
        self._last.clear()
        self._asked.clear()

    def _note(self, extent: Extent) -> None:
        if extent.too_many and (self.extent is None or not self.extent.too_many):
            logger.warning("%s", extent.said())
        self.extent = extent

    def _path(self, uri: str) -> str:
        """Return the path of a document that lies in the workspace; "" for others."""
        path = path_of(uri)
        roots = self._rules.roots if self._rules is not None else ()
        if path is None or not any(map(path.is_relative_to, roots)):
            return ""
        return str(path)


def _message(task: str, path: str, snapshot: Snapshot) -> dict[str, Any]:
    text = str(snapshot.text).replace("\r\n", "\n")
    return {"do": task, "path": path, "language": snapshot.language, "text": text}
