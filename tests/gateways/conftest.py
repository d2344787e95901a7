"""The model, started once; the gateways, each started once; the table, printed at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gateways import table
from tests.gateways.gateways import GATEWAYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateways.gateways import Started
    from tests.gateways.model import Model


@pytest.fixture(scope="session")
def model() -> Iterator[Model]:
    from tests.gateways.model import Model

    with Model() as started:
        yield started


@pytest.fixture(scope="session")
def started(
    request: pytest.FixtureRequest, model: Model, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Started]:
    """The gateway that the test names."""
    folder = tmp_path_factory.mktemp("gateway")
    with GATEWAYS[request.param](model, folder) as gateway:
        yield gateway


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was seen."""
    if table.SEEN:
        terminalreporter.write_line("\n" + table.written(table.SEEN))
