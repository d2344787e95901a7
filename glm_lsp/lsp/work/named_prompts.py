"""The named prompts of one client: read in the background, and known by their names.

Invariant: a listing waits for no disk; it shows what was read last. A workspace that the user does
not trust has none. What is wrong with a file is said once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from glm_lsp.actions.named import MOST_TEXT, parse
from glm_lsp.characters import one_line
from glm_lsp.context import prompt_files
from glm_lsp.errors import ReplyError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glm_lsp.actions.named import NamedPrompt
    from glm_lsp.context.workspace_files import WorkspaceFiles
    from glm_lsp.lsp.server import Server
    from glm_lsp.lsp.session import ClientSession

_LOOKS_AFTER = 2.0  # Seconds, where no editor tells of files.
_MOST_SAID = 3  # Files in one message.


class NamedPrompts:
    """What one client's user and workspace have written down."""

    def __init__(self, server: Server, session: ClientSession) -> None:
        self._server = server
        self._session = session
        self._known: dict[str, NamedPrompt] = {}
        self._said: set[str] = set()
        self._begun = False
        self._looking = False
        self._again = False
        self._looked = 0.0
        session.on_change(self.look)

    def begin(self) -> None:
        """Read them for the first time: the editor is ready to be told something."""
        self._begun = True
        self.look()

    def listed(self) -> Sequence[NamedPrompt]:
        """Return those that are known; files that are new by now are read for the next time."""
        if asyncio.get_running_loop().time() - self._looked > _LOOKS_AFTER:
            self.look()
        return tuple(self._known.values())

    def find(self, name: str) -> NamedPrompt:
        """Return a prompt by its name.

        Raises:
            ReplyError: there is none.
        """
        if name not in self._known:
            raise ReplyError("There is no such prompt any more: list the code actions again.")
        return self._known[name]

    def changed_on_disk(self, uris: Iterable[str]) -> None:
        """Take what the editor tells of files."""
        if any(f"/{prompt_files.FOLDER}/" in uri for uri in uris):
            self.look()

    def look(self) -> None:
        """Read the files, in the background, and once more if this comes while they are read."""
        self._again = True
        if self._begun and not self._looking:
            self._looking = True
            self._server.spawn(self._read())

    async def _read(self) -> None:
        try:
            while self._again:
                self._again = False
                self._looked = asyncio.get_running_loop().time()
                trusted = self._session.trust.trusted
                files = self._session.files if trusted else None
                known, faults = await asyncio.to_thread(_found, files)
                self._known = {prompt.name: prompt for prompt in known}
                self._tell(faults)
        finally:
            self._looking = False

    def _tell(self, faults: Sequence[str]) -> None:
        fresh = [fault for fault in dict.fromkeys(faults) if fault not in self._said]
        self._said.update(fresh)
        for fault in fresh[:_MOST_SAID]:
            self._server.show(fault, types.MessageType.Warning)


def _found(files: WorkspaceFiles | None) -> tuple[list[NamedPrompt], list[str]]:
    """Return the prompts, and a sentence for each file that is none."""
    found = [*prompt_files.of_user(prompt_files.own_folder(), MOST_TEXT)]
    found += prompt_files.of_workspace(files, MOST_TEXT) if files is not None else ()
    known, faults = [], []
    for file in found:
        fault = file.fault
        if not fault:
            try:
                known.append(parse(str(file.path), file.text, workspaces=file.workspaces))
            except SettingsError as error:
                fault = str(error)
        if fault:
            faults.append(f"The prompt {one_line(file.name)} {fault}.")
    return known, faults
