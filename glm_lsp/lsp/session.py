"""What one client's features share: settings in force, the model, the rules about files.

Invariant: one `ClientSession` per client; a change of settings replaces the provider for what is
asked from then on, and leaves running work alone. The key passes through here without being
read: it is looked for when a document is opened or something is asked, not at start. Nothing is
asked of a host that the user has not confirmed (see `glm_lsp.llm.destination`).
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from glm_lsp.actions.profile import profile_of
from glm_lsp.context.workspace_files import WorkspaceFiles
from glm_lsp.errors import ExcludedError, GlmError, ReplyError, UnconfirmedHostError
from glm_lsp.llm import catalogue
from glm_lsp.lsp.extension import Extensions, Trust
from glm_lsp.lsp.model_connection import Caller, way
from glm_lsp.prompts.actions import HouseRules
from glm_lsp.settings.layers import Layer, Loaded, load
from glm_lsp.timeout import timeout

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
    from pathlib import Path

    from glm_lsp.actions.profile import ModelProfile
    from glm_lsp.context.ignore import Exclusions
    from glm_lsp.llm.substitution import Notice
    from glm_lsp.llm.types import Delta, Provider, Request
    from glm_lsp.llm.usage_store import Used
    from glm_lsp.lsp.model_connection import Approve, Confirm, ModelConnection, ModelConnector
    from glm_lsp.settings import Settings
    from glm_lsp.text import Snapshot

logger = logging.getLogger(__name__)

_CONFIGURED_WITHIN = 5.0  # Seconds; an editor that never answers must not stop everything.
_MOST_RULES = 8_000  # Characters of AGENTS.md that are sent along.
_READ_WITHIN = 2.0  # Seconds; a disk that does not answer must not stop everything.


_STAYS = (
    "This file stays on your machine: its name or `glm.context.exclude` keeps it from being sent"
    " to a model."
)


class ClientSession:
    """One client's state, apart from its documents and jobs."""

    def __init__(self, connector: ModelConnector, environment: Layer) -> None:
        self._connector = connector
        self._environment = environment
        self._options = Layer("initializationOptions", {})
        self._model: ModelConnection | None = None
        self._opening = asyncio.Lock()
        self._settled = asyncio.Event()
        self._settled.set()
        self._expected = 0
        self._stale: list[ModelConnection] = []
        self._at_work: list[ModelConnection] = []
        self._listeners: list[Callable[[], None]] = []
        self._bookings: list[Callable[[], None]] = []
        self._struck: list[Callable[[str], None]] = []
        self._notices: list[Callable[[Notice], None]] = []
        self._api_key: str | None = None
        self._approve: Approve | None = None
        self._confirm: Confirm | None = None
        self.loaded: Loaded = load(environment)
        self.extensions = Extensions()
        self.trust = Trust()
        self.files = WorkspaceFiles()
        self._left: dict[Path, None] = {}

    @property
    def roots(self) -> tuple[Path, ...]:
        """The workspace's folders."""
        return self.files.roots

    @property
    def exclusions(self) -> Exclusions:
        """What stays on this machine, by its name."""
        return self.files.exclusions

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.loaded.settings

    def start(
        self,
        options: Layer,
        api_key: str | None,
        roots: tuple[Path, ...],
        extensions: Extensions,
        trust: Trust,
    ) -> None:
        """Take what `initialize` brought."""
        self._options = options
        self._api_key = api_key
        self.extensions = extensions
        self.trust = trust
        self._put(load(self._environment, options), roots)

    def expect_configuration(self) -> None:
        """Let nobody be asked before the editor has said whom: the key must not go astray."""
        self._expected += 1
        self._settled.clear()

    def settle(self) -> None:
        """Note that the editor has said what it was expected to say."""
        self._expected = max(0, self._expected - 1)
        if not self._expected:
            self._settled.set()

    async def be_settled(self) -> None:
        """Wait until the editor has said what it was expected to say, within bounds."""
        if self._settled.is_set():
            return
        with suppress(asyncio.TimeoutError):
            async with timeout(_CONFIGURED_WITHIN):
                await self._settled.wait()

    def configure(self, *configuration: Layer) -> None:
        """Take a new configuration from the editor: its layers, lowest first."""
        last = self.settings
        self._put(load(self._environment, self._options, *configuration, last=last), self.roots)

    def change_folders(self, added: Iterable[Path], removed: Iterable[Path]) -> None:
        """Take other folders than before: exclusions are relative to them."""
        gone = set(removed)
        self._left.update(dict.fromkeys(root for root in self.roots if root in gone))
        roots = dict.fromkeys((*(root for root in self.roots if root not in gone), *added))
        self._put(self.loaded, tuple(roots))

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have `listener` called after each change of the settings."""
        self._listeners.append(listener)

    def model_name(self, *, completion: bool = False) -> str:
        """Return the name to ask for."""
        if self.settings.provider == "local" and self.settings.base_url is None:
            return catalogue.EMBEDDED
        models = self.settings.models
        return models.completion if completion else models.actions

    async def profile(self, beside: str = "") -> ModelProfile:
        """Return the model and the wishes that shape a question about the document `beside`."""
        await self.be_settled()
        rules = await self._house_rules(beside)
        if self._model is None:
            model = catalogue.find(self.model_name())
            return profile_of(model, self.settings, rules, self.roots)
        model = self._model.model(self.model_name())
        ratio = self._model.characters_per_token(model.name)
        return profile_of(model, self.settings, rules, self.roots, ratio)

    def excludes(self, snapshot: Snapshot) -> bool:
        """Tell whether a document must stay on this machine, by its name or its notebook's."""
        return any(map(self.exclusions.excludes, (snapshot.uri, snapshot.file)))

    def check(self, uri: str) -> None:
        """Refuse what must stay on this machine.

        Raises:
            ExcludedError: the document is excluded.
        """
        if self.exclusions.excludes(uri):
            raise ExcludedError(_STAYS)

    def check_git(self) -> None:
        """Refuse to ask git in a folder that the user does not trust.

        Raises:
            ReplyError: they do not.
        """
        if not self.trust.trusted:
            raise ReplyError("GLM asks git only in a folder that you trust.")

    async def _permit(self, documents: Sequence[str]) -> None:
        """Refuse to send what must stay on this machine by now, under whatever name.

        Raises:
            ExcludedError: one of the documents is excluded, or leads to a file that is.
        """
        files = self.files
        if await asyncio.to_thread(lambda: any(map(files.keeps, dict.fromkeys(documents)))):
            raise ExcludedError(_STAYS)
        for uri in documents:
            self.check(uri)  # The settings may have changed while the disk was asked.

    async def provider(self) -> Provider:
        """Return who answers, opening the way there when nobody has.

        Raises:
            GlmError: there is no key, no address, no embedded model, or no word of the user's.
        """
        return (await self._confirmed()).provider

    async def _confirmed(self) -> ModelConnection:
        """Return the open way to who answers; see `provider`."""
        while True:
            try:
                return await self._opened()
            except UnconfirmedHostError as error:
                # Outside the lock: who goes another way meanwhile need not wait for an answer.
                if self._confirm is None or not await self._confirm(error):
                    raise
                await self._connector.confirm(error.destination)

    async def _opened(self) -> ModelConnection:
        await self.be_settled()
        async with self._opening:
            await self._close_stale()
            while self._model is None:
                settings = self.settings
                own = self.trust.machine_scoped
                caller = Caller(self._api_key, own, self._approve, self._notice)
                model = await self._connector(settings, caller)
                if way(settings) == way(self.settings):
                    self._model = model
                else:  # The settings changed meanwhile: nothing may go the old way.
                    await model.close()
            return self._model

    async def _close_stale(self) -> None:
        """Close what was replaced and nobody reads from: its connections would stay for ever."""
        idle = [model for model in self._stale if model not in self._at_work]
        self._stale = [model for model in self._stale if model in self._at_work]
        for model in idle:
            with suppress(Exception):  # Whoever asks another has nothing to do with it.
                await model.close()

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """Ask whoever answers at that moment: the session is itself a provider.

        Raises:
            GlmError: see `provider`, and `glm_lsp.errors`.
        """
        model = await self._confirmed()
        request = evolve(
            request,
            permit=partial(self._permit, request.documents),
            struck=partial(self._tell_struck, *request.documents[:1]),
        )
        self._at_work.append(model)
        try:
            async with aclosing(model.provider.stream(request)) as deltas:
                async for delta in deltas:
                    yield delta
        finally:
            self._at_work.remove(model)
            for booked in self._bookings:
                booked()
            await self._close_stale()

    async def sealed(self, request: Request) -> Request:
        """Return a question as it would be sent, and send nothing: without secrets and the key.

        Raises:
            ExcludedError: one of its documents must stay on this machine.
            GlmError: there is no way to a service.
        """
        await self._permit(request.documents)
        return await asyncio.to_thread((await self._opened()).sealed, request)

    async def warm(self) -> None:
        """Get ready before anybody waits; what goes wrong is said when somebody does."""
        with suppress(GlmError):
            await self._opened()  # The user is asked when they ask something themselves.
        if self._model is not None:
            await self._model.warm()

    def accepted(self, feature: str = "completion") -> None:
        """Record that the user took a completion, or what else a feature suggested."""
        if self._model is not None:
            self._model.accepted(self.model_name(completion=True), feature)

    def ask_before_overspending(self, approve: Approve) -> None:
        """Set who asks the user, with one sentence, whether to go beyond a day's budget."""
        self._approve = approve

    def ask_before_a_new_host(self, confirm: Confirm) -> None:
        """Set who asks the user whether to send to a host at all."""
        self._confirm = confirm

    def on_booking(self, booked: Callable[[], None]) -> None:
        """Have `booked` called when a request has ended, however it did, and is in the books."""
        self._bookings.append(booked)

    def on_struck(self, struck: Callable[[str], None]) -> None:
        """Have `struck` called with a document when a secret was struck out of a question."""
        self._struck.append(struck)

    def on_notice(self, noticed: Callable[[Notice], None]) -> None:
        """Have `noticed` called with what the user should know of a service."""
        self._notices.append(noticed)

    def _notice(self, notice: Notice) -> None:
        for noticed in self._notices:
            noticed(notice)

    def _tell_struck(self, uri: str = "") -> None:
        for struck in self._struck:
            struck(uri)

    async def used_today(self) -> Used | None:
        """Return what this user's servers used today; None: not known."""
        return await self._connector.used_today()

    async def close(self) -> None:
        """Close what is open."""
        models = [*self._stale, *([self._model] if self._model is not None else [])]
        self._stale, self._model = [], None
        for model in models:
            await model.close()

    def _put(self, loaded: Loaded, roots: tuple[Path, ...]) -> None:
        before, self.loaded = self.settings, loaded
        left = [root for root in self._left if root not in roots]  # Documents of it may be open.
        self.files = WorkspaceFiles(loaded.exclusions, roots, left=left)
        if self._model is not None and way(before) != way(self.settings):
            # Work that runs still reads from it: it is closed after that.
            self._stale.append(self._model)
            self._model = None
        for listener in self._listeners:
            listener()

    async def _house_rules(self, beside: str) -> HouseRules:
        """Return standing instructions; an untrusted workspace gives none."""
        own = self.loaded.own_instructions
        if not self.trust.trusted:
            return HouseRules(own)
        try:
            async with timeout(_READ_WITHIN):
                read = await asyncio.to_thread(self.files.read, "AGENTS.md", _MOST_RULES, beside)
        except asyncio.TimeoutError:
            read = ""
        rules = (self.loaded.instructions.strip(), read.strip())
        return HouseRules(own, "\n\n".join(rule for rule in rules if rule))
