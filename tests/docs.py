"""Writes what is generated in docs/: the table of settings, from the settings themselves.

`make docs` runs it; `tests/test_docs.py` fails when the table is stale.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args, get_origin

from glm_lsp.settings import keys

SETTINGS = Path(__file__).parents[1] / "docs" / "settings.md"
_BEGIN = "<!-- settings: written by `make docs` -->\n"
_END = "<!-- /settings -->"


def table() -> str:
    """Return the table in Markdown, one row per setting."""
    rows = ["| key | default | |", "|---|---|---|"]
    for name, attribute in keys():
        yours = " **Yours alone.**" * bool(attribute.metadata.get("machine"))
        doc = attribute.metadata["doc"] + _choices(attribute.type) + yours
        rows.append(f"| `{name}` | `{_default(attribute)}` | {doc} |")
    return "\n".join(rows) + "\n"


def fresh(text: str) -> str:
    """Return the page with the table as it should be."""
    head, _, rest = text.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    return head + _BEGIN + table() + _END + tail


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
    SETTINGS.write_text(fresh(SETTINGS.read_text("utf-8")), "utf-8", newline="\n")
