"""Fixtures of the editor tests: real editors, or a loud reason why there are none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.editors.fake_server import FakeServer
from tests.editors.setup_editors import Found, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def editor() -> Callable[[str], Found]:
    """Return how a program starts; skips, in CI fails, when there is none."""

    def require(command: str) -> Found:
        found = find(command, os.environ)
        if found is None:
            message = f"no {command}: run `python tests/editors/setup_editors.py`"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        return found

    return require


@pytest.fixture
def fake_server() -> Iterator[FakeServer]:
    """Yield a server that does what the test says."""
    with FakeServer() as server:
        yield server
