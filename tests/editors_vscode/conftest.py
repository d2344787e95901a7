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


@pytest.fixture(scope="session")
def shared_server(
    ready: None, shared_gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CodeServer]:
    settings = {
        **SERVER,
        "glm.provider": "custom",
        "glm.baseUrl": shared_gateway.base_url,
        "glm.completion.enabled": False,
    }
    home = tmp_path_factory.mktemp("vscode")
    with code_server(home, settings, {"GLM_API_KEY": KEY}) as server:
        yield server


@pytest.fixture(scope="session")
def shared_window(shared_server: CodeServer) -> Iterator[Workbench]:
    with workbench(shared_server) as window:
        yield window


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    """The gateway, with an empty log."""
    shared_gateway.requests.clear()
    shared_gateway.script(chat_stream(""))
    return shared_gateway


@pytest.fixture
def opened(
    shared_window: Workbench, gateway: Gateway, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Workbench]]:
    """Open a folder with one file in it; `GLM: ready` is waited for."""

    def open_(name: str, text: str) -> Workbench:
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
        shared_window.open(tmp_path, name)
        shared_window.wait_status("GLM: ready")
        return shared_window

    yield open_
    # A picture of how it ended, kept for whoever looks into a failure.
    shared_window.screenshot(f"end-of-{request.node.name}")
