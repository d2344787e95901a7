"""Patterns of exclusions that take for ever to match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.security.rig import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway import Gateway


def test_exclusions_that_are_slow(home: Path, gateway: Gateway) -> None:
    """A workspace excludes by patterns that are slow to match: the server goes on."""
    slow = ["*a" * 30 + "b", "**/" * 40 + "x", "[a-z]*" * 30 + "!", *["x" * 1_000] * 1_000]
    values = {"context": {"exclude": slow}}
    with serving(home, gateway, configuration=values, level="error") as rig:
        rig.ask(rig.open(f"file:///{'a' * 200}/{'a/' * 60}area.py"))
        assert rig.status()["jobs"] == []
