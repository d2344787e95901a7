"""`glm-lsp models`: the catalogue, with windows and prices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from glm_lsp import providers
from glm_lsp.characters import one_line
from glm_lsp.llm import catalogue
from glm_lsp.providers import Billing

if TYPE_CHECKING:
    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.settings import Settings

_NOTES = {
    Billing.TOKENS: "Prices are estimates in USD per 1M tokens; set your own in `glm.prices`.",
    Billing.CREDITS: "{} takes credits, not money: tokens are counted, and no cost is shown.",
    Billing.NOTHING: "Nobody bills for {}; what it costs you all the same goes into `glm.prices`.",
}
_UNPRICED = "No prices of {} are known here: set yours, in USD per 1M tokens, in `glm.prices`."


def run(settings: Settings, *, as_json: bool = False, console: Console | None = None) -> int:
    """Show every model; the ones in use are marked. Returns the exit code."""
    console = console or Console()
    models = listed(settings)
    if as_json:
        plain = [_plain(model, settings) for model in models]
        console.print_json(json.dumps(plain), ensure_ascii=True)
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", no_wrap=True)
    for title in ("window", "answer", "$ input", "$ cached", "$ output"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("thinking")
    table.add_column("used for")
    for model in models:
        table.add_row(*_row(model, settings))
    console.print(table)
    console.print(_note(settings), style="dim")
    return 0


def listed(settings: Settings) -> list[ModelInfo]:
    """Return the catalogue, and whatever else is chosen or has a price."""
    preset = providers.find(settings.provider, settings.base_url)
    names = [model.name for model in catalogue.MODELS]
    chosen = (settings.models.actions, settings.models.completion, *preset.prices, *settings.prices)
    names += [name for name in dict.fromkeys(chosen) if name not in names]
    return [catalogue.priced(name, preset, settings.prices) for name in names]


def _note(settings: Settings) -> str:
    preset = providers.find(settings.provider, settings.base_url)
    unpriced = preset.billing is Billing.TOKENS and not preset.prices
    return (_UNPRICED if unpriced else _NOTES[preset.billing]).format(preset.title)


def _row(model: ModelInfo, settings: Settings) -> list[str | Text]:
    price = model.price
    cached = price.cached if price and price.cached is not None else price and price.input
    prices = [price.input, cached, price.output] if price else [None] * 3
    window, most = _thousands(model.context), _thousands(model.max_output)
    return [
        Text(one_line(model.name)),
        window if model.known else f"{window}?",
        most if model.known else f"{most}?",
        *("?" if value is None else f"{value:.2f}" for value in prices),
        model.thinking.value,
        _use(model, settings),
    ]


def _plain(model: ModelInfo, settings: Settings) -> dict[str, Any]:
    price = model.price
    return {
        "name": model.name,
        "context": model.context,
        "maxOutput": model.max_output,
        "thinking": model.thinking.value,
        "known": model.known,
        "usedFor": _use(model, settings),
        "estimatedPricePer1M": price
        and {"input": price.input, "cached": price.cached, "output": price.output},
    }


def _use(model: ModelInfo, settings: Settings) -> str:
    chosen = {"actions": settings.models.actions, "completion": settings.models.completion}
    return ", ".join(use for use, name in chosen.items() if name == model.name)


def _thousands(tokens: int) -> str:
    return f"{tokens // 1_048_576}M" if tokens >= 1_048_576 else f"{tokens // 1024}K"
