"""The records of the actions: every place where a user meets one knows all of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from glm_lsp.actions.offers import offers
from glm_lsp.actions.registry import ACTIONS, KINDS, Action

ROOT = Path(__file__).parents[2]
EVERY = pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)


def read(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def test_every_entry_of_the_menu_is_told_apart() -> None:
    """No two actions or presets share a title; each is named after its key."""
    titles = [action.title for action in ACTIONS.values()]
    titles += [f"GLM: {preset.title}" for action in ACTIONS.values() for preset in action.presets]
    assert [title for title, count in Counter(titles).items() if count > 1] == []
    assert [name for name, action in ACTIONS.items() if action.name != name] == []


def test_the_kinds_that_are_announced() -> None:
    """An editor is told every kind that the menu can hold, each once."""
    assert KINDS == ("quickfix", "refactor.rewrite", "refactor.extract", "source", "glm.explain")


@EVERY
def test_a_record_says_what_is_needed(action: Action) -> None:
    """Whoever reads the menu, a progress report or a prompt finds words there."""
    assert re.fullmatch(r"[a-z]+", action.name)
    assert re.fullmatch(r"GLM: [A-Z]\w+( \w+)*", action.title)
    assert re.fullmatch(r"[A-Z]\w+ing", action.doing)
    assert "{language}" in action.wording.brief
    assert action.tokens + action.tokens_of_code > 0
    assert action.preset("there is none of that name") is None


@EVERY
def test_vs_code_offers_every_action(action: Action) -> None:
    """Each has a command in the palette and an entry in the menus, and asks the server."""
    contributes: dict[str, Any] = json.loads(read("editors", "vscode", "package.json"))[
        "contributes"
    ]
    assert f"glm-lsp.{action.name}" in [each["command"] for each in contributes["commands"]]
    entries = [entry.get("command") for menu in contributes["menus"].values() for entry in menu]
    assert f"glm-lsp.{action.name}" in entries
    sources = ROOT.joinpath("editors", "vscode", "src").glob("*.ts")
    assert any(f'"{action.command}"' in source.read_text("utf-8") for source in sources)


@EVERY
def test_vs_code_offers_no_edit_of_what_is_read_only(action: Action) -> None:
    """An action that edits is in no menu of a text that cannot be edited; the others are."""
    menus: dict[str, Any] = json.loads(read("editors", "vscode", "package.json"))["contributes"][
        "menus"
    ]
    for name in ("commandPalette", "glm-lsp.context"):
        hidden = [
            entry["command"] for entry in menus[name] if "!editorReadonly" in entry.get("when", "")
        ]
        assert (f"glm-lsp.{action.name}" in hidden) is (action.answer == "edit"), name


@EVERY
def test_neovim_offers_every_action(action: Action) -> None:
    """Each is a word of `:Glm`, and the help says what it does."""
    assert f"  '{action.name}',\n" in read("editors", "nvim", "lua", "glm", "names.lua")
    manual = read("editors", "nvim", "doc", "glm.txt")
    assert re.search(rf"^ {{8}}{action.name} .*[A-Z]", manual, re.MULTILINE)
    for name in (action.name, *(preset.name for preset in action.presets)):
        assert f"(Glm{name.capitalize()})" in manual
    for preset in action.presets:
        listed = rf"^ {{8}}{action.name} \[preset\][^.]*\b{preset.name}\b"
        assert re.search(listed, manual, re.MULTILINE)


def test_the_readmes_name_what_is_always_offered() -> None:
    """Who reads README.md, or the extension's page, knows the entries of the menu."""
    page, extension = read("README.md"), read("editors", "vscode", "README.md")
    lightbulb = next(line for line in extension.splitlines() if "**Lightbulb**" in line)
    titles = [offer.title.removeprefix("GLM: ") for offer in offers([], None)]
    assert [title for title in titles if f"*{title}*" not in page] == []
    assert [title for title in titles if title not in lightbulb] == []
