"""Opens what answers come wrapped in: thoughts, JSON, tags.

Invariant: a wrapping is opened only where the target shows nothing of the kind itself.
"""

from __future__ import annotations

import json
import re
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from glm_lsp.editing.answer.lines import trimmed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.editing.answer.values import Site

_THOUGHT = r"(?:think(?:ing)?|thought|reasoning|scratchpad|reflection|analysis)"
_OPENED = re.compile(rf"<{_THOUGHT}>.*?(?:</{_THOUGHT}>|\Z)", re.DOTALL | re.IGNORECASE)
_LEFTOVER = re.compile(rf"\A.*</{_THOUGHT}>", re.DOTALL | re.IGNORECASE)
_KEYS = (
    "diff", "patch", "replacement", "new_code", "newCode", "fixed_code", "fixedCode",
    "updated_code",
    "updatedCode", "refactored_code", "target_code", "code", "new", "new_string", "new_text",
    "newText", "answer", "result", "output", "content", "text", "solution", "file", "source",
)  # fmt: skip
_OLD = ("old_string", "oldString", "search", "old", "old_str", "find", "original", "before", "from")
_NEW = (
    "new_string",
    "newString",
    "replace",
    "new",
    "new_str",
    "replacement",
    "after",
    "to",
    "with",
)
_NAMES = (
    "code|answer|new_code|newcode|new|replacement|target|fixed_code|fixed|updated_code|updated"
    "|result|output|response|edit|solution|pre|function|content|after|original|old|old_code"
    "|arg_value|before|final|final_answer|corrected|refactored|explanation|target_code|code_block|source"
)
_OPEN = re.compile(rf"^\s*(?:<!\[CDATA\[|<({_NAMES})(?:\s[^<>]*)?>)(?=\s*$|[^<]|<)", re.IGNORECASE)


_YAML = re.compile(
    rf"(?:{'|'.join(_KEYS)}): *[|>][-+]?[ ]*\n((?:[ ]+.*\n?|[ \t]*\n)+)\Z", re.IGNORECASE
)


_HELD = re.compile(r"(?:\w+ = )?(\"{3}|'{3})\n((?:(?!\1).)*)\1\Z", re.DOTALL)


def unmarked(text: str, original: str) -> str:
    """Return an answer without the marks that models set around what they say."""
    if "<|" in original or "</s>" in original:
        return text
    return re.sub(r"<[|｜][\w▁ -]{1,40}[|｜]>|</s>\s*\Z", "", text)


def thoughtless(text: str, original: str) -> str:
    """Return an answer without what the model says to itself."""
    if re.search(rf"</?{_THOUGHT}>", original, re.IGNORECASE):
        return text
    text = _OPENED.sub("", text)
    return _LEFTOVER.sub("", text)


def unwrapped(text: str, site: Site) -> str | None:
    """Return the code that a JSON object carries; None when the text is no such object."""
    text = text.strip()
    if block := _YAML.match(text):
        return dedent(block.group(1))
    held = _HELD.match(text)
    if held and not _HELD.match(site.original.strip()):
        return held.group(2)
    if len(text) > 1 and text[0] == text[-1] == '"' and not site.original.lstrip().startswith('"'):
        return _quoted(text)
    if not text.startswith(("{", "[")) or not text.endswith(("}", "]")):
        return None
    if site.grammar.language in ("json", "jsonc"):
        return None
    try:
        value = json.loads(text, strict=False)
    except ValueError:
        return _nearly(text)
    carried = _carried(value)
    if carried is None and isinstance(value, dict):
        return ""  # It carries something, but no code.
    return carried


def _quoted(text: str) -> str | None:
    """Return what a JSON string says."""
    try:
        value = json.loads(text, strict=False)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def _carried(value: Any) -> str | None:
    """Return the code in a value: a text under a telling name, or pairs of old and new."""
    if isinstance(value, list):
        parts = [_carried(part) for part in value]
        return "\n".join(filter(None, parts)) if parts and all(parts) else None
    if not isinstance(value, dict):
        return None
    old = next((value[key] for key in _OLD if isinstance(value.get(key), str)), None)
    new = next((value[key] for key in _NEW if isinstance(value.get(key), str)), None)
    if old is not None and new is not None:
        return f"<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE"
    for key in _KEYS:
        inner = value.get(key)
        if isinstance(inner, str) and inner.strip():
            return inner
        if isinstance(inner, list) and inner and all(isinstance(line, str) for line in inner):
            return "\n".join(line.rstrip("\n") for line in inner)
    for inner in value.values():
        if isinstance(inner, dict | list) and (found := _carried(inner)) is not None:
            return found
    return None


def _nearly(text: str) -> str | None:
    """Return the one long text of something that is nearly JSON."""
    keys = "|".join(_KEYS)
    found = re.match(
        rf'\{{\s*["\']?(?:{keys})["\']?\s*:\s*(?:"""|`)(.*)(?:"""|`)\s*\}}\Z', text, re.DOTALL
    )
    return found.group(1).strip("\n") if found else None


def in_tags(lines: Sequence[str], site: Site) -> list[tuple[str, list[str]]] | None:
    """Return what stands in tags such as `<code>`, each with its tag; None without any."""
    if re.search(rf"^\s*<(?:{_NAMES})\b", site.original, re.IGNORECASE | re.MULTILINE):
        return None
    found: list[tuple[str, list[str]]] = []
    index = 0
    while index < len(lines):
        opened = _OPEN.match(lines[index])
        if opened is None:
            if lines[index].lstrip().startswith(("```", "~~~")):
                return found or None
            index += 1
            continue
        name = opened.group(1) or ""
        closing = re.compile(rf"</{re.escape(name)}\s*>" if name else r"\]\]>", re.IGNORECASE)
        body = [lines[index][opened.end() :]]
        end = None
        for at in range(index, len(lines)):
            text = body[0] if at == index else lines[at]
            if at != index:
                body.append(text)
            if stop := closing.search(text):
                body[-1] = text[: stop.start()]
                end = at
                break
        if end is None:
            return found or None
        if name.lower() != "explanation":
            found.append((name, trimmed(body)))
        index = end + 1
    return found or None
