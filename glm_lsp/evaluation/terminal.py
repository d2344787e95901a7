"""A report in a terminal: a table with bars, beside another report's figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from glm_lsp.characters import one_line
from glm_lsp.commands.usage import bar
from glm_lsp.evaluation.measures import RATES
from glm_lsp.evaluation.report import NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from glm_lsp.evaluation.measures import Measured
    from glm_lsp.evaluation.report import Report

_WIDTH = 16


def show(console: Console, report: Report, others: Sequence[Report] = ()) -> None:
    """Show a report, side by side with others."""
    blocks = console.encoding.lower().startswith("utf")
    console.print(Text(one_line(heading(report)), style="bold"))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("feature", "", "", ""):
        table.add_column(head, no_wrap=True)
    for other in others:
        table.add_column(Text(one_line(heading(other))), justify="right", overflow="fold")
    for feature, found in report.features.items():
        before = [other.features.get(feature, {}) for other in others]
        name = f"{feature} ({found['scenarios']})"
        for rate in (*RATES, "size"):
            if found.get(rate) is None:
                continue
            share = min(found[rate], 1.0) if rate != "size" else min(found[rate] / 4, 1.0)
            drawn = bar(share, width=_WIDTH, blocks=blocks)
            figures = [figure(rate, each.get(rate)) for each in before]
            table.add_row(
                name, NAMES[rate], Text(drawn, style="cyan"), figure(rate, found[rate]), *figures
            )
            name = ""
        for label, text in costs(found):
            figures = [dict(costs(each)).get(label, "") if each else "" for each in before]
            table.add_row(name, label, "", text, *figures, style="dim")
            name = ""
    console.print(table)
    for note in report.notes:
        console.print(Text(one_line(note), style="yellow"))


def heading(report: Report) -> str:
    """Return what a report is about, in a few words."""
    about = report.about
    models = about.get("models", {})
    named = " and ".join(dict.fromkeys(str(name) for name in models.values()))
    settings = ", ".join(f"{name}={value}" for name, value in about.get("settings", {}).items())
    return f"{named} on {about.get('source', '')}" + (f" ({settings})" if settings else "")


def costs(found: Any) -> list[tuple[str, str]]:
    """Return how long a feature took and what it cost, each under its name."""
    rows = []
    for name, label in (("first", "first token"), ("seconds", "to the end")):
        if found[name]["p50"] is not None:
            rows.append((label, f"{seconds(found[name]['p50'])} · {seconds(found[name]['p90'])}"))
    if found["questions"]:
        cached = found["cached"] / found["prompt"] if found["prompt"] else 0.0
        rows.append(("tokens", f"{found['prompt']} + {found['output']}, {cached:.0%} cached"))
        cost = found["cost"]
        rows.append(("cost", "unknown" if cost is None else f"${cost:.4f}" if cost else "nothing"))
    return rows


def called(outcome: Measured) -> str:
    """Return what a scenario is about: its feature, and its title."""
    named = outcome.title.startswith(f"{outcome.feature}:")
    return outcome.title if named else f"{outcome.feature}: {outcome.title}"


def figure(name: str, value: float | None) -> str:
    """Return a figure as people read it."""
    if value is None:
        return ""
    if name == "size":
        return f"{value:.2f}×"
    return f"{value:.2f}" if name in ("chrf", "f1") else f"{value:.0%}"


def seconds(value: float) -> str:
    """Return a time as people read it."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"
