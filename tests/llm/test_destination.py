"""Where a key and code may go: the rule itself; the attacks on it are in tests/security."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glm_lsp.errors import UnconfirmedHostError
from glm_lsp.llm.credentials import Key
from glm_lsp.llm.destination import Destinations
from glm_lsp.settings.layers import Layer, load

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.settings import Settings

MINE = "https://glm.example/v1"


def settings(provider: str = "runapi", base_url: str | None = None) -> Settings:
    return load(Layer("test", {"provider": provider, "baseUrl": base_url})).settings


def is_free(own: Settings, asked: Settings, owner: str | None, kept: Path) -> bool:
    """Tell whether the way is free, for a key that names `owner`; None: no key."""
    key = None if owner is None else Key("not-a-key", "the test", owner)
    try:
        Destinations(own, lambda: kept).check(asked, key, users_own=False)
    except UnconfirmedHostError:
        return False
    return True


@pytest.mark.parametrize(
    ("own", "asked", "owner", "free"),
    [
        pytest.param(settings(), settings(), "", True, id="the default, any key"),
        pytest.param(settings(), settings("zai"), "zai", True, id="a known one, its own key"),
        pytest.param(settings(), settings("zai"), "", False, id="a known one, a key of no name"),
        pytest.param(settings("zai"), settings("zai"), "", True, id="one of the environment"),
        pytest.param(
            settings(),
            settings("zai", "https://API.z.ai/api/paas/v4/"),
            "zai",
            True,
            id="a known one, its address written out",
        ),
        pytest.param(
            settings(),
            settings("zai", "https://api.z.ai.example/api/paas/v4"),
            "zai",
            False,
            id="nearly its address",
        ),
        pytest.param(
            settings("runapi", MINE), settings("runapi", MINE), "runapi", True, id="the user's own"
        ),
        pytest.param(
            settings("runapi", MINE),
            settings("custom", MINE),
            "",
            True,
            id="the user's own, another provider, a key of no name",
        ),
        pytest.param(
            settings("runapi", MINE),
            settings("zai", MINE),
            "zai",
            False,
            id="the user's own, a key that is another provider's",
        ),
        pytest.param(
            settings("runapi", MINE), settings("custom", MINE + "/x"), None, False, id="no key"
        ),
    ],
)
def test_what_needs_no_question(
    own: Settings, asked: Settings, owner: str | None, free: bool, tmp_path: Path
) -> None:
    """Known presets take their own key; what the environment names takes what it names."""
    assert is_free(own, asked, owner, tmp_path / "confirmed.json") is free


def test_a_yes_holds_for_other_servers_and_for_nothing_else(tmp_path: Path) -> None:
    """A server that starts later reads it; a file that others may write confirms nothing."""
    kept = tmp_path / "state" / "confirmed.json"
    asked = settings("custom", MINE)
    with pytest.raises(UnconfirmedHostError) as refused:
        Destinations(settings(), lambda: kept).check(asked, None, users_own=False)
    Destinations(settings(), lambda: kept).confirm(refused.value.destination)
    assert is_free(settings(), asked, None, kept)
    assert not is_free(settings(), settings("runapi", MINE), "runapi", kept)
    assert not is_free(settings(), settings("custom", "http://glm.example/v1"), None, kept)
    if os.name == "posix":
        kept.chmod(0o666)
        assert not is_free(settings(), asked, None, kept)


@pytest.mark.parametrize("text", ["[]", "{", '{"confirmed": 5}', '{"confirmed": [5]}', "\0"])
def test_a_broken_file_confirms_nothing(text: str, tmp_path: Path) -> None:
    """Whatever stands there, the user is asked, and their answer is remembered over it."""
    kept = tmp_path / "confirmed.json"
    kept.write_text(text)
    kept.chmod(0o600)
    assert not is_free(settings(), settings("custom", MINE), None, kept)
    Destinations(settings(), lambda: kept).confirm(f"custom {MINE}")
    assert is_free(settings(), settings("custom", MINE), None, kept)
