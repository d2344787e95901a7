"""The settings tree: what users may set, and its defaults.

Invariant: every key has a default, a type and a sentence about it; the documentation and the
editors' settings are made from here. How raw values become it: `glm_lsp.settings.layers`.
The key is not a setting: see `glm_lsp.llm.credentials`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

import attrs
from attrs import field, fields, frozen

from glm_lsp.prices import Price  # noqa: TC001  # Hints are evaluated.
from glm_lsp.providers import PRESETS, Billing, Preset, Protocol, ProviderName
from glm_lsp.settings import careful, headers

if TYPE_CHECKING:
    from collections.abc import Iterator

Thinking = Literal["auto", "on", "off"]
CompletionPrompt = Literal["auto", "chat", "fim", "prefix"]
Delivery = Literal["auto", "stream", "once", "confirm"]
Switch = Literal["auto", "on", "off"]
Trigger = Literal["auto", "manual"]

SECTION = "glm"
"""The section that `workspace/configuration` asks for."""


def _doc(text: str, **more: Any) -> dict[str, Any]:
    """Return metadata: the sentence about a key; with `choices`, one about each of its values."""
    return {"doc": text, **more}


def _about(preset: Preset) -> str:
    where = preset.bases.get("chat", "the address that you set")
    if preset.billing is Billing.NOTHING:
        where = f"{where}, else the one embedded in the server"
    return f"{preset.title[0].upper()}{preset.title[1:]}, at {where}."


@frozen
class ModelSettings:
    """Which model does what."""

    actions: str = field(
        default="glm-5.1",
        metadata=_doc("Model for explain, fix, refactor and the other actions.", name=True),
    )
    completion: str = field(
        default="glm-4.7", metadata=_doc("Model for inline completion.", name=True)
    )


@frozen
class CompletionSettings:
    """Inline completion."""

    enabled: bool = field(
        default=True, metadata=_doc("Offer inline completions.", careful=careful.off_wins)
    )
    trigger: Trigger = field(
        default="auto",
        metadata=_doc(
            "`auto` offers completions while you type, `manual` only when you call for one.",
            careful=careful.manual_wins,
            choices={"auto": "While you type.", "manual": "Only when you call for one."},
        ),
    )
    suggestions: int = field(
        default=3,
        metadata=_doc(
            "How many suggestions there are to choose from when you call for one.",
            least=1,
            most=5,
        ),
    )
    ahead: Switch = field(
        default="auto",
        metadata=_doc(
            "Ask for the suggestion after the one that is shown, before you accept that;"
            " `auto`: only with the provider `local`, where nobody bills for a question.",
            machine=True,
            choices={
                "auto": "Only with the provider `local`.",
                "on": "Always: an accepted suggestion is followed by the next at once.",
                "off": "Never.",
            },
        ),
    )
    delay: int | None = field(
        default=None,
        metadata=_doc(
            "Milliseconds to wait after a keystroke; `null` adapts to your typing.", least=0
        ),
    )
    max_lines: int = field(
        default=12, metadata=_doc("The most lines one completion may have.", least=1)
    )
    disabled_languages: tuple[str, ...] = field(
        default=(),
        metadata=_doc("Language identifiers in which nothing is completed.", careful=careful.union),
    )
    fallback: Switch = field(
        default="auto",
        metadata=_doc(
            "Serve completions through `textDocument/completion`; `auto`: only to editors"
            " without inline completion.",
            choices={
                "auto": "Only to editors without inline completion.",
                "on": "Always, besides inline completion.",
                "off": "Never.",
            },
        ),
    )
    prompt: CompletionPrompt = field(
        default="auto",
        metadata=_doc(
            "How completions are asked for: `chat` (fill in the middle, asked of a chat model),"
            " `fim` (native tokens of a self-hosted model), `prefix` (raw completion).",
            choices={
                "auto": "What the provider and its model take.",
                "chat": "Fill in the middle, asked of a chat model.",
                "fim": "The native tokens of a self-hosted model.",
                "prefix": "Raw completion of what stands before the cursor.",
            },
        ),
    )


@frozen
class EditSettings:
    """How edits reach the editor."""

    delivery: Delivery = field(
        default="auto",
        metadata=_doc(
            "`stream` as GLM writes, `once` when it is done, `confirm` shows it first;"
            " `auto` streams where the editor can undo all of it in one step.",
            careful=careful.more_careful,
            choices={
                "auto": "As GLM writes, where the editor can undo all of it in one step.",
                "stream": "As GLM writes.",
                "once": "When GLM is done.",
                "confirm": "Only after you have seen it and said yes.",
            },
        ),
    )


@frozen
class ContextSettings:
    """What is shown to the model."""

    max_tokens: int | None = field(
        default=None,
        metadata=_doc(
            "The most tokens of code sent along; `null` fits the model.",
            least=256,
            careful=careful.lowest,
        ),
    )
    exclude: tuple[str, ...] = field(
        default=(),
        metadata=_doc(
            "Files that never leave this machine, as gitignore patterns.", careful=careful.union
        ),
    )
    related_files: bool = field(
        default=True,
        metadata=_doc("Look at related files for context.", careful=careful.off_wins),
    )
    project: bool = field(
        default=True,
        metadata=_doc(
            "Index the workspace, on this machine, and show GLM what it may need of other files;"
            " `relatedFiles` switches this off, too.",
            careful=careful.off_wins,
        ),
    )


@frozen
class NextEditSettings:
    """What is offered to be changed next."""

    local: bool = field(
        default=True,
        metadata=_doc(
            "Find where the change that you just made waits to be made again; without a model,"
            " on this machine."
        ),
    )
    model: bool = field(
        default=False,
        metadata=_doc(
            "Ask GLM, too, what you would change next: when you leave a line that you changed and"
            " nothing waits there. Each question is paid for.",
            careful=careful.off_wins,
        ),
    )
    per_hour: int = field(
        default=60,
        metadata=_doc(
            "The most questions about next edits in an hour.", least=0, careful=careful.lowest
        ),
    )


@frozen
class LimitSettings:
    """How much may be asked."""

    concurrency: int = field(default=1, metadata=_doc("Requests in flight per model.", least=1))
    timeout: float = field(
        default=60.0, metadata=_doc("Seconds to wait for the next token.", least=1)
    )
    daily_budget: float | None = field(
        default=None,
        metadata=_doc(
            "USD per day, estimated; `null` for no limit.", least=0, careful=careful.lowest
        ),
    )


@frozen
class Settings:
    """The whole tree."""

    provider: ProviderName = field(
        default="runapi",
        metadata=_doc(
            "Preset of base URL, key names and capabilities.",
            machine=True,
            choices={preset.name: _about(preset) for preset in PRESETS},
        ),
    )
    base_url: str | None = field(
        default=None,
        metadata=_doc(
            "Base URL, used as given (`/chat/completions` is appended); `null` for the preset's.",
            machine=True,
        ),
    )
    protocol: Protocol = field(
        default="chat",
        metadata=_doc(
            "Wire protocol.",
            choices={
                "chat": "Chat completions, as OpenAI's (`/chat/completions`).",
                "responses": "Responses, as OpenAI's (`/responses`).",
                "messages": "Messages, as Anthropic's (`/messages`).",
            },
        ),
    )
    models: ModelSettings = field(factory=ModelSettings)
    thinking: Thinking = field(
        default="auto",
        metadata=_doc(
            "Whether actions let the model think first; completions never do.",
            choices={
                "auto": "Where the action gains by it.",
                "on": "Always: slower, and more tokens.",
                "off": "Never.",
            },
        ),
    )
    completion: CompletionSettings = field(factory=CompletionSettings)
    edits: EditSettings = field(factory=EditSettings)
    context: ContextSettings = field(factory=ContextSettings)
    next_edits: NextEditSettings = field(factory=NextEditSettings)
    limits: LimitSettings = field(factory=LimitSettings)
    prices: dict[str, Price] = field(
        factory=dict,
        metadata=_doc(
            "USD per 1M tokens by model: `input`, `output`, optionally `cached`.", machine=True
        ),
    )
    headers: dict[str, str] = field(
        factory=dict,
        repr=False,
        metadata=_doc(
            "More request headers, for a gateway that wants its own; never the key’s or the"
            " connection’s.",
            machine=True,
            check=headers.wrong,
        ),
    )
    instructions: str = field(
        default="",
        metadata=_doc(
            "Standing instructions, added to every prompt of an action.", careful=careful.both
        ),
    )


def camel(name: str) -> str:
    """Return the user's spelling of a field's name: `max_lines` is `maxLines`."""
    return re.sub(r"_(\w)", lambda match: match.group(1).upper(), name)


def keys(cls: type = Settings, prefix: str = "") -> Iterator[tuple[str, attrs.Attribute[Any]]]:
    """Yield the dotted name and the attribute of every leaf of the tree."""
    hints = get_type_hints(cls)
    for attribute in fields(cls):
        name = prefix + camel(attribute.name)
        if attrs.has(hints[attribute.name]):
            yield from keys(hints[attribute.name], name + ".")
        else:
            yield name, attribute
