"""Gateways, homes and a server that the attacks of a module share."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.gateway import Gateway, chat_stream
from tests.lsp_floor.client import NoReplyError
from tests.security.rig import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.security.rig import Rig


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """The user's own gateway."""
    with Gateway(chat_stream("Fine.")) as gateway:
        yield gateway


@pytest.fixture
def evil() -> Iterator[Gateway]:
    """A host that is not the user's."""
    with Gateway(chat_stream("Thanks.")) as gateway:
        yield gateway


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The user's home."""
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A workspace folder, which somebody else wrote."""
    path = tmp_path / "project"
    path.mkdir()
    return path


@pytest.fixture(scope="module")
def _shared_gateway() -> Iterator[Gateway]:
    with Gateway(chat_stream("Fine.")) as gateway:
        yield gateway


class Pool:
    """A server for one attack after the other; a new one where an attack left it hanging."""

    def __init__(self, gateway: Gateway, home: Path) -> None:
        self.gateway = gateway
        self._home = home
        self._stack = ExitStack()
        self._rig: Rig | None = None

    def rig(self) -> Rig:
        """Return a server that answers, with empty logs."""
        if self._rig is not None and not _answers(self._rig):
            self._rig.client.process.kill()
            self.close()
        if self._rig is None:
            rig = serving(self._home, self.gateway, root=self._home / "project")
            self._rig = self._stack.enter_context(rig)
        self._rig.client.received.clear()
        return self._rig

    def close(self) -> None:
        """End the server."""
        self._stack.close()
        self._rig = None


def _answers(rig: Rig) -> bool:
    try:
        rig.idle(1.0)
    except (NoReplyError, OSError):
        return False
    return True


@pytest.fixture(scope="module")
def _pool(_shared_gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    home = tmp_path_factory.mktemp("home")
    (home / "project").mkdir()
    pool = Pool(_shared_gateway, home)
    yield pool
    pool.close()


@pytest.fixture
def shared(_pool: Pool) -> tuple[Rig, Gateway]:
    """A server and its gateway that the attacks of a module share, with empty logs."""
    gateway = _pool.gateway
    gateway.requests.clear()
    gateway.visits.clear()
    gateway.script(chat_stream("Fine."))
    return _pool.rig(), gateway
