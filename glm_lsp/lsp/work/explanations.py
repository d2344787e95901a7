"""Explanations: where they appear, by the best means that the client has.

In this order: our own `glm/explanation` stream; a virtual document whose content the client
asks for and refreshes; a private temporary Markdown file, shown without taking the focus; a
hover on the explained code, announced by a short message.

Invariants: no word of a model's gets to a surface but through `Shown.feed`, which makes it safe.
An explanation that began is ended in every way it was shown, also when the model fails half-way.
Files are readable by the user alone and gone when the session ends; those of a server that was
killed go when another begins, a week later.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import shutil
from typing import TYPE_CHECKING, Protocol

from attrs import define, field
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp import private_files
from glm_lsp.background_imports import import_modules
from glm_lsp.characters import called
from glm_lsp.lsp.documents.mirror import Changed, Closed
from glm_lsp.lsp.documents.positions import to_range
from glm_lsp.lsp.extension import EXPLANATION, Explanation
from glm_lsp.spans import shift_by
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glm_lsp.lsp.documents.mirror import DocumentEvent
    from glm_lsp.lsp.server import Server
    from glm_lsp.markdown import Sanitizer
    from glm_lsp.text import Change, Snapshot

SCHEME = "glm"
"""The scheme of virtual documents."""

_PREFIX = "glm-lsp-"
_MOMENT = 0.1  # Seconds in which a server begins; nobody waits for old files to go.
_REFRESH_EVERY = 0.15  # Seconds. Clients ask for the whole text at each refresh.
_MOST_KEPT = 20

logger = logging.getLogger(__name__)


@define
class Shown:
    """One explanation: what it is about, and its text so far, which is safe to be shown.

    Attributes:
        plain: it is text without marks.
    """

    job: str
    uri: str
    span: Span
    title: str
    markdown: str = field(default="", repr=False)
    done: bool = False
    plain: bool = False
    _sanitizer: Sanitizer | None = field(default=None, init=False, repr=False)

    def feed(self, piece: str) -> str:
        """Take in what a model wrote; return what it adds to the text."""
        if self._sanitizer is None:
            from glm_lsp.markdown import Sanitizer

            self._sanitizer = Sanitizer(plain=self.plain)
        return self._add(self._sanitizer.feed(piece))

    def finish(self) -> str:
        """Close what is open; return what that adds to the text."""
        return self._add(self._sanitizer.finish()) if self._sanitizer else ""

    def go_on(self, question: str) -> str:
        """Begin a further answer below what stands there; return what its question adds."""
        self._sanitizer, self.done = None, False
        below = self._add("\n\n" if self.plain else "\n\n---\n\n")
        return below + self.feed(f"**{called(question)}**\n\n")

    def _add(self, delta: str) -> str:
        self.markdown += delta
        return delta


async def load() -> None:
    """Load what makes text safe, which the start of the server does without."""
    await import_modules("markdown_it", "glm_lsp.markdown")
    from glm_lsp import markdown

    await asyncio.to_thread(markdown.load)


class Surface(Protocol):
    """A way to show an explanation; `plain`: it shows text without marks."""

    plain: bool

    async def begin(self, shown: Shown) -> None:
        """Get ready; nothing is written yet."""

    async def add(self, shown: Shown, delta: str) -> None:
        """Show one more piece; `shown.markdown` already has it."""

    async def end(self, shown: Shown) -> None:
        """Show that it is complete, or that no more will come."""


class Explanations:
    """The explanations of one client."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._shown: dict[str, Shown] = {}
        self._folder: Path | None = None
        self.hovers = False
        server.documents.subscribe(self._follow)

    def choose(self, *, own: bool, capabilities: types.ClientCapabilities) -> Surface:
        """Return the best surface that the client has."""
        if own:
            return _OwnMessages(self._server)
        workspace, window = capabilities.workspace, capabilities.window
        if workspace is not None and getattr(workspace, "text_document_content", None):
            return _VirtualDocument(self._server)
        if window is not None and window.show_document and window.show_document.support:
            return _File(self._server, self)
        self.hovers = True
        hover = capabilities.text_document and capabilities.text_document.hover
        formats = (hover and hover.content_format) or [types.MarkupKind.Markdown]
        return _Hover(self._server, plain=formats[0] == types.MarkupKind.PlainText)

    def open(self, job: str, snapshot: Snapshot, span: Span, title: str, *, plain: bool) -> Shown:
        """Begin a new explanation."""
        shown = Shown(job, snapshot.uri, span, title, plain=plain)
        self._shown[job] = shown
        while len(self._shown) > _MOST_KEPT:
            self._shown.pop(next(iter(self._shown)))
        return shown

    def content(self, uri: str) -> str:
        """Return the text of a virtual document; "" when it is not one of ours."""
        match = re.match(rf"{SCHEME}:/+explanation/([^/]+)/", uri)
        shown = self._shown.get(match.group(1)) if match else None
        return f"# {shown.title}\n\n{shown.markdown}" if shown is not None else ""

    def at(self, uri: str, offset: int) -> Shown | None:
        """Return the latest explanation of the code at an offset."""
        for shown in reversed(self._shown.values()):
            if shown.uri == uri and shown.span and shown.span.start <= offset <= shown.span.end:
                return shown if shown.markdown else None
        return None

    def folder(self) -> Path:
        """Return a folder that only this user can read, made when first needed."""
        if self._folder is None:
            self._folder = private_files.temporary_folder(_PREFIX)
        return self._folder

    async def clean(self) -> None:
        """Remove what servers that were killed have left."""
        await asyncio.sleep(_MOMENT)
        await asyncio.to_thread(private_files.remove_left_behind, _PREFIX)

    def close(self) -> None:
        """Remove what was written."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _follow(self, event: DocumentEvent) -> None:
        """Keep explained spans where their code is; code that changed is explained no more."""
        if isinstance(event, Closed):
            gone = [s.job for s in self._shown.values() if s.uri == event.snapshot.uri and s.done]
            for job in gone:
                del self._shown[job]
        if not isinstance(event, Changed):
            return
        for shown in self._shown.values():
            if shown.uri == event.after.uri:
                shown.span = _moved(shown.span, event.changes)


def _moved(span: Span, changes: Sequence[Change]) -> Span:
    """Return where explained code is after changes: an empty span once it has changed itself."""
    start, end = span.start, span.end
    for change in changes:
        moved_by = shift_by(change)(start, end)
        if moved_by is None:
            start = end = min(start, change.span.start)
        else:
            start, end = start + moved_by, end + moved_by
    return Span(start, end)


class _OwnMessages:
    """Our own notification, piece by piece."""

    plain = False

    def __init__(self, server: Server) -> None:
        self._server = server

    async def begin(self, shown: Shown) -> None:
        self._send(shown, "")

    async def add(self, shown: Shown, delta: str) -> None:
        self._send(shown, delta)

    async def end(self, shown: Shown) -> None:
        self._send(shown, "")

    def _send(self, shown: Shown, delta: str) -> None:
        documents = self._server.documents
        snapshot = documents.get(shown.uri)
        zero = types.Range(types.Position(0, 0), types.Position(0, 0))
        where = (
            to_range(snapshot.text, shown.span, documents.encoding)
            if snapshot is not None and shown.span.end <= len(snapshot.text)
            else zero
        )
        message = Explanation(shown.job, shown.uri, where, shown.title, delta, shown.done)
        self._server.notify(EXPLANATION, message.params())


class _VirtualDocument:
    """A document that the client shows and asks us for."""

    plain = False

    def __init__(self, server: Server) -> None:
        self._server = server
        self._last = 0.0

    async def begin(self, shown: Shown) -> None:
        await _show(self._server, _virtual_uri(shown))

    async def add(self, shown: Shown, delta: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._last >= _REFRESH_EVERY:
            self._last = now
            await self._refresh(shown)

    async def end(self, shown: Shown) -> None:
        await self._refresh(shown)

    async def _refresh(self, shown: Shown) -> None:
        params = types.TextDocumentContentRefreshParams(uri=_virtual_uri(shown))
        with contextlib.suppress(JsonRpcException):
            await self._server.request(types.WORKSPACE_TEXT_DOCUMENT_CONTENT_REFRESH, params)


class _File:
    """A Markdown file, written and shown when the explanation is complete."""

    plain = False

    def __init__(self, server: Server, explanations: Explanations) -> None:
        self._server = server
        self._explanations = explanations

    async def begin(self, shown: Shown) -> None:
        return

    async def add(self, shown: Shown, delta: str) -> None:
        return

    async def end(self, shown: Shown) -> None:
        if not shown.markdown.strip():
            return
        path = self._explanations.folder() / _file_name(shown)
        from glm_lsp.markdown import without_modelines

        text = without_modelines(f"# {shown.title}\n\n{shown.markdown.strip()}\n")
        await asyncio.to_thread(private_files.write, path, text)
        if not await _show(self._server, path.as_uri()):
            _announce(self._server, f"{shown.title}: the answer is in {path}.")


class _Hover:
    """A hover on the explained code."""

    def __init__(self, server: Server, *, plain: bool) -> None:
        self._server = server
        self.plain = plain

    async def begin(self, shown: Shown) -> None:
        return

    async def add(self, shown: Shown, delta: str) -> None:
        return

    async def end(self, shown: Shown) -> None:
        if shown.markdown.strip():
            _announce(self._server, f"{shown.title}: hover over the code to read the answer.")


async def _show(server: Server, uri: str) -> bool:
    params = types.ShowDocumentParams(uri=uri, take_focus=False)
    try:
        result = await server.request(types.WINDOW_SHOW_DOCUMENT, params)
    except JsonRpcException as error:
        logger.info("The editor does not show the explanation: %s", error.message)
        return False
    return bool(result is not None and result.success)


def _announce(server: Server, text: str) -> None:
    params = types.ShowMessageParams(types.MessageType.Info, text)
    server.notify(types.WINDOW_SHOW_MESSAGE, params)


def _virtual_uri(shown: Shown) -> str:
    return f"{SCHEME}:/explanation/{shown.job}/{_file_name(shown)}"


def _file_name(shown: Shown) -> str:
    """Return a name that every file system takes."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", shown.title).strip("-").lower()
    return f"{words[:40] or 'explanation'}-{shown.job}.md"
