"""How raw values become the settings tree, layer over layer.

Invariant: a bad or unknown key is reported by its full name and never takes a good neighbour
with it; the last good value stays. A later layer only protects more than an earlier one (see
`glm_lsp.settings.careful`). Layers, lowest first: defaults, environment, `initializationOptions`,
the user's own settings where the editor tells them apart, `workspace/configuration`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import attrs
from attrs import Factory, field, fields, frozen

from glm_lsp.settings import SECTION, Settings, camel, careful, keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import cattrs

ENVIRONMENT = {
    "GLM_LSP_PROVIDER": "provider",
    "GLM_LSP_BASE_URL": "baseUrl",
    "GLM_LSP_PROTOCOL": "protocol",
    "GLM_LSP_MODEL": "models.actions",
    "GLM_LSP_COMPLETION_MODEL": "models.completion",
}
"""Environment variables and the keys they set."""


_MOST_SHOWN = 20
_LIKE_A_KEY = re.compile(r"[A-Za-z0-9]{32,}")


@frozen
class Problem:
    """A key that could not be used: its dotted name and one sentence about it."""

    key: str
    message: str


@frozen
class Layer:
    """One source of raw values, named for `doctor` ("environment", "the editor", …).

    Attributes:
        users_own: no workspace can have written it.
    """

    name: str
    values: Mapping[str, Any] = field(repr=False)
    users_own: bool = False


@frozen
class Loaded:
    """Settings, where each set key came from, and what was wrong.

    Attributes:
        exclusions: the patterns of each layer, for what one takes back holds within it alone.
        own_instructions: those of layers that are the user's own.
        instructions: those of all others, which a workspace may have written.
    """

    settings: Settings
    sources: Mapping[str, str] = Factory(dict)
    problems: tuple[Problem, ...] = ()
    exclusions: tuple[tuple[str, ...], ...] = ()
    own_instructions: str = field(default="", repr=False)
    instructions: str = field(default="", repr=False)


def from_environment(environ: Mapping[str, str]) -> Layer:
    """Return the layer that the environment sets."""
    values: dict[str, Any] = {}
    for variable, key in ENVIRONMENT.items():
        if text := environ.get(variable, "").strip():
            _put(values, key, text)
    return Layer("environment", values, users_own=True)


def load(*layers: Layer, last: Settings | None = None) -> Loaded:
    """Build the settings from layers, lowest first.

    A bad value is reported and skipped: a lower layer's value stays, else `last`'s, else the
    default.
    """
    problems: list[Problem] = []
    sources: dict[str, str] = {}
    settings = Settings()
    exclusions: dict[tuple[str, ...], None] = {}
    instructions = {True: "", False: ""}
    for layer in layers:
        bad: list[Problem] = []
        alone = _merge(Settings(), layer.values, "", [], {}, layer.name)
        exclusions[alone.context.exclude] = None
        before = instructions[layer.users_own]
        instructions[layer.users_own] = careful.both(before, alone.instructions)
        settings = _guard(settings, layer, bad, sources)
        if last is not None:
            whole = not isinstance(layer.values, dict)
            for key, attribute in keys():
                unusable = whole or any((key + ".").startswith(p.key + ".") for p in bad)
                rule = attribute.metadata.get("careful") if key in sources else _latter
                if bad and unusable and rule is not None:
                    settings = _keep(settings, last, key, rule)
        problems.extend(bad)
    if set(settings.context.exclude) - {pattern for group in exclusions for pattern in group}:
        exclusions[settings.context.exclude] = None  # The last good ones.
    if not any(instructions.values()):
        instructions[False] = settings.instructions
    return Loaded(
        settings,
        sources,
        tuple(dict.fromkeys(problems)),
        tuple(group for group in exclusions if group),
        instructions[True],
        "" if instructions[False].strip() in instructions[True] else instructions[False],
    )


def _guard(
    settings: Settings, layer: Layer, problems: list[Problem], sources: dict[str, str]
) -> Settings:
    """Put a layer over settings; who did not set a budget does not say what it is worth."""
    budgeted = settings.limits.daily_budget is not None
    source = sources.get("prices")
    merged: Settings = _merge(settings, layer.values, "", problems, sources, layer.name)
    if not budgeted or merged.prices == settings.prices:
        return merged
    problems.append(
        Problem("prices", "counts only where the daily budget is set, or in a layer before it")
    )
    if source is None:
        del sources["prices"]
    else:
        sources["prices"] = source
    return attrs.evolve(merged, prices=settings.prices)


def _put(tree: dict[str, Any], key: str, value: Any) -> None:
    *parents, leaf = key.split(".")
    for parent in parents:
        tree = tree.setdefault(parent, {})
    tree[leaf] = value


def _merge(
    value: Any,
    raw: Any,
    path: str,
    problems: list[Problem],
    sources: dict[str, str],
    source: str,
) -> Any:
    """Return `value` with the keys of `raw` put over it, level by level."""
    if raw is None:
        return value
    if not isinstance(raw, dict):
        problems.append(Problem(path or SECTION, "is not an object"))
        return value
    cls = type(value)
    hints = get_type_hints(cls)
    by_name = {camel(attribute.name): attribute for attribute in fields(cls)}
    changes: dict[str, Any] = {}
    for name, item in raw.items():
        key = f"{path}.{name}" if path else str(name)
        attribute = by_name.get(name)
        if attribute is None:
            problems.append(Problem(key, "is not a setting"))
        elif attrs.has(hints[attribute.name]):
            changes[attribute.name] = _merge(
                getattr(value, attribute.name), item, key, problems, sources, source
            )
        else:
            wrong, structured = _structure(item, hints[attribute.name], attribute)
            if wrong:
                problems.append(Problem(key, wrong))
            else:
                before = getattr(value, attribute.name)
                rule = attribute.metadata.get("careful")
                if rule is not None and key in sources:
                    structured = rule(before, structured)
                changes[attribute.name] = structured
                if key not in sources or structured != before:
                    sources[key] = source
    return attrs.evolve(value, **changes) if changes else value


def _latter(_: Any, value: Any) -> Any:
    return value


def _keep(settings: Any, last: Any, key: str, rule: Callable[[Any, Any], Any]) -> Any:
    """Return `settings` with what a rule makes of its value and of `last`'s under a dotted key."""
    part, _, rest = key.partition(".")
    name = next(a.name for a in fields(type(settings)) if camel(a.name) == part)
    value = getattr(last, name)
    here = getattr(settings, name)
    value = _keep(here, value, rest, rule) if rest else rule(here, value)
    return attrs.evolve(settings, **{name: value})


def _structure(raw: Any, hint: Any, attribute: attrs.Attribute[Any]) -> tuple[str, Any]:
    """Return what is wrong with a raw value ("" when nothing is), and its structured form."""
    converter = _converter()
    try:
        value = converter.structure(raw, hint)
    except Exception:  # cattrs raises whatever a hook raises.
        return f"should be {_describe(hint)}, not {_shown(raw)}", None
    least = attribute.metadata.get("least")
    if least is not None and value is not None and not value >= least:  # NaN is not.
        return f"should be at least {least}, not {_shown(raw)}", None
    most = attribute.metadata.get("most")
    if most is not None and value is not None and not value <= most:
        return f"should be at most {most}, not {_shown(raw)}", None
    check = attribute.metadata.get("check")
    if check is not None and (wrong := check(value)):
        return wrong, None
    if attribute.metadata.get("name") and _holds_a_key(value):
        return "looks like an API key: keep that out of the settings", None
    return "", value


def _holds_a_key(name: str) -> bool:
    """Tell whether a name has letters and digits in a row as only keys do."""
    runs = _LIKE_A_KEY.findall(name)
    return any(not run.isdecimal() and not run.isalpha() for run in runs)


def _shown(raw: Any) -> str:
    """Return a bad value for the user; a long one may be a key, put where it does not belong."""
    if isinstance(raw, dict):
        return "an object"
    if isinstance(raw, list | tuple):
        return "a list"
    text = repr(raw)
    return text if len(text) <= _MOST_SHOWN else f"something of {len(text)} characters"


def _describe(hint: Any) -> str:
    if choices := [repr(arg) for arg in get_args(hint) if isinstance(arg, str)]:
        return "one of " + ", ".join(choices)
    names = {
        bool: "true or false",
        str: "a text",
        int: "a whole number",
        float: "a number",
        int | None: "a whole number or null",
        float | None: "a number or null",
        str | None: "a text or null",
        tuple[str, ...]: "a list of texts",
        dict[str, str]: "an object of texts",
    }
    return names.get(hint, "an object of the documented form")


@lru_cache(maxsize=1)
def _converter() -> cattrs.Converter:
    """Return a converter that takes values as they are and coerces nothing."""
    import cattrs

    converter = cattrs.Converter(forbid_extra_keys=True)

    def exactly(kind: type) -> Any:
        def hook(value: Any, _: Any) -> Any:
            if kind is float and type(value) is int:
                return float(value)
            if type(value) is not kind:
                raise TypeError(kind.__name__)
            return value

        return hook

    def texts(value: Any, _: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise TypeError("list of texts")
        return tuple(value)

    for kind in (bool, int, float, str):
        converter.register_structure_hook(kind, exactly(kind))
    converter.register_structure_hook_func(lambda hint: hint == tuple[str, ...], texts)
    return converter
