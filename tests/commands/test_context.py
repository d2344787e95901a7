"""`glm-lsp context`: what would be shown, and nothing that must not be."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from glm_lsp.commands import context
from glm_lsp.errors import ExcludedError, GlmError
from glm_lsp.settings.layers import Layer, load
from tests.project.rig import SHAPES, USE, write
from tests.security.rig import made_up

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.settings.layers import Loaded


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def loaded(**given: object) -> Loaded:
    return load(Layer("test", given))


def shown(place: str, settings: Loaded) -> str:
    printed = io.StringIO()
    assert context.run(place, settings, console=Console(file=printed, width=200)) == 0
    return printed.getvalue()


def test_each_piece_has_its_reason_and_its_size(tmp_path: Path) -> None:
    """A signature stands under its file, with why it is there; the parts are counted."""
    root = write(tmp_path / "work", shapes=SHAPES, use=USE)
    (root / ".git").mkdir()
    printed = shown(f"{root / 'use.py'}:5", loaded())
    assert "# shapes.py" in printed
    line = next(line for line in printed.split("\n") if "area_within" in line)
    assert line.strip().startswith("area_within()  ")
    assert line.endswith(", 15")
    assert "project" in printed
    assert "<hole/>" in printed
    assert "2 files are indexed." in printed


def test_it_shows_what_settings_leave(tmp_path: Path) -> None:
    """What is switched off or excluded is not shown; a secret is struck out as it would be."""
    secret = made_up(40)
    root = write(tmp_path / "work", shapes=SHAPES, use=f"API_KEY = '{secret}'\n{USE}")
    (root / ".git").mkdir()
    place = f"{root / 'use.py'}:6"
    assert "area_within" not in shown(place, loaded(context={"project": False}))
    printed = shown(place, loaded(context={"exclude": ["shapes.py"]}))
    assert "area_within" not in printed
    assert secret not in printed
    with pytest.raises(ExcludedError):
        context.run(place, loaded(context={"exclude": ["use.py"]}))


@pytest.mark.parametrize("place", ["use.py", "use.py:x", "use.py:99", "none.py:1"])
def test_a_place_that_is_none_is_said(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, and no traceback."""
    write(tmp_path, use=USE)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GlmError):
        context.run(place, loaded())
