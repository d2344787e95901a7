"""Coding plans: where they are asked, what is said of them, and of a key at the wrong address."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from glm_lsp import doctor, errors, providers
from glm_lsp.commands import usage
from glm_lsp.llm.credentials import find_key
from glm_lsp.llm.timeouts import Timeouts
from glm_lsp.llm.usage_store import UsageStore
from glm_lsp.providers import PRESETS, Billing
from glm_lsp.settings import Settings
from tests.gateway import Gateway, chat_stream, error
from tests.llm.test_service import MORNING, action, run, service

if TYPE_CHECKING:
    from pathlib import Path

PLANS = {
    "zai-coding": ("https://api.z.ai/api/coding/paas/v4", "https://api.z.ai/api/anthropic/v1"),
    "bigmodel-coding": (
        "https://open.bigmodel.cn/api/coding/paas/v4",
        "https://open.bigmodel.cn/api/anthropic/v1",
    ),
}


def test_each_plan_has_its_addresses_and_its_rule() -> None:
    """One request at a time, unless the user knows better; and the sentence about its terms."""
    assert {p.name for p in PRESETS if p.billing is Billing.CREDITS} == set(PLANS)
    for name, (chat, messages) in PLANS.items():
        preset = providers.find(name)
        assert (preset.base_url("chat"), preset.base_url("messages")) == (chat, messages)
        assert "is sold for the tools that its terms list" in preset.rule
        assert preset.price("glm-5.1") is None
    assert Settings(provider="zai-coding").limits.concurrency == 1


def test_a_plan_is_never_chosen_by_itself() -> None:
    """No other preset is one, has its address, or is asked with its key; nor it with theirs."""
    assert providers.find(Settings().provider).rule == ""
    for name in PLANS:
        for other in (preset for preset in PRESETS if preset.name != name):
            assert providers.find(name).bases["chat"] not in other.bases.values()
            assert not set(providers.find(name).key_names) & set(other.key_names)
            environ = dict.fromkeys(other.key_names, "not-a-key")
            key = find_key(providers.find(name), given=None, environ=environ, use_keyring=False)
            assert key is None


@pytest.mark.parametrize("provider", ["custom", "zai", "runapi"])
def test_a_plans_address_is_a_plan_whatever_the_provider(provider: str) -> None:
    """Who writes the address into another provider's settings is told the same."""
    preset = providers.find(provider, "https://API.z.ai/api/coding/paas/v4/")
    assert preset.rule == providers.find("zai-coding").rule
    assert preset.price("glm-5.1") is None
    for near in (
        "https://api.z.ai/api/coding/paas/v44",
        "http://[",
        "https://api.z.ai/api/paas/v4",
    ):
        assert providers.find(provider, near).rule == ""


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        (
            "zai",
            r"^Z\.ai reports no balance.*plan’s address only, set `glm.provider` to `zai-coding`",
        ),
        ("bigmodel", r"set `glm.provider` to `bigmodel-coding`"),
        (
            "zai-coding",
            r"^The Z\.ai Coding Plan .*only the key of a plan.*`zai`, without a `glm.baseUrl`",
        ),
        ("bigmodel-coding", r"for any other key set `glm.provider` to `bigmodel`, without"),
        ("runapi", r"^RunAPI reports no balance for this API key: top up, or check that the key"),
        ("custom", r"top up, or check that the key belongs to `glm.provider`\.$"),
    ],
)
def test_a_key_at_the_wrong_address_is_told_the_right_one(provider: str, said: str) -> None:
    """429/1113 is what a plan's key gets at the general address, and the other way round."""
    with Gateway(error(429, "1113")) as gateway, pytest.raises(errors.QuotaError) as caught:
        run(service(gateway, provider=provider), action())
    assert re.search(said, str(caught.value))
    assert len(gateway.requests) == 1


def test_what_a_plan_took_is_shown_as_tokens_and_credits(tmp_path: Path) -> None:
    """No dollars, and no question for a price."""
    store = UsageStore(tmp_path / "usage.sqlite3")
    with Gateway(chat_stream("fine", usage=(1000, 500, 0))) as gateway:
        run(service(gateway, store, provider="zai-coding"), action())
    store.close()
    console = Console(file=io.StringIO(), width=110, color_system=None)
    assert usage.run(store.path, days=2, console=console, now=MORNING) == 0
    assert isinstance(console.file, io.StringIO)
    told = console.file.getvalue()
    (row,) = (line for line in told.splitlines() if line.startswith("glm-5.1"))
    assert row.split()[-1] == "credits"
    assert "1 requests took a plan’s credits, and have no cost." in told
    assert "no price" not in told


def test_doctor_says_the_rule_of_a_plan() -> None:
    """Beside the address; nothing needs fixing for it."""
    console = Console(file=io.StringIO(), width=200, color_system=None, highlight=False)
    with Gateway(chat_stream("ready")) as gateway:
        environ = {
            "GLM_LSP_PROVIDER": "zai-coding",
            "ZAI_CODING_API_KEY": "not-a-key",
            "GLM_LSP_BASE_URL": gateway.base_url,
        }
        quick = Timeouts(connect=5.0, token=5.0, tail=0.5, attempts=1)
        assert doctor.run(environ, console=console, timeouts=quick) == 0
    assert isinstance(console.file, io.StringIO)
    told = " ".join(console.file.getvalue().split())
    assert providers.find("zai-coding").rule in told
    assert "takes credits: no cost is shown, and no daily budget holds" in told
