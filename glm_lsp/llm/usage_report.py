"""Reads the usage store: totals by day, model and feature.

Invariant: reading changes nothing, and a usage store that is not there yet is an empty one.
"""

from __future__ import annotations

import sqlite3
import statistics
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from attrs import Factory, define, frozen

from glm_lsp.providers import PRESETS, Billing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

By = Literal["day", "model", "feature"]

_COLUMNS = (
    "at, model, feature, provider, prompt, cached, output, reasoning, first_token, outcome, cost,"
    " counted"
)


_PLANS = {preset.name for preset in PRESETS if preset.billing is Billing.CREDITS}


@frozen
class Total:
    """What the requests of one day, model or feature took together.

    Attributes:
        cost: the estimated USD of those with a known price.
        unpriced: how many have none.
        credited: how many took a plan's credits instead.
        estimated: how many have estimated tokens, for the service reported none.
        first_token: the median of seconds until the first token; None without any answer.
        accepted: how many suggestions the user took.
    """

    name: str
    requests: int
    failures: int
    prompt: int
    cached: int
    output: int
    reasoning: int
    cost: float
    unpriced: int
    credited: int
    estimated: int
    first_token: float | None
    accepted: int


@define
class _Sum:
    requests: int = 0
    failures: int = 0
    prompt: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    cost: float = 0.0
    unpriced: int = 0
    credited: int = 0
    estimated: int = 0
    accepted: int = 0
    first_tokens: list[float] = Factory(list)

    def total(self, name: str) -> Total:
        first = statistics.median(self.first_tokens) if self.first_tokens else None
        return Total(
            name, self.requests, self.failures, self.prompt, self.cached, self.output,
            self.reasoning, self.cost, self.unpriced, self.credited, self.estimated, first,
            self.accepted,
        )  # fmt: skip


@frozen
class Noticed:
    """Something that was noticed of a service, in whichever session, and when last."""

    at: float
    provider: str
    model: str
    kind: str
    other: str

    @property
    def sentence(self) -> str:
        """What it was, in words."""
        day = datetime.fromtimestamp(self.at).date().isoformat()  # noqa: DTZ006  # The user's own.
        what = {
            "model": f"{self.other} answered where {self.model} was asked for",
            "thinking": f"{self.model} thought although it was asked not to",
            "cache": f"less of the prompts for {self.model} was found in the cache than before",
            "budget": f"no price of {self.model} was known, so that the daily budget did not hold",
        }.get(self.kind, f"{self.model}: {self.kind}")
        return f"{self.provider}: {what} (last on {day})."


def notices(path: Path, since: float) -> list[Noticed]:
    """Return what was noticed since a moment (seconds since the epoch), each once, latest first.

    Raises:
        sqlite3.Error: the file is not a usage store, or cannot be read.
    """
    if not path.exists():
        return []
    with closing(sqlite3.connect(path, timeout=10.0)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'notice'").fetchone():
            return []  # An earlier version made it.
        rows = connection.execute(
            "SELECT max(at), provider, model, kind, other FROM notice WHERE at >= ?"
            " GROUP BY provider, model, kind, other ORDER BY max(at) DESC, model, kind",
            (since,),
        )
        return [Noticed(*row) for row in rows]


def totals(path: Path, since: float) -> dict[By, list[Total]]:
    """Return the totals since a moment (seconds since the epoch): days in order, else by cost.

    Raises:
        sqlite3.Error: the file is not a usage store, or cannot be read.
    """
    sums: dict[By, dict[str, _Sum]] = {"day": {}, "model": {}, "feature": {}}
    if not path.exists():
        return {by: [] for by in sums}
    with closing(sqlite3.connect(path, timeout=10.0)) as connection:
        query = f"SELECT {_COLUMNS} FROM request WHERE at >= ?"  # noqa: S608  # Our columns.
        for row in connection.execute(query, (since,)):
            for by, key in _keys(row[0], row[1], row[2]):
                _add(sums[by].setdefault(key, _Sum()), row)
        query = "SELECT at, model, feature FROM acceptance WHERE at >= ?"
        for at, model, feature in connection.execute(query, (since,)):
            for by, key in _keys(at, model, feature):
                sums[by].setdefault(key, _Sum()).accepted += 1
    found: dict[By, list[Total]] = {
        by: [part.total(name) for name, part in parts.items()] for by, parts in sums.items()
    }
    for by, parts in found.items():
        parts.sort(key=lambda total: (total.name,) if by == "day" else (-total.cost, total.name))
    return found


def _keys(at: float, model: str, feature: str) -> Iterable[tuple[By, str]]:
    day = datetime.fromtimestamp(at).date().isoformat()  # noqa: DTZ006  # The user's own day.
    return (("day", day), ("model", model), ("feature", feature))


def _add(part: _Sum, row: tuple[object, ...]) -> None:
    provider, prompt, cached, output, reasoning, first_token, outcome, cost, counted = row[3:]
    part.requests += 1
    part.failures += outcome not in ("done", "abandoned")
    part.prompt += _int(prompt)
    part.cached += _int(cached)
    part.output += _int(output)
    part.reasoning += _int(reasoning)
    part.estimated += not counted and bool(_int(prompt) or _int(output))
    if isinstance(cost, float | int):
        part.cost += cost
    elif provider in _PLANS:
        part.credited += 1
    else:
        part.unpriced += 1
    if isinstance(first_token, float):
        part.first_tokens.append(first_token)


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
