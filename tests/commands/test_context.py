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


def shown(place: str, settings: Loaded, action: str = "") -> str:
    printed = io.StringIO()
    console = Console(file=printed, width=200)
    assert context.run(place, settings, action=action, console=console) == 0
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


def test_an_action_is_shown_with_reasons_and_sizes(tmp_path: Path) -> None:
    """The question as it would be sent, and each piece of other files with why it is there."""
    secret = made_up(40)
    use = f"{USE.rstrip()}area_within(api_key='{secret}')\n"
    root = write(tmp_path / "work", shapes=SHAPES, use=use)
    (root / ".git").mkdir()
    printed = shown(f"{root / 'use.py'}:4-5", loaded(), "explain")
    assert "Target code, lines 4 to 5" in printed
    assert "    def area_within(self): ..." in printed
    rows = [line.split() for line in printed.split("\n")]
    size = str(len(SHAPES.rstrip()))
    assert ["shapes.py:1", "a", "type", "named", "here", size] in rows
    assert secret not in printed
    off = shown(f"{root / 'use.py'}:4-5", loaded(context={"project": False}), "explain")
    assert "shapes.py" not in off
    assert "Nothing of other files is shown." in off


def test_a_refactoring_has_its_name_and_a_name_that_is_none_is_said(tmp_path: Path) -> None:
    """Presets are actions here; the others are listed."""
    root = write(tmp_path / "work", shapes=SHAPES, use=USE)
    place = f"{root / 'use.py'}:5"
    assert "Improve the names" in shown(place, loaded(), "names")
    with pytest.raises(GlmError, match="explain"):
        context.run(place, loaded(), action="other")
