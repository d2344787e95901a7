"""What is written about the program agrees with it."""

from __future__ import annotations

from pathlib import Path

from tests.docs import README, fresh

ROOT = Path(__file__).parents[1]


def test_the_settings_table_is_fresh() -> None:
    """The README's table of settings is the one that the settings give: run `make docs`."""
    text = README.read_text("utf-8")
    assert text == fresh(text)


def test_every_dependency_has_a_reason() -> None:
    """CONTRIBUTING.md gives each runtime dependency a line."""
    import re

    project = (ROOT / "pyproject.toml").read_text("utf-8")
    block = project.split("dependencies = [", 1)[1].split("]", 1)[0]
    names = re.findall(r'"([a-z0-9-]+)', block)
    reasons = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    grammars = [name for name in names if name.startswith("tree-sitter-")]
    missing = [name for name in names if name not in grammars and f"`{name}`" not in reasons]
    assert grammars
    assert missing == []
    assert "`tree-sitter-*`" in reasons
