"""Writes what is generated within files that people write: tables of settings and of keys.

`make docs` runs it; `tests/test_docs.py` fails when a block is stale.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args, get_origin

from glm_lsp.actions.registry import ACTIONS
from glm_lsp.llm.catalogue import MODELS
from glm_lsp.llm.credentials import ANY_PROVIDER
from glm_lsp.providers import PRESETS
from glm_lsp.settings import keys

ROOT = Path(__file__).parents[1]
SETTINGS = ROOT / "docs" / "settings.md"
NEOVIM = ROOT / "editors" / "nvim"
HEALTH = NEOVIM / "lua" / "glm" / "health.lua"
NAMES = NEOVIM / "lua" / "glm" / "names.lua"
PAGES = (SETTINGS, HEALTH, NAMES)
MANUAL = NEOVIM / "doc" / "glm.txt"
TAGS = NEOVIM / "doc" / "tags"


def fresh(path: Path) -> str:
    """Return a file with each of its blocks as it should be."""
    text = path.read_text("utf-8")
    for place, begin, block, end in (
        (SETTINGS, "<!-- settings: written by `make docs` -->\n", _settings, "<!-- /settings -->"),
        (SETTINGS, "<!-- keys: written by `make docs` -->\n", _keys, "<!-- /keys -->"),
        (HEALTH, "    -- Written by `make docs`.\n", _key_names, "  }) do"),
        (NAMES, "  -- Actions, written by `make docs`.\n", _actions, "}"),
        (NAMES, "  -- Presets, written by `make docs`.\n", _presets, "}"),
        (NAMES, "  -- Models, written by `make docs`.\n", _models, "}"),
    ):
        if place == path:
            head, found, rest = text.partition(begin)
            assert found, f"{path.name} has lost its {begin!r}"
            text = head + begin + block() + end + rest.partition(end)[2]
    return text


def _settings() -> str:
    """Return a table in Markdown, one row per setting."""
    rows = ["| key | default | |", "|---|---|---|"]
    for name, attribute in keys():
        yours = " **Yours alone.**" * bool(attribute.metadata.get("machine"))
        doc = attribute.metadata["doc"] + _choices(attribute.type) + yours
        rows.append(f"| `{name}` | `{_default(attribute)}` | {doc} |")
    return "\n".join(rows) + "\n"


def _keys() -> str:
    """Return a table in Markdown: each provider, and the variables of its key."""
    rows = ["| `provider` | is | looks for its key in |", "|---|---|---|"]
    for preset in PRESETS:
        names = ", then ".join(f"`{name}`" for name in preset.key_names)
        rows.append(f"| `{preset.name}` | {preset.title} | {names or 'no variable of its own'} |")
    return "\n".join(rows) + "\n"


def _key_names() -> str:
    """Return the variables that may hold a key, as items of a Lua table."""
    names = dict.fromkeys(name for preset in PRESETS for name in preset.key_names)
    return "".join(f"    '{name}',\n" for name in (ANY_PROVIDER, *names))


def _actions() -> str:
    """Return the actions, as items of a Lua table."""
    return "".join(f"  '{name}',\n" for name in ACTIONS)


def _presets() -> str:
    """Return the refactorings that have a name, as items of a Lua table."""
    names = [preset.name for action in ACTIONS.values() for preset in action.presets]
    return "".join(f"  '{name}',\n" for name in names)


def _models() -> str:
    """Return the models of the catalogue, as items of a Lua table."""
    return "".join(f"  '{model.name}',\n" for model in MODELS if model.known)


def tags() -> str:
    """Return the manual's tags, as Neovim's `:helptags` writes them.

    They lie beside the manual so that `:help glm` works however the plugin was installed.
    """
    found = sorted(re.findall(r"(?<!\S)\*([^*|\s]+)\*(?!\S)", MANUAL.read_text("utf-8")))
    search = [name.replace("\\", "\\\\").replace("/", "\\/") for name in found]
    pairs = zip(found, search, strict=True)
    return "".join(f"{name}\t{MANUAL.name}\t/*{target}*\n" for name, target in pairs)


def _default(attribute: Any) -> str:
    default = attribute.default
    if hasattr(default, "factory"):
        default = default.factory()
    return json.dumps(list(default) if isinstance(default, tuple) else default)


def _choices(hint: Any) -> str:
    """Return the values to choose from, when there is a list of them."""
    from glm_lsp import settings

    kind = getattr(settings, hint, hint) if isinstance(hint, str) else hint
    if get_origin(kind) is None or not all(isinstance(arg, str) for arg in get_args(kind)):
        return ""
    return " One of " + ", ".join(f"`{arg}`" for arg in get_args(kind)) + "."


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(fresh(page), "utf-8", newline="\n")
    TAGS.write_text(tags(), "utf-8", newline="\n")
