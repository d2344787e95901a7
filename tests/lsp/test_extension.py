"""The messages of our own: what a client announces, and their JSON."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import attrs
import pytest
from lsprotocol import types

from glm_lsp.app import factory
from glm_lsp.lsp import extension
from glm_lsp.lsp.extension import Explanation, Extensions, ServerStatus, announced


@pytest.mark.parametrize(
    ("experimental", "expected"),
    [
        pytest.param(None, Extensions(), id="nothing"),
        pytest.param({}, Extensions(), id="an empty object"),
        pytest.param({"other": {"applyEdit": True}}, Extensions(), id="others' extensions"),
        pytest.param({"glm": {"applyEdit": True}}, Extensions(apply_edit=True), id="one"),
        pytest.param(
            {"glm": {"applyEdit": True, "explanation": True, "status": True, "context": True}},
            Extensions(apply_edit=True, explanation=True, status=True, context=True),
            id="all",
        ),
        pytest.param(
            {"glm": {"explanation": False, "status": True, "future": True}},
            Extensions(status=True),
            id="false and unknown",
        ),
        pytest.param({"glm": {"applyEdit": 1, "status": "true"}}, Extensions(), id="not booleans"),
        pytest.param({"glm": True}, Extensions(), id="not an object"),
        pytest.param([{"glm": {"status": True}}], Extensions(), id="a list"),
    ],
)
def test_what_a_client_announces(experimental: Any, expected: Extensions) -> None:
    """Only what is announced as true counts; anything malformed is as good as silence."""
    capabilities = types.ClientCapabilities(experimental=experimental)
    assert announced(capabilities) == expected


def test_an_explanation_as_json() -> None:
    """A client reads the job, the place, the title and the piece."""
    where = types.Range(types.Position(1, 2), types.Position(3, 4))
    message = Explanation("job-1", "file:///a", where, "Explaining a", "It adds.", done=False)
    assert message.params() == {
        "job": "job-1",
        "uri": "file:///a",
        "range": {"start": {"line": 1, "character": 2}, "end": {"line": 3, "character": 4}},
        "title": "Explaining a",
        "delta": "It adds.",
        "done": False,
    }
    assert "It adds." not in repr(message), "code and its explanation stay out of logs"


def test_a_status_as_json() -> None:
    """Every key is there, also those without a value."""
    assert ServerStatus("ready", "glm-5.1").params() == {
        "state": "ready",
        "model": "glm-5.1",
        "message": "",
        "tokens": 0,
        "cost": None,
        "needs": None,
    }


def test_clients_and_manual_know_every_message() -> None:
    """Both clients and docs/protocol-extensions.md name each message, and what announces it."""
    root = Path(__file__).parents[2]
    every = {value for value in vars(extension).values() if str(value).startswith("glm/")}
    messages = every - {extension.NEXT_EDIT}  # The client's own; the server announces it.
    # "buttons" announces no message of ours, but more in one of LSP's.
    assert len(messages) == len(attrs.fields(Extensions)) - 1
    for path in (
        "docs/protocol-extensions.md",
        "editors/vscode/src/protocol.ts",
        "editors/nvim/lsp/glm.lua",
    ):
        text = (root / path).read_text("utf-8")
        names = {name.removeprefix("glm/") for name in messages}
        assert {name for name in messages if name not in text} == set(), path
        assert {name for name in names if not re.search(rf'"?\b{name}"?( =|:)', text)} == set(), (
            path
        )


def test_the_manual_knows_every_command() -> None:
    """docs/protocol-extensions.md names the commands that the server announces, and no other."""
    server = factory(environ={})()
    manual = Path(__file__).parents[2] / "docs" / "protocol-extensions.md"
    table = manual.read_text("utf-8").split("## Commands", 1)[1]
    named = set(re.findall(r"`(glm\.\w+)`", table))
    assert named == set(server.protocol.fm.commands)
