"""Gateways, homes and a server that the attacks of a module share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gateway import Gateway, chat_stream
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


@pytest.fixture(scope="module")
def _shared_rig(
    _shared_gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rig]:
    home = tmp_path_factory.mktemp("home")
    root = home / "project"
    root.mkdir()
    with serving(home, _shared_gateway, root=root) as rig:
        yield rig


@pytest.fixture
def shared(_shared_rig: Rig, _shared_gateway: Gateway) -> tuple[Rig, Gateway]:
    """A server and its gateway that the attacks of a module share, with empty logs."""
    _shared_gateway.requests.clear()
    _shared_gateway.visits.clear()
    _shared_gateway.script(chat_stream("Fine."))
    _shared_rig.client.received.clear()
    return _shared_rig, _shared_gateway
