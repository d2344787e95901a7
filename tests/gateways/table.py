"""The table: what works through which gateway, as it should be and as it was seen.

What a gateway keeps back is named in `_EXCEPTIONS` and asserted to be so: that it does no longer
is noticed as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.gateways.gateways import GATEWAYS
from tests.gateways.session import NONE, WORKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.gateways.session import Row

WIRES = ("chat", "responses", "messages", "raw")
COLUMNS = ("completion", "fix", "explain", "cancel", "usage", "cached")

SEEN: dict[tuple[str, str], Row] = {}
"""What this run has seen; the tests add to it."""

_RAW = dict.fromkeys(("fix", "explain"), NONE)
_EXCEPTIONS: Mapping[tuple[str, str], Mapping[str, str]] = {}
"""None at present: for instance `{("LiteLLM", "chat"): {"cached": DROPPED}}`."""


def expected(gateway: str, wire: str) -> dict[str, str]:
    """Return what each cell of a row should say."""
    works = dict.fromkeys(COLUMNS, WORKS)
    return works | (_RAW if wire == "raw" else {}) | dict(_EXCEPTIONS.get((gateway, wire), {}))


def written(seen: Mapping[tuple[str, str], Row]) -> str:
    """Return the table in Markdown."""
    head = f"| gateway | wire | {' | '.join(COLUMNS)} |"
    lines = [head, "|---" * (len(COLUMNS) + 2) + "|"]
    for gateway in GATEWAYS:
        for wire in WIRES:
            if (row := seen.get((gateway, wire))) is not None:
                cells = [_cell(row, name) for name in COLUMNS]
                lines.append(f"| {gateway} | {wire} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(row: Row, name: str) -> str:
    said = row.cells.get(name, "")
    if name == "cancel" and row.cancel is not None:
        return f"{said} ({row.cancel * 1000:.0f} ms)"
    if name == "explain" and row.ahead is not None:
        return f"{said} ({row.ahead})"
    return said
