"""Opens what answers come wrapped in: thoughts, JSON, tags.

Invariant: a wrapping is opened only where the target shows nothing of the kind itself.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from textwrap import dedent
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glm_lsp.editing.answer.values import Site

_THOUGHT = r"(?:think(?:ing)?|thought|reasoning|scratchpad|reflection|analysis)"
_OPENED = re.compile(rf"<{_THOUGHT}>.*?(?:</{_THOUGHT}>|\Z)", re.DOTALL | re.IGNORECASE)
_LEFTOVER = re.compile(rf"\A.*</{_THOUGHT}>", re.DOTALL | re.IGNORECASE)
_SPECIAL = re.compile(r"<[|｜][\w▁ -]{1,40}[|｜]>|</s>\s*\Z")

# The names under which code stands, as `newCode`, `new_code` or `<new_code>`, the best first.
_CODE = (
    "diff patch replacement newcode fixedcode updatedcode refactoredcode targetcode code new"
    " newstring newtext answer result output content text solution file source"
).split()
_OLD = "oldstring search old oldstr find original before from".split()
_NEW = "newstring replace new newstr replacement after to with".split()
_TAGS = (
    "code|answer|new_?code|new|replacement|target|fixed_code|fixed|updated_code|updated|result"
    "|output|response|edit|solution|pre|function|content|after|original|old|old_code|arg_value"
    "|before|final|final_answer|corrected|refactored|explanation|target_code|code_block|source"
)
_OPEN_TAG = re.compile(rf"^[^\S\n]*<(?:{_TAGS})\b", re.IGNORECASE | re.MULTILINE)
_OPENING = re.compile(
    rf"^[^\S\n]*<(?:!\[CDATA\[|({_TAGS})(?:\s[^<>]*)?>)", re.IGNORECASE | re.MULTILINE
)
_CLOSING = re.compile(rf"\]\]>|</({_TAGS})\s*>", re.IGNORECASE)
_FENCE = re.compile(r"^[^\S\n]*(?:```|~~~)", re.MULTILINE)
_YAML = re.compile(rf"(?:{'|'.join(_CODE)}): *[|>][-+]?[ ]*", re.IGNORECASE)
_HELD = re.compile(r"(?:\w+ = )?(\"{3}|'{3})\n((?:(?!\1).)*)\1\Z", re.DOTALL)
_NEARLY = re.compile(
    rf"\{{\s*[\"']?(?:{'|'.join(_CODE)})[\"']?\s*:\s*(?:\"\"\"|`)(.*)(?:\"\"\"|`)\s*\}}\Z",
    re.DOTALL,
)


def thoughtless(text: str, original: str) -> str:
    """Return an answer without what the model says to itself, and without its marks."""
    if not ("<|" in original or "</s>" in original):
        text = _SPECIAL.sub("", text)
    if re.search(rf"</?{_THOUGHT}>", original, re.IGNORECASE):
        return text
    return _LEFTOVER.sub("", _OPENED.sub("", text))


def unwrapped(text: str, site: Site) -> str | None:
    """Return the code that a JSON object carries; None when the text is no such object."""
    text = text.strip()
    original = site.original.strip()
    if (block := _yaml(text)) is not None:
        return dedent(block)
    if (held := _HELD.match(text)) and not _HELD.match(original):
        return held.group(2)
    ends = text[:1] + text[-1:]
    if ends not in ("{}", "[]", '""') or original.startswith('"') or _is_json(site):
        return None
    try:
        value = json.loads(text, strict=False)
    except ValueError:
        nearly = _NEARLY.match(text)
        return nearly.group(1).strip("\n") if nearly else None
    # What carries something, but no code, is an answer without code.
    return value if isinstance(value, str) else _carried(value) or (None if ends == "[]" else "")


def _yaml(text: str) -> str | None:
    """Return the lines of a block under a telling name; None when the text is no such thing."""
    head, _, body = text.partition("\n")
    if not body or _YAML.fullmatch(head) is None:
        return None
    indented = all(line.startswith(" ") or not line.strip(" \t") for line in body.split("\n"))
    return body if indented else None


def _is_json(site: Site) -> bool:
    return site.grammar.language in ("json", "jsonc")


def _carried(value: Any) -> str | None:
    """Return the code in a value: a text under a telling name, or pairs of old and new."""
    if isinstance(value, list):
        parts = [_carried(part) for part in value]
        return "\n".join(filter(None, parts)) if all(parts) else None
    if not isinstance(value, dict):
        return None
    texts = {key.replace("_", "").lower(): _text(inner) for key, inner in value.items()}
    old = next((text for key in _OLD if (text := texts.get(key)) is not None), None)
    new = next((text for key in _NEW if (text := texts.get(key)) is not None), None)
    if old is not None and new is not None:
        return f"<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE"
    within = (_carried(inner) for inner in value.values())
    return next(filter(None, (*(texts.get(key) for key in _CODE), *within)), None)


def _text(value: Any) -> str | None:
    """Return a text, or lines as a text."""
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        return "\n".join(line.rstrip("\n") for line in value)
    return value if isinstance(value, str) else None


def in_tags(text: str, site: Site) -> list[tuple[str, str]]:
    """Return what stands in tags such as `<code>`, each with its tag, up to the first fence."""
    if _OPEN_TAG.search(site.original):
        return []
    found: list[tuple[str, str]] = []
    done = 0
    for opening, closing in _tagged(text):
        if _FENCE.search(text[done : opening.start()]):
            break
        done = closing.end()
        name = opening.group(1) or ""
        if name.lower() != "explanation":
            found.append((name, text[opening.end() : closing.start()]))
    return found


def _tagged(text: str) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """Yield each tag that is closed, with what closes it first, those within others left out."""
    closings: dict[str, list[re.Match[str]]] = {}
    for closing in _CLOSING.finditer(text):
        closings.setdefault((closing.group(1) or "").lower(), []).append(closing)
    done = 0
    for opening in _OPENING.finditer(text):
        later = closings.get((opening.group(1) or "").lower(), [])
        at = bisect_left(later, opening.end(), key=lambda closing: closing.start())
        if opening.start() >= done and at < len(later):
            done = later[at].end()
            yield opening, later[at]
