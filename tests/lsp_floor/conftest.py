"""Fixtures of the LSP floor: the sample server on our floor, and on stock pygls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lsp_floor.client import python, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lsp_floor.client import Client

SAMPLE = Path(__file__).with_name("sample_server.py")


@pytest.fixture
def ours() -> Iterator[Client]:
    """The sample server on our floor, not yet initialized."""
    with running(python(str(SAMPLE), "ours")) as client:
        yield client


@pytest.fixture
def stock() -> Iterator[Client]:
    """The sample server on stock pygls, not yet initialized."""
    with running(python(str(SAMPLE), "stock")) as client:
        yield client


@pytest.fixture(scope="module")
def _shared() -> Iterator[Client]:
    with running(python(str(SAMPLE), "ours")) as client:
        client.initialize()
        yield client


@pytest.fixture
def served(_shared: Client) -> Client:
    """The sample server on our floor, initialized, and shared by the tests of a module."""
    _shared.received.clear()
    return _shared
