"""Write the server's settings into `package.json`, from the tree in `glm_lsp/settings/__init__.py`.

Invariant: `package.json` says nothing about a setting that the server does not say: name,
type, default, documentation, order, and whether it belongs to the user alone (`machine`).

    python editors/vscode/scripts/generate_settings.py [--check]
"""

# ruff: noqa: INP001  # A script beside a package of another language.
from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from glm_lsp.llm.catalogue import MODELS
from glm_lsp.settings import SECTION, Settings, camel, careful, keys

MANIFEST = Path(__file__).parents[1] / "package.json"
GROUP = "GLM"
OWN_RESTRICTED = ("glm-lsp.server.path", "glm-lsp.server.args")


def main(arguments: list[str]) -> int:
    """Write the manifest; with `--check`, only tell whether it is stale."""
    current = MANIFEST.read_text(encoding="utf-8")
    fresh = generated(current)
    if "--check" in arguments:
        return int(fresh != current)
    MANIFEST.write_text(fresh, encoding="utf-8", newline="\n")
    return 0


def generated(manifest: str) -> str:
    """Return the manifest's text with the settings as they are in Python now."""
    tree = json.loads(manifest)
    groups = tree["contributes"]["configuration"]
    group = next(group for group in groups if group["title"] == GROUP)
    group["properties"] = properties()
    trust = tree["capabilities"]["untrustedWorkspaces"]
    trust["restrictedConfigurations"] = [*restricted(), *OWN_RESTRICTED]
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


def restricted() -> list[str]:
    """Return what no folder sets that is not trusted: all but what can only protect more."""
    protects = {
        name
        for name, attribute in keys()
        if attribute.metadata.get("careful") not in (None, careful.both)
    }
    return [f"{SECTION}.{name}" for name, _ in keys() if name not in protects]


def properties() -> dict[str, dict[str, Any]]:
    """Return the schema of every setting, by its full name."""
    hints = dict(_hints(Settings))
    models = [model.name for model in MODELS if model.known]
    found: dict[str, dict[str, Any]] = {}
    for order, (name, attribute) in enumerate(keys()):
        default = _default(attribute)
        schema = _schema(hints[name])
        if name.startswith("models."):
            schema = {"type": "string", "examples": models}
        if (least := attribute.metadata.get("least")) is not None:
            schema["minimum"] = least
        if (most := attribute.metadata.get("most")) is not None:
            schema["maximum"] = most
        if "enum" in schema:
            choices = attribute.metadata["choices"]
            schema["markdownEnumDescriptions"] = [choices[value] for value in schema["enum"]]
        found[f"{SECTION}.{name}"] = {
            **schema,
            "default": default,
            "order": order,
            "scope": "machine" if attribute.metadata.get("machine") else "window",
            "markdownDescription": attribute.metadata["doc"],
        }
    return found


def _hints(cls: type, prefix: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for name, hint in get_type_hints(cls).items():
        full = prefix + camel(name)
        pairs += _hints(hint, full + ".") if attrs.has(hint) else [(full, hint)]
    return pairs


def _default(attribute: attrs.Attribute[Any]) -> Any:
    value: Any = attribute.default
    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]  # It is a class at run time.
        value = value.factory()
    return list(value) if isinstance(value, tuple) else value


def _schema(hint: Any) -> dict[str, Any]:
    """Return the JSON schema of a Python type of the settings tree."""
    plain = {bool: "boolean", str: "string", int: "integer", float: "number", type(None): "null"}
    if hint in plain:
        return {"type": plain[hint]}
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"type": "string", "enum": list(args)}
    if origin in (Union, types.UnionType):
        return {"type": [plain[arg] for arg in args]}
    if origin is tuple:
        return {"type": "array", "items": _schema(args[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(args[1])}
    fields = attrs.fields(hint)
    types_of = get_type_hints(hint)
    return {
        "type": "object",
        "properties": {camel(field.name): _schema(types_of[field.name]) for field in fields},
        "required": [camel(field.name) for field in fields if field.default is attrs.NOTHING],
        "additionalProperties": False,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
