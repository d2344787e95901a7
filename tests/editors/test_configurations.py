"""The ready configurations say what the editors can read, and never hold a key."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.editors.setup_editors import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FILES = sorted(
    path
    for folder in ("emacs", "helix", "nvim", "other")
    for path in (ROOT / "editors" / folder).rglob("*")
    if path.is_file()
)
SNIPPETS = [
    path
    for path in FILES
    if path.parent.name in ("emacs", "helix", "other") or path.name == "example.lua"
]


@pytest.mark.parametrize("path", SNIPPETS, ids=lambda path: path.name)
def test_a_snippet_starts_the_server_and_says_where_the_key_goes(path: Path) -> None:
    """Each configuration runs `glm-lsp`, and names the two places for the key."""
    text = path.read_text()
    assert "glm-lsp" in text
    assert "GLM_API_KEY" in text
    assert "auth set" in text


def test_json_configurations_can_be_read() -> None:
    """What claims to be JSON is; comments are whole lines, as these editors allow."""
    found = 0
    for path in FILES:
        if path.suffix in (".json", ".sublime-settings"):
            text = re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)
            assert isinstance(json.loads(text), dict), path
            found += 1
    assert found >= 4
