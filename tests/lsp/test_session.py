"""One client's settings, and the connection to a model that is opened for them.

A connection stands at the provider interface: it notes for which settings it was opened.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, evolve

from glm_lsp.llm import catalogue
from glm_lsp.llm.types import Message, Request, TextDelta
from glm_lsp.lsp.session import ClientSession
from glm_lsp.settings.layers import Layer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.llm.types import Delta, Provider
    from glm_lsp.lsp.model_connection import Caller
    from glm_lsp.settings import Settings

ASKED = Request("m", "fix", (Message("user", "?"),))


@define(eq=False)
class Connection:
    """A connection that answers with the address it was opened for."""

    settings: Settings
    closed: bool = False

    @property
    def provider(self) -> Provider:
        return self

    async def stream(self, _: Request) -> AsyncGenerator[Delta, None]:
        yield TextDelta(str(self.settings.base_url))

    async def warm(self) -> None:
        """Nothing to warm."""

    def accepted(self, model: str, feature: str) -> None:
        """Nothing to note."""

    def model(self, name: str) -> ModelInfo:
        return evolve(catalogue.find("glm-5.3"), name=name)

    def sealed(self, request: Request) -> Request:
        return request

    def characters_per_token(self, model: str) -> float:
        return 4.0

    async def close(self) -> None:
        self.closed = True


class Connector:
    """Opens connections, once `opens` is set."""

    def __init__(self) -> None:
        self.opened: list[Connection] = []
        self.asked = asyncio.Event()
        self.opens = asyncio.Event()
        self.opens.set()

    async def __call__(self, settings: Settings, caller: Caller) -> Connection:
        self.asked.set()
        await self.opens.wait()
        self.opened.append(Connection(settings))
        return self.opened[-1]

    async def confirm(self, destination: str) -> None:
        """Nobody asks."""

    async def used_today(self) -> None:
        """Nobody counts."""


def session(connector: Connector, **settings: Any) -> ClientSession:
    made = ClientSession(connector, Layer("environment", {}))
    configure(made, **settings)
    return made


def configure(of: ClientSession, **settings: Any) -> None:
    of.configure(Layer("workspace/configuration", settings))


async def answer(of: ClientSession) -> str:
    return "".join([words(delta) async for delta in of.stream(ASKED)])


def words(delta: Delta) -> str:
    return delta.text if isinstance(delta, TextDelta) else ""


@pytest.mark.parametrize(
    "changed",
    [
        {"baseUrl": "http://new/v1"},
        {"provider": "zai"},
        {"protocol": "messages"},
        {"limits": {"concurrency": 7}},
        {"prices": {"glm-5.1": {"input": 1.0, "output": 2.0}}},
        {"headers": {"x-portkey-provider": "zai"}},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_connection_is_of_the_settings_in_force(changed: dict[str, Any]) -> None:
    """What decides how a model is reached has changed: nothing more goes the old way."""

    async def work() -> None:
        connector = Connector()
        ours = session(connector, provider="custom", baseUrl="http://old/v1")
        assert await answer(ours) == "http://old/v1"
        configure(ours, **{"provider": "custom", "baseUrl": "http://old/v1", **changed})
        await answer(ours)
        old, new = connector.opened
        assert new.settings == ours.settings != old.settings
        assert await ours.provider() is new
        await ours.close()
        assert old.closed and new.closed  # noqa: PT018

    asyncio.run(work())


def test_the_model_that_answers_decides_how_much_is_shown_to_it() -> None:
    """Once a connection has seen which one that is, its window counts, under the name asked for."""

    async def work() -> None:
        ours = session(Connector(), provider="custom", baseUrl="http://old/v1")
        before = await ours.profile()
        await answer(ours)
        after = await ours.profile()
        assert (before.model, before.window) == ("glm-5.1", 204_800)
        assert (after.model, after.window) == ("glm-5.1", 1_048_576)
        await ours.close()

    asyncio.run(work())


def test_settings_that_change_while_a_connection_is_opened_are_waited_for() -> None:
    """Nothing goes to an address that was given up meanwhile, and its connection is closed."""

    async def work() -> None:
        connector = Connector()
        connector.opens.clear()
        ours = session(connector, provider="custom", baseUrl="http://old/v1")
        asking = asyncio.ensure_future(answer(ours))
        await connector.asked.wait()
        configure(ours, provider="custom", baseUrl="http://new/v1")
        connector.opens.set()
        assert await asking == "http://new/v1"
        assert [each.closed for each in connector.opened] == [True, False]

    asyncio.run(work())


def test_work_that_runs_keeps_its_connection() -> None:
    """A change of settings leaves an answer alone that is on its way."""

    async def work() -> None:
        connector = Connector()
        ours = session(connector, provider="custom", baseUrl="http://old/v1")
        answering = ours.stream(ASKED)
        first = words(await anext(answering))
        configure(ours, provider="custom", baseUrl="http://new/v1")
        await answer(ours)
        assert [each.closed for each in connector.opened] == [False, False]
        assert [first, *[words(delta) async for delta in answering]] == ["http://old/v1"]
        assert [each.closed for each in connector.opened] == [True, False]

    asyncio.run(work())


def test_what_was_replaced_is_closed_when_the_new_way_is_opened() -> None:
    """An hour of changed settings leaves one connection open, not one for each change."""

    async def work() -> None:
        connector = Connector()
        ours = session(connector, provider="custom", baseUrl="http://0/v1")
        for number in range(1, 4):
            await answer(ours)
            configure(ours, provider="custom", baseUrl=f"http://{number}/v1")
        await answer(ours)
        assert [each.closed for each in connector.opened] == [True, True, True, False]

    asyncio.run(work())


def test_settings_that_say_nothing_about_the_way_keep_the_connection() -> None:
    """A connection is not opened anew for every change of the settings."""

    async def work() -> None:
        connector = Connector()
        ours = session(connector, provider="custom", baseUrl="http://old/v1")
        await answer(ours)
        configure(ours, provider="custom", baseUrl="http://old/v1", instructions="Be brief.")
        await answer(ours)
        assert len(connector.opened) == 1

    asyncio.run(work())
