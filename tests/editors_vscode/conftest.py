"""One VS Code and one gateway for all tests here; each test opens a folder of its own."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors_vscode import setup_vscode
from tests.editors_vscode.workbench import CodeServer, Workbench, code_server, workbench
from tests.gateway import Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = "not-a-key"

SERVER: dict[str, Any] = {
    "glm-lsp.server.path": sys.executable,
    "glm-lsp.server.args": ["-m", "glm_lsp"],
}
"""Settings that start the server of this checkout."""


@pytest.fixture(scope="session")
def ready() -> None:
    """Skip loudly where VS Code is not set up; in continuous integration, fail."""
    if lacking := setup_vscode.missing():
        if os.environ.get("CI"):
            pytest.fail(lacking)
        pytest.skip(lacking)


@pytest.fixture(scope="session")
def shared_gateway() -> Iterator[Gateway]:
    with Gateway(chat_stream("")) as gateway:
        yield gateway


def settings(gateway: Gateway) -> dict[str, Any]:
    """Return a user's settings that ask the gateway, and complete nothing."""
    own = {"glm.provider": "custom", "glm.baseUrl": gateway.base_url}
    prices = {"glm-5.1": {"input": 30, "output": 30}}
    return {**SERVER, **own, "glm.prices": prices, "glm.completion.enabled": False}


@pytest.fixture(scope="session")
def shared_server(
    ready: None, shared_gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CodeServer]:
    home = tmp_path_factory.mktemp("vscode")
    with code_server(home, settings(shared_gateway), {"GLM_API_KEY": KEY}) as server:
        yield server


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that is open in the window."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="session")
def shared_window(shared_server: CodeServer, folder: Path) -> Iterator[Workbench]:
    with workbench(shared_server) as window:
        window.open(folder)
        yield window


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    """The gateway, with an empty log."""
    shared_gateway.requests.clear()
    shared_gateway.script(chat_stream(""))
    return shared_gateway


@pytest.fixture
def opened(
    shared_window: Workbench, gateway: Gateway, folder: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Workbench]]:
    """Open a file in the window, and wait until the server is ready (or as said)."""

    def open_(name: str, text: str, state: str = "ready") -> Workbench:
        (folder / name).write_text(text, encoding="utf-8", newline="")
        shared_window.open_file(name)
        shared_window.wait_text(text)
        shared_window.wait_status(f"GLM: {state}")
        return shared_window

    yield open_
    # A picture of how it ended, kept for whoever looks into a failure.
    shared_window.screenshot(f"end-of-{request.node.name}")
    shared_window.leave()
