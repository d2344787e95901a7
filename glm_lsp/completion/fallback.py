"""Completions for editors that know only `textDocument/completion`.

Invariant: an answer comes within a short budget, so that no other server's items wait
for a model: from what is known, from a stream that is nearly done, or empty and incomplete
while the work goes on; the next key then finds its result.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.completion.types import CompletionRequest, Superseded
from glm_lsp.errors import GlmError
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from glm_lsp.completion.engine import Engine
    from glm_lsp.completion.types import Suggestion
    from glm_lsp.text import Snapshot

BUDGET = 0.1
_LONGEST_LABEL = 60  # Long labels have crashed editors and fill their menus.
_WORD = re.compile(r"\w*")


@frozen
class MenuItem:
    """One item of an editor's menu.

    Attributes:
        label: one short line to show.
        filter_text: what the editor compares with the word before the cursor.
        span: what `text` replaces; it begins where the word before the cursor does.
        preview: the lines as they would become, None when the label shows all of it.
    """

    suggestion_id: str
    label: str
    filter_text: str
    span: Span
    text: str = field(repr=False)
    preview: str | None = field(default=None, repr=False)


@frozen
class Menu:
    """The items, and whether asking again may bring others."""

    items: tuple[MenuItem, ...] = ()
    incomplete: bool = True


class Fallback:
    """Asks the engine, but never waits long for it."""

    def __init__(
        self, engine: Engine, failed: Callable[[GlmError], None], budget: float = BUDGET
    ) -> None:
        """Ask `engine`; `failed` is told of errors that come when nobody waits any more."""
        self._engine = engine
        self._failed = failed
        self._budget = budget
        self._working: set[asyncio.Task[list[Suggestion]]] = set()

    async def complete(self, request: CompletionRequest) -> Menu:
        """Return the items for a cursor within the budget; incomplete while work goes on.

        Raises:
            GlmError: the model could not be asked; see `Engine.complete`.
        """
        task = asyncio.ensure_future(self._engine.complete(request))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        try:
            await asyncio.wait([task], timeout=self._budget)
        except asyncio.CancelledError:
            task.add_done_callback(self._tell)
            raise
        if not task.done():
            task.add_done_callback(self._tell)
            return Menu()
        try:
            suggestions = task.result()
        except (Superseded, asyncio.CancelledError):
            return Menu()
        items = tuple(to_menu_item(one, request.snapshot, request.offset) for one in suggestions)
        # What is still to be typed changes the answer, so editors have to ask again.
        return Menu(items, incomplete=True)

    async def close(self) -> None:
        """End the work that goes on."""
        for task in list(self._working):
            task.cancel()
        if self._working:
            await asyncio.wait(self._working)

    def _tell(self, task: asyncio.Task[list[Suggestion]]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, GlmError):
            self._failed(error)


def to_menu_item(suggestion: Suggestion, snapshot: Snapshot, offset: int) -> MenuItem:
    """Make a menu's item of a suggestion, from the start of the word before the cursor."""
    line, column = snapshot.text.position(min(offset, suggestion.span.start))
    head = snapshot.text.line(line)[:column]
    found = _WORD.match(head[::-1])  # Backwards: a search for its end tries every beginning.
    word = head[len(head) - found.end() :] if found else ""
    start = suggestion.span.start - len(word)
    text = word + suggestion.text
    first = text.strip().splitlines()[0].strip()
    whole = len(text.splitlines()) == 1 and len(first) <= _LONGEST_LABEL
    return MenuItem(
        suggestion_id=suggestion.id,
        label=first if len(first) <= _LONGEST_LABEL else first[: _LONGEST_LABEL - 1] + "…",
        filter_text=word or first,
        span=Span(start, suggestion.span.end),
        text=text,
        preview=None if whole else head[: len(head) - len(word)].lstrip() + text,
    )
