"""`glm-lsp usage`: tokens and estimated cost by day, model and feature."""

from __future__ import annotations

import json
import sqlite3
import time
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
from rich.console import Console
from rich.table import Table
from rich.text import Text

from glm_lsp.characters import one_line
from glm_lsp.errors import GlmError
from glm_lsp.llm.usage_report import Total, notices, totals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_BAR = 24  # Characters of the longest bar.
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def run(
    path: Path,
    *,
    days: int = 14,
    as_json: bool = False,
    console: Console | None = None,
    now: float | None = None,
) -> int:
    """Show what the usage store at `path` holds of the last days. Returns the exit code.

    Raises:
        GlmError: the file cannot be read.
    """
    console = console or Console()
    today = datetime.fromtimestamp(time.time() if now is None else now).date()  # noqa: DTZ006
    first = today - timedelta(days=days - 1)
    midnight = datetime.combine(first, datetime.min.time())
    try:
        found = totals(path, midnight.timestamp())
        noticed = notices(path, midnight.timestamp())
    except sqlite3.Error as error:
        raise GlmError(
            f"The usage in {path} cannot be read: move the file away to start anew.",
            detail=str(error),
        ) from None
    if as_json:
        plain = {**_plain(found, first, today), "noticed": [attrs.asdict(one) for one in noticed]}
        console.print_json(json.dumps(plain), ensure_ascii=True)
        return 0
    if not found["model"]:
        console.print(f"Nothing was asked since {first.isoformat()}.")
        return 0
    blocks = console.encoding.lower().startswith("utf")
    console.print(_plot(found["day"], first, today, blocks=blocks))
    console.print()
    console.print(_table("model", found["model"]))
    console.print()
    console.print(_table("feature", found["feature"]))
    for note in _notes(found["model"]):
        console.print(note, style="dim")
    for one in noticed:
        console.print(Text(one_line(one.sentence), style="yellow"))
    return 0


def _plot(days: Sequence[Total], first: date, today: date, *, blocks: bool) -> Table:
    """Draw each day's tokens."""
    by_day = {total.name: total for total in days}
    most = max((total.prompt + total.output for total in days), default=0) or 1
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("day", no_wrap=True)
    table.add_column("tokens", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, width=_BAR, style="cyan")
    table.add_column("requests", justify="right", no_wrap=True)
    table.add_column("cost", justify="right", no_wrap=True)
    for back in range((today - first).days, -1, -1):
        day = (today - timedelta(days=back)).isoformat()
        total = by_day.get(day)
        tokens = total.prompt + total.output if total else 0
        table.add_row(
            day,
            _count(tokens) if total else "",
            bar(tokens / most, width=_BAR, blocks=blocks),
            str(total.requests) if total else "",
            _money(total) if total else "",
        )
    return table


def _table(title: str, rows: Sequence[Total]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(title, overflow="ellipsis", no_wrap=True)
    heads = ("asked", "failed", "prompt", "cached", "output", "first token", "taken", "cost")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for total in rows:
        first = total.first_token
        table.add_row(
            Text(one_line(total.name)),
            str(total.requests),
            str(total.failures or ""),
            _count(total.prompt),
            f"{total.cached / total.prompt:.0%}" if total.prompt and total.cached else "",
            _count(total.output),
            "" if first is None else f"{first * 1000:.0f} ms" if first < 10 else f"{first:.0f} s",
            str(total.accepted or ""),
            _money(total),
        )
    return table


def _notes(models: Sequence[Total]) -> list[str]:
    notes = ["Costs are estimates in USD; the provider’s bill counts."]
    if unpriced := sum(total.unpriced for total in models):
        notes.append(f"{unpriced} requests have no price: set it in `glm.prices`.")
    if credited := sum(total.credited for total in models):
        notes.append(f"{credited} requests took a plan’s credits, and have no cost.")
    if estimated := sum(total.estimated for total in models):
        notes.append(f"{estimated} requests have estimated tokens: the service reported none.")
    return notes


def _plain(found: Any, first: date, today: date) -> dict[str, Any]:
    names = {"name": "", "cost": "estimatedCost", "first_token": "medianSecondsToFirstToken"}

    def plain(total: Total, key: str) -> dict[str, Any]:
        values = attrs.asdict(total)
        return {key if name == "name" else names.get(name, name): values[name] for name in values}

    parts = {f"by{key.title()}": [plain(t, key) for t in rows] for key, rows in found.items()}
    return {"from": first.isoformat(), "to": today.isoformat(), **parts}


def bar(share: float, *, width: int, blocks: bool) -> str:
    """Return a bar; without `blocks`, in characters that every encoding has."""
    if not blocks:
        return "#" * max(round(share * width), int(share > 0))
    eighths = round(share * width * 8)
    if share > 0 and not eighths:
        eighths = 1
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def _count(tokens: int) -> str:
    for size, unit in ((1_000_000, "M"), (1000, "k")):
        if tokens >= size:
            return f"{tokens / size:.1f}{unit}"
    return str(tokens)


def _money(total: Total) -> str:
    if total.unpriced and not total.cost:
        return "?"
    if total.credited and not total.cost:
        return "credits"
    return f"~${total.cost:.2f}" if total.cost >= 0.005 or not total.cost else "<$0.01"
