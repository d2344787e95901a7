"""What the editor's other language servers know of the names that an action's code uses.

Invariant: of a file that must stay on this machine nothing is shown, not even what a server says of
it; of one outside the workspace, or that git ignores, no text but the signature in a hover.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from glm_lsp.actions.told import REASON, Told, definition_at, signature_of
from glm_lsp.context.called import called_names
from glm_lsp.context.gather import display_path
from glm_lsp.lsp.documents.positions import to_position
from glm_lsp.project.wanted import Excerpt
from glm_lsp.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lsprotocol import types

    from glm_lsp.context.called import Called
    from glm_lsp.context.workspace_files import WorkspaceFiles
    from glm_lsp.lsp.work.other_tools import Answer, Place
    from glm_lsp.text import Snapshot, Span

_MOST = 16
"""Names that are asked about; the editor's other servers are asked two questions for each."""

_LONGEST = 256 * 1024
"""Bytes of a file that is read for a definition."""


class NamesAsked:
    """The names in some code that others are asked about, and what becomes of the answer."""

    def __init__(self, snapshot: Snapshot, names: Sequence[Called], encoding: str) -> None:
        self._snapshot = snapshot
        self._names = names
        self.positions: list[types.Position] = [
            to_position(snapshot.text, each.offset, encoding) for each in names
        ]

    def told(
        self, answer: Answer, files: WorkspaceFiles, opened: Mapping[str, Snapshot]
    ) -> tuple[Told, ...]:
        """Return what may be shown of an answer; `opened` are its documents that are open.

        It waits for a disk.
        """
        excerpts: dict[str, list[Excerpt]] = {}
        unsaid: set[str] = set()
        for number, each in enumerate(self._names):
            places = answer.definitions.get(number, ())
            if not places:
                unsaid.add(each.name)
                continue
            found = excerpts.setdefault(each.name, [])
            if not any(files.keeps(place.uri) for place in places):
                signature = signature_of(answer.hovers.get(number, ""))
                found.extend(self._excerpts(places, signature, files, opened))
        return tuple(
            Told(name, tuple(found), name not in unsaid) for name, found in excerpts.items()
        )

    def _excerpts(
        self,
        places: Sequence[Place],
        signature: str,
        files: WorkspaceFiles,
        opened: Mapping[str, Snapshot],
    ) -> Iterator[Excerpt]:
        for uri, first, last in places:
            path = display_path(uri, files.roots)
            here = opened.get(uri)
            uri = here.uri if here is not None else uri
            text = self._text(uri, here, files)
            if text is not None and (found := definition_at(text, first, last)) is not None:
                yield Excerpt("definition", path, first, found[0], REASON, found[1], uri)
            elif text is None and signature:
                yield Excerpt("definition", path, first, first, REASON, signature, uri)
                signature = ""  # One is enough.

    def _text(self, uri: str, here: Snapshot | None, files: WorkspaceFiles) -> Text | None:
        """Return the text of a document that may be shown."""
        beside = self._snapshot.file
        if here is None:
            read = files.text_of(uri, beside, _LONGEST)
            return Text.of(read) if read else None
        return here.text if uri == self._snapshot.uri or files.belongs(uri, beside) else None


async def names_in(snapshot: Snapshot, span: Span, encoding: str) -> NamesAsked:
    """Return the names of a span that others are to be asked about."""
    # Parsing a large file takes longer than a keystroke may wait.
    names = await asyncio.to_thread(called_names, snapshot, span, _MOST)
    return NamesAsked(snapshot, names, encoding)
