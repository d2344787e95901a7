"""Imports in a thread: they give way to the event loop, and never wait for it for long."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

import pytest

from glm_lsp.background_imports import import_modules

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of three modules, each of which notes when it was executed."""
    name = f"slowly_{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text(
        f"events = []\nimport {name}.one, {name}.two\n", encoding="utf-8"
    )
    for module in ("one", "two"):
        text = f"import sys, time\nsys.modules[{name!r}].events.append({module!r})\n"
        (folder / f"{module}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_modules_are_imported(package: str) -> None:
    asyncio.run(import_modules(package, f"{package}.one"))
    assert sys.modules[package].events == ["one", "two"]


def test_who_looks_for_a_module_meanwhile_asks_every_finder(tmp_path: Path, package: str) -> None:
    """Another thread that goes through the finders when an import ends skips none of them."""
    begun = f"begun_{package}"
    text = "import sys\nasked = iter(sys.meta_path)\nfirst = next(asked)\n"
    (tmp_path / f"{begun}.py").write_text(text, encoding="utf-8")
    finders = list(sys.meta_path)
    asyncio.run(import_modules(begun))
    assert list(sys.modules[begun].asked) == finders
    assert sys.meta_path == finders


def test_what_the_event_loop_has_to_do_comes_before_the_next_module(package: str) -> None:
    """A callback that waits already runs before a module is executed."""

    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        importing = asyncio.create_task(import_modules(package))
        while package not in sys.modules or not hasattr(sys.modules[package], "events"):
            await asyncio.sleep(0)
        events: list[str] = sys.modules[package].events
        done = len(events)
        loop.call_soon(events.append, "turn")
        await importing
        return events[done:]

    events = asyncio.run(main())
    assert events.index("turn") <= 1  # At most the module that was begun.


def test_an_event_loop_that_waits_itself_is_not_waited_for(package: str) -> None:
    """The event loop is blocked: the import goes on all the same."""

    async def main() -> bool:
        importing = asyncio.create_task(import_modules(package))
        await asyncio.sleep(0)
        deadline = time.monotonic() + 5
        while f"{package}.two" not in sys.modules and time.monotonic() < deadline:
            time.sleep(1e-3)  # noqa: ASYNC251  # On purpose.
        imported = f"{package}.two" in sys.modules
        await importing
        return imported

    assert asyncio.run(main())


def test_nothing_is_left_on_the_way_of_other_imports(package: str) -> None:
    before = list(sys.meta_path)
    asyncio.run(import_modules(package))
    with pytest.raises(ModuleNotFoundError):
        asyncio.run(import_modules(f"{package}.three"))
    assert sys.meta_path == before
