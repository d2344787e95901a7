"""Fixtures of the editor tests: real editors, or a loud reason why there are none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.editors.fake_server import FakeServer
from tests.editors.neovim import Neovim
from tests.editors.setup_editors import Found, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


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


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """Return a file of twelve numbered lines."""
    path = tmp_path / "sample.py"
    path.write_text("".join(f"line {number}\n" for number in range(12)))
    return path


@pytest.fixture
def neovim(
    tmp_path: Path,
    document: Path,
    fake_server: FakeServer,
    editor: Callable[[str], Found],
) -> Iterator[Neovim]:
    """Yield a Neovim in which the document is open and the server knows it."""
    editor("nvim")
    with Neovim(tmp_path / "home", fake_server.init_lua) as neovim:
        neovim.edit(document)
        fake_server.wait("textDocument/didOpen")
        yield neovim
