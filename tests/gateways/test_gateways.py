"""The main job through real gateways, with the real model behind them; `make test-gateways`."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.gateways import table
from tests.gateways.gateways import GATEWAYS
from tests.gateways.session import session

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateways.gateways import Started
    from tests.gateways.model import Model

pytestmark = [pytest.mark.gateway, pytest.mark.model]


@pytest.mark.parametrize("wire", table.WIRES)
@pytest.mark.parametrize("started", GATEWAYS, indirect=True)
def test_the_main_job_works(
    started: Started, wire: str, model: Model, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Completion, fix, explanation, cancel and counts are what the table says."""
    gateway = request.node.callspec.params["started"]
    row = asyncio.run(asyncio.wait_for(session(started, model, wire, tmp_path), 180))
    table.SEEN[gateway, wire] = row
    assert row.cells == table.expected(gateway, wire)
    assert "Traceback" not in (tmp_path / "server.log").read_text("utf-8")


@pytest.mark.parametrize("started", ["LiteLLM"], indirect=True)
def test_what_litellm_makes_of_messages(started: Started, model: Model) -> None:
    """It asks for Responses, without the stop texts: should that change, docs/gateways.md does."""
    asked = {
        "model": "glm-4.7",
        "messages": [{"role": "user", "content": "Count from one to a hundred."}],
        "max_tokens": 20,
        "stop_sequences": ["</fill>"],
        "temperature": 0.2,
        "stream": True,
    }
    key = {"Authorization": f"Bearer {started.key}"}
    said = httpx.post(f"{started.base_url}/messages", json=asked, headers=key, timeout=60).text
    upstream = model.exchanges[-1]
    assert upstream.path == "/v1/responses"
    assert upstream.body["max_output_tokens"] == 20
    assert "</fill>" not in json.dumps(upstream.body)
    assert '"stop_reason": "end_turn"' in said
