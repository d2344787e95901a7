"""What the same usage costs under each provider, against figures computed by hand.

10,000 tokens of prompt, 4,000 of them cached, and 2,000 of answer.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from glm_lsp import errors, providers
from glm_lsp.commands import models
from glm_lsp.llm import catalogue
from glm_lsp.llm.catalogue import ThinkingMode
from glm_lsp.llm.usage_store import UsageStore
from glm_lsp.prices import Price
from glm_lsp.settings import LimitSettings, Settings
from tests.gateway import Gateway, chat_stream
from tests.llm.test_service import action, completion, rows, run, service

if TYPE_CHECKING:
    from pathlib import Path

USAGE = (10_000, 2_000, 4_000)  # Prompt, output, cached.
OWN = {"glm-5.1": Price(input=2.0, output=8.0, cached=0.5)}

BY_HAND = [
    # RunAPI's list names one figure for all tokens: 12,000 of them.
    ("runapi", "glm-5.1", {}, 0.36),  # 12,000 x 0.030 / 1,000
    ("runapi", "glm-4.7", {}, 0.24),  # 12,000 x 0.020 / 1,000
    ("runapi", "glm-4.5-air", {}, 0.12),  # 12,000 x 0.010 / 1,000
    ("runapi", "glm-4.7-flash", {}, None),  # It does not offer it.
    # Z.ai's list: (6,000 x input + 4,000 x cached + 2,000 x output) / 1,000,000.
    ("zai", "glm-5.1", {}, 0.01824),  # 8,400 + 1,040 + 8,800
    ("zai", "glm-4.7", {}, 0.00844),  # 3,600 + 440 + 4,400
    ("zai", "glm-4.5-air", {}, 0.00352),  # 1,200 + 120 + 2,200
    ("zai", "glm-5", {}, 0.0132),  # 6,000 + 800 + 6,400
    ("zai", "glm-5-turbo", {}, 0.01616),  # 7,200 + 960 + 8,000
    ("zai", "glm-5.3-flash", {}, 0.00202),  # 900 + 120 + 1,000
    ("zai", "glm-4.7-flashx", {}, 0.00126),  # 420 + 40 + 800
    ("zai", "glm-4.7-flash", {}, 0.0),  # It is free there.
    ("zai", "zai-org/GLM-5.1-FP8", {}, 0.01824),  # Another spelling of the same.
    ("zai", "glm-5.2-highspeed", {}, None),  # Nobody told, and glm-5.2's would be a guess.
    ("bigmodel", "glm-5.1", {}, None),  # Its list is in another currency, and not known here.
    ("custom", "glm-5.1", {}, None),
    ("zai-coding", "glm-5.1", {}, None),  # A plan takes credits.
    ("bigmodel-coding", "glm-5.1", {}, None),
    ("local", "glm-5.1", {}, 0.0),  # Nobody bills for a server of one's own.
    # The user's own: 6,000 x 2 + 4,000 x 0.5 + 2,000 x 8 = 30,000, whoever is asked.
    *((preset.name, "glm-5.1", OWN, 0.03) for preset in providers.PRESETS),
    ("zai", "zai-org/GLM-5.1-FP8", OWN, 0.03),
]


@pytest.mark.parametrize(("provider", "model", "own", "cost"), BY_HAND)
def test_the_same_usage_costs_what_each_provider_says(
    provider: str, model: str, own: dict[str, Price], cost: float | None, tmp_path: Path
) -> None:
    """Asked over HTTP, the row in the usage store has the cost that was computed by hand."""
    store = UsageStore(tmp_path / "usage.sqlite3")
    with Gateway(chat_stream("fine", usage=USAGE, model=model)) as gateway:
        run(service(gateway, store, provider=provider, prices=own), action(model=model))
    assert rows(store, "prompt, output, cached") == [USAGE]
    assert rows(store, "cost") == [(None if cost is None else pytest.approx(cost),)]


def test_the_days_budget_holds_what_the_provider_says(tmp_path: Path) -> None:
    """What is over for RunAPI after one answer is hardly begun for Z.ai."""
    limits = LimitSettings(daily_budget=0.1)
    with Gateway(chat_stream("fine", usage=USAGE)) as gateway:
        for provider, times in (("runapi", 1), ("zai", 5)):  # 0.36 each; 0.01824 each.
            store = UsageStore(tmp_path / provider / "usage.sqlite3")
            for _ in range(times):
                run(service(gateway, store, provider=provider, limits=limits), completion())
                store.close()
            with pytest.raises(errors.QuotaError, match="Completions pause"):
                run(service(gateway, store, provider=provider, limits=limits), completion())
            store.close()
        assert len(gateway.requests) == 6


def table(provider: str) -> tuple[dict[str, list[str]], str]:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    assert models.run(Settings(provider=provider), console=console) == 0
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    return {line.split()[0]: line.split() for line in lines if line}, " ".join(lines)


def test_models_shows_the_prices_of_the_provider() -> None:
    """Each provider's own list; and where none is known, that it is not."""
    assert table("runapi")[0]["glm-5.1"][3:6] == ["30.00", "30.00", "30.00"]
    assert table("zai")[0]["glm-5.1"][3:6] == ["1.40", "0.26", "4.40"]
    assert table("zai")[0]["glm-4.7-flash"][3:6] == ["0.00"] * 3
    assert table("local")[0]["glm-5.1"][3:6] == ["0.00"] * 3
    assert "Nobody bills for the local model" in table("local")[1]
    assert table("zai-coding")[0]["glm-5.1"][3:6] == ["?"] * 3
    assert "the Z.ai Coding Plan takes credits, not money" in table("zai-coding")[1]
    rows, text = table("bigmodel")
    assert rows["glm-5.1"][3:6] == ["?"] * 3
    assert "No prices of BigModel are known here: set yours" in text


SAME = [
    "glm-5.1",
    "GLM-5.1",
    "zai-org/GLM-5.1-FP8",
    "z-ai/glm-5.1:free",
    "/models/GLM-5.1-Q4_K_M.gguf",
    r"C:\models\GLM-5.1-UD-IQ4_XS.gguf",
    "glm-5.1-20260401",
    "glm-5.1-2026-04-01",
    "glm-5.1-0401-fp8",
]


@pytest.mark.parametrize("name", SAME)
def test_a_spelling_of_a_known_name_is_that_model(name: str) -> None:
    """Vendor, case, date, the numbers' format and a gateway's tag change nothing but the name."""
    assert catalogue.plain(name) == "glm-5.1"
    model = catalogue.find(name)
    assert (model.name, model.known, model.context) == (name, True, 204_800)


@pytest.mark.parametrize(
    ("name", "context", "output", "thinking"),
    [
        # How it thinks is inherited, room only as far as every GLM has it.
        ("glm-5.3-prime", 131_072, 16_384, ThinkingMode.ALWAYS),
        ("glm-5.3-flashx", 131_072, 16_384, ThinkingMode.ALWAYS),
        ("z-ai/glm-5.3-flash-preview", 131_072, 16_384, ThinkingMode.ALWAYS),
        ("glm-5.1-turbo-fp8", 131_072, 16_384, ThinkingMode.SWITCHABLE),
        # Nothing is known.
        ("glm-5.10", 32_768, 4096, ThinkingMode.UNKNOWN),
        ("glm-4.6v", 32_768, 4096, ThinkingMode.UNKNOWN),
        ("glm-6", 32_768, 4096, ThinkingMode.UNKNOWN),
        ("my-model", 32_768, 4096, ThinkingMode.UNKNOWN),
        ("", 32_768, 4096, ThinkingMode.UNKNOWN),
    ],
)
def test_an_unknown_name_is_promised_little(
    name: str, context: int, output: int, thinking: ThinkingMode
) -> None:
    """It is marked as unknown and has no price; what extends a known name inherits what is safe."""
    model = catalogue.priced(name, providers.find("zai"), {})
    assert (model.context, model.max_output, model.thinking) == (context, output, thinking)
    assert (model.known, model.price) == (False, None)


@pytest.mark.parametrize(
    ("name", "context", "thinking"),
    [
        ("glm-5.3-flash", 1_048_576, ThinkingMode.ALWAYS),
        ("glm-5.2-highspeed", 1_048_576, ThinkingMode.SWITCHABLE),
        ("glm-4.7-flash", 204_800, ThinkingMode.SWITCHABLE),
        ("glm-4.7-flashx", 204_800, ThinkingMode.SWITCHABLE),
    ],
)
def test_the_newer_models_are_known(name: str, context: int, thinking: ThinkingMode) -> None:
    """Their windows, and whether they can be asked not to think."""
    model = catalogue.find(name)
    assert (model.known, model.context, model.thinking) == (True, context, thinking)
