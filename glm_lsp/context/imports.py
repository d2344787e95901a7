"""Where new imports go, and which of those asked for a file really lacks.

Invariant: an import line is inserted whole, on a line of its own, once, and never when the
file already has it; in a language whose imports we cannot find nothing is inserted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.context.scope import IMPORTS
from glm_lsp.context.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.text import Snapshot

_OPENING = frozenset({"comment", "line_comment", "block_comment", "hash_bang_line"})
_STARTS = ("import ", "from ", "use ", "#include", "using ", "require", "const ", "local ")
_ALONE = frozenset(
    "python javascript javascriptreact typescript typescriptreact rust c cpp".split()
)
_LISTS = {
    "python": re.compile(r"(from\s+[\w.]+\s+import)\s*\(?([^()]*)\)?\s*\Z"),
    "script": re.compile(
        r"(import(?:\s+type)?\s*\{)([^{}]*)(\}\s*from\s*['\"][^'\"]+['\"];?)\s*\Z"
    ),
    "rust": re.compile(r"((?:pub\s+)?use\s+[\w:]+::\{)([^{}]*)(\};?)\s*\Z"),
    "go": re.compile(r"(import)\s*\(([^()]*)\)\s*\Z"),
}
"""Imports of several names: what stands before the names, the names, and what follows."""
_FAMILY = {
    "javascript": "script",
    "javascriptreact": "script",
    "typescript": "script",
    "typescriptreact": "script",
}


def looks_like_import(line: str) -> bool:
    """Tell whether a line of a model's is an import in some language, and nothing more."""
    return line.startswith(_STARTS) and "\n" not in line and len(line) <= 200


def new_imports(snapshot: Snapshot, wanted: Sequence[str]) -> tuple[int, str] | None:
    """Return where the imports that the file lacks go, and their text; None when none do.

    They follow the last import; where there is none, the comments and the docstring at the
    top, in languages that allow imports anywhere at the top.
    """
    tree = parse(snapshot.language, str(snapshot.text)) if wanted else None
    if tree is None:
        return None
    found = [node for node in tree.root.children if node.type in IMPORTS]
    present = {name for node in found for name in _named(snapshot.language, tree.text(node))[1]}
    lacking = list(filter(None, (_lacking(snapshot.language, line, present) for line in wanted)))
    lacking = list(dict.fromkeys(lacking))
    if not lacking:
        return None
    newline = snapshot.newline
    if found:
        end = tree.span(found[-1]).end
        line, _ = snapshot.text.position(max(end - 1, 0))
        if snapshot.language == "go" and snapshot.text.line(line).strip() == ")":
            named = [each.removeprefix("import ") for each in lacking]
            return snapshot.text.line_start(line), "".join(f"\t{n}{newline}" for n in named)
        end = snapshot.text.line_start(line) + len(snapshot.text.line(line).rstrip("\r\n"))
        return end, "".join(newline + line for line in lacking)
    if snapshot.language not in _ALONE:
        return None
    start = 0
    for node in tree.root.children:
        docstring = node.type == "expression_statement" and '"""' in tree.text(node)[:4]
        if node.type not in _OPENING and not docstring:
            break
        line, _ = snapshot.text.position(max(tree.span(node).end - 1, 0))
        start = snapshot.text.line_span(line).end
    gap = newline if start else ""
    return start, gap + "".join(line + newline for line in lacking) + ("" if start else newline)


def _named(language: str, text: str) -> tuple[list[str], list[str]]:
    """Return the parts of an import around its names, and each name as one import would say it."""
    text = re.sub(r"//.*|#(?!include).*", "", text).strip()
    family = _FAMILY.get(language, language)
    listed = _LISTS[family].match(text) if family in _LISTS else None
    if listed is None:
        return [], [_key(family, text)]
    before, names, *after = listed.groups()
    parts = [name.strip() for name in re.split(r"[,\n]", names) if name.strip()]
    if family == "rust":
        return [before, *after], [_key(family, f"{before[:-1]}{name};") for name in parts]
    whole = [f"{before} {name} {''.join(after)}" for name in parts]
    return [before, *after], [_key(family, line) for line in whole]


def _key(family: str, text: str) -> str:
    """Return an import without what may be written one way or another."""
    key = "".join(text.split()).rstrip(";").replace("'", '"')
    return key.replace("importtype{", "import{") if family == "script" else key


def _lacking(language: str, line: str, present: set[str]) -> str | None:
    """Return the part of an import that the file lacks, None when it lacks nothing."""
    around, keys = _named(language, line)
    if all(key in present for key in keys):
        return None
    if not around or not any(key in present for key in keys):
        return line
    names = [name.strip() for name in _names_of(language, line).split(",") if name.strip()]
    fresh = [name for name, key in zip(names, keys, strict=True) if key not in present]
    before, *after = around
    gap = "" if before.endswith("::{") else " "
    return f"{before}{gap}{', '.join(fresh)}{gap if after else ''}{''.join(after)}"


def _names_of(language: str, line: str) -> str:
    listed = _LISTS[_FAMILY.get(language, language)].match(line)
    return listed.group(2) if listed else ""
