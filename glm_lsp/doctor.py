"""`glm-lsp doctor`: what is set, what is found, and what the service really does.

Invariant: the key is never shown; the exit code is 1 exactly when something is named that
needs fixing.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from glm_lsp import address, characters, providers
from glm_lsp.context.workspace_files import WorkspaceFiles
from glm_lsp.errors import GlmError
from glm_lsp.llm import catalogue, credentials
from glm_lsp.llm.connect import connect_bare
from glm_lsp.llm.probe import ProbeResult, probe
from glm_lsp.llm.substitution import is_same
from glm_lsp.llm.timeouts import Timeouts
from glm_lsp.llm.usage_report import notices
from glm_lsp.local.embedded import EmbeddedModel
from glm_lsp.project.extent import extent_of
from glm_lsp.providers import Billing
from glm_lsp.settings import camel, keys
from glm_lsp.settings.layers import Layer, from_environment, load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from glm_lsp.llm.credentials import Key
    from glm_lsp.settings import Settings
    from glm_lsp.settings.layers import Loaded

_LONGEST = 1_000  # Characters of a finding.
_LATELY = 14  # Days.
_TIMEOUTS = Timeouts(token=30.0, attempts=2)


@frozen
class EditorSays:
    """What an editor sets: its layers, the later one over the earlier, and the key it keeps.

    `folder` is what is open in it.
    """

    layers: tuple[Layer, ...] = ()
    api_key: str | None = field(default=None, repr=False)
    folder: Path | None = None


@frozen
class _Line:
    """One finding: fine, worth knowing, or to be fixed."""

    good: bool | None
    text: str
    more: tuple[str, ...] = ()


def run(
    environ: Mapping[str, str],
    *,
    editor: EditorSays | None = None,
    console: Console | None = None,
    timeouts: Timeouts = _TIMEOUTS,
    usage: Path | None = None,
    folder: Path | None = None,
    now: Callable[[], float] = time.time,
) -> int:
    """Examine the set-up and say what needs fixing. Returns the exit code.

    `editor` sets something, too; `usage` is the usage store, which knows what was noticed of
    services lately; `folder` is in the repository of which it says how much is indexed; `now` is
    the time in seconds since the epoch.
    """
    console = console or Console(highlight=False)
    loaded = load(from_environment(environ), *(editor.layers if editor else ()))
    console.print(_heading("Settings" if editor else "Settings (your editor may set more)"))
    console.print(_settings(loaded))
    lines = [
        _Line(good=False, text=f"{problem.key} {problem.message}.") for problem in loaded.problems
    ]
    _show(console, lines)
    key, found = _key(loaded.settings, environ, editor.api_key if editor else None)
    console.print(_heading("Key"))
    _show(console, [found])
    asked: list[_Line] = []
    if found.good is not False:
        console.print(_heading("Service"))
        asked = asyncio.run(_service(loaded.settings, key, console, timeouts))
    if (indexed := _indexed(loaded, folder)) is not None:
        console.print(_heading("Workspace"))
        _show(console, [indexed])
    if noticed := _noticed(usage, now()):
        console.print(_heading(f"Noticed in the last {_LATELY} days"))
        _show(console, noticed)
    broken = sum(line.good is False for line in (*lines, found, *asked))
    console.print()
    if not broken:
        console.print("Nothing needs fixing.", style="green")
        return 0
    things = "One thing needs" if broken == 1 else f"{broken} things need"
    console.print(f"{things} fixing, see above.", style="red")
    return 1


def _heading(text: str) -> str:
    return f"\n[bold]{escape(text)}[/bold]"


def _settings(loaded: Loaded) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(style="dim", no_wrap=True)
    for name, _ in keys():
        source = loaded.sources.get(name, "default")
        shown = _plain(_shown(name, _value(loaded.settings, name)))
        table.add_row("  " + name, shown, source, style="" if source != "default" else "dim")
    return table


def _value(settings: Settings, name: str) -> Any:
    value: Any = settings
    for part in name.split("."):
        fields = {camel(field.name): field.name for field in type(value).__attrs_attrs__}
        value = getattr(value, fields[part])
    return value


def _shown(name: str, value: Any) -> str:
    if name == "baseUrl" and value is not None:
        return address.readable(value)
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None:
        return "not set"
    if isinstance(value, tuple | dict | str) and not value:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, tuple | dict) else str(value)


def read_editor(text: str) -> EditorSays:
    """Read what an editor says of itself: `{"settings": [TREE, …], "apiKey": KEY, "folder": PATH}`.

    Only the settings have to be there.

    Raises:
        GlmError: it is something else.
    """
    try:
        said = json.loads(text)
        layers = tuple(Layer("the editor", tree, users_own=True) for tree in said["settings"])
        key = said.get("apiKey")
    except (ValueError, TypeError, KeyError, AttributeError):
        raise GlmError('The editor should say {"settings": [{…}], "apiKey": "…"}.') from None
    folder = said.get("folder")
    return EditorSays(
        layers,
        key if isinstance(key, str) else None,
        Path(folder) if isinstance(folder, str) else None,
    )


def _key(
    settings: Settings, environ: Mapping[str, str], given: str | None
) -> tuple[Key | None, _Line]:
    preset = providers.find(settings.provider, settings.base_url)
    try:
        key = credentials.find_key(preset, given=given, environ=environ)
    except GlmError as error:
        return None, _Line(good=False, text=str(error))
    if key is not None:
        return key, _Line(good=True, text=f"The key from {key.source} is used.")
    if preset.needs_key:
        return None, _Line(good=False, text=str(credentials.no_key(preset)))
    return None, _Line(good=None, text=f"None is set; {preset.title} may not need one.")


async def _service(
    settings: Settings, key: Key | None, console: Console, timeouts: Timeouts
) -> list[_Line]:
    """Ask each chosen model, and show what comes of it as it comes."""
    embedded = EmbeddedModel()
    lines: list[_Line] = []
    try:
        own, names = await _address(settings, embedded)
        if own is not None:
            key = credentials.Key(embedded.key, "the embedded model", "local")
        provider = connect_bare(settings, key, base_url=own, timeouts=timeouts)
        console.print(
            f"  {escape(provider.address.place)}, protocol {settings.protocol}", style="dim"
        )
        if rule := provider.preset.rule:
            _show(console, [_Line(good=None, text=rule)])
        try:
            for name, use in names.items():
                line = _judge(await probe(provider, name), use, settings)
                _show(console, [line])
                lines.append(line)
                if line.good is False:
                    break  # The other model would only say it again, and may cost.
        finally:
            await provider.close()
    except GlmError as error:
        lines.append(_Line(good=False, text=str(error)))
        _show(console, lines[-1:])
    finally:
        embedded.close()
    return lines


async def _address(
    settings: Settings, embedded: EmbeddedModel
) -> tuple[str | None, dict[str, str]]:
    """Return where to ask (None for what the settings say), and the models with their use."""
    if settings.provider == "local" and settings.base_url is None:
        return await embedded.start(), {catalogue.EMBEDDED: "everything"}
    models = settings.models
    if models.actions == models.completion:
        return None, {models.actions: "everything"}
    return None, {models.actions: "actions", models.completion: "completion"}


def _judge(finding: ProbeResult, use: str, settings: Settings) -> _Line:
    if finding.error is not None:
        why = (finding.error.detail,) if finding.error.detail else ()
        return _Line(good=False, text=f"{finding.model} ({use}): {finding.error}", more=why)
    first = finding.first_token
    if first is None:
        return _Line(good=False, text=f"{finding.model} ({use}): answers with nothing at all.")
    known = catalogue.find(finding.model)
    if finding.named and not is_same(finding.model, finding.named):
        use += f"; answered as {finding.named}"
    more = [f"asked not to think: that {finding.switch}"]
    if known.thinking is catalogue.ThinkingMode.NEVER:
        more = ["never thinks"]
    if finding.switch != "works" and use != "actions":
        more[0] += "; completions will be slow, choose another `glm.models.completion`"
    more.append(
        f"thoughts come as `{finding.reasoning}`" if finding.reasoning else "no thoughts were seen"
    )
    more.append("tokens are reported" if finding.usage else "tokens are not reported: estimated")
    if finding.usage:
        more.append(
            f"cached tokens are reported ({finding.cached} the second time)"
            if finding.cached
            else "no cached tokens in so short a question"
        )
    if finding.refused:
        more.append("does not take: " + ", ".join(sorted(finding.refused)))
    more.append(_price(finding.model, settings))
    text = f"{finding.model} ({use}) answers; first token after {first * 1000:.0f} ms."
    return _Line(good=True, text=text, more=tuple(more))


def _indexed(loaded: Loaded, folder: Path | None) -> _Line | None:
    """Say how much of a repository is indexed; nothing of a folder that is in none."""
    context = loaded.settings.context
    if folder is None or not (context.project and context.related_files):
        return None
    top = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
    if top is None:
        return None
    extent = extent_of(WorkspaceFiles(loaded.exclusions, (top,)))
    return _Line(good=None, text=f"Of {top.name} {extent.said()}")


def _noticed(usage: Path | None, now: float) -> list[_Line]:
    if usage is None:
        return []
    try:
        found = notices(usage, now - _LATELY * 86_400)
    except sqlite3.Error:  # `usage` says what to do about it.
        return []
    return [_Line(good=None, text=one.sentence) for one in found]


def _price(name: str, settings: Settings) -> str:
    preset = providers.find(settings.provider, settings.base_url)
    price = catalogue.priced(name, preset, settings.prices).price
    if price is not None:
        cached = price.input if price.cached is None else price.cached
        kinds = f"${price.input:.2f} in, ${cached:.2f} cached, ${price.output:.2f} out"
        return f"costs are estimated by {kinds} per 1M tokens"
    if preset.billing is Billing.CREDITS:
        return "takes credits: no cost is shown, and no daily budget holds"
    return "no price is known: no cost is shown, and no daily budget holds; set `glm.prices`"


def _plain(text: str) -> Text:
    """Return text of whoever's as it is: no markup, and nothing that a terminal obeys."""
    return Text(characters.one_line(text, _LONGEST))


def _show(console: Console, lines: list[_Line]) -> None:
    for line in lines:
        mark = {True: "[green]ok [/green]", False: "[red]fix[/red]", None: "   "}[line.good]
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        table.add_row(f"  {mark}", _plain(line.text))
        for more in line.more:
            table.add_row("", _plain(more), style="dim")
        console.print(table)
