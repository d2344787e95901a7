"""Where new imports go, and which of those asked for a file really lacks.

Invariant: an import line is inserted whole, on a line of its own, once, and never when the
file already has it; in a language whose imports we cannot find nothing is inserted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.context.scope import IMPORTS
from glm_lsp.context.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.text import Snapshot

_OPENING = frozenset({"comment", "line_comment", "block_comment", "hash_bang_line"})
_STARTS = ("import ", "from ", "use ", "#include", "using ", "require", "const ", "local ")
_ALONE = ("python", "javascript", "javascriptreact", "typescript", "typescriptreact", "rust")


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
    present = {
        line.strip()
        for node in tree.root.children
        if node.type in IMPORTS
        for line in tree.text(node).splitlines()
    }
    lacking = [line for line in dict.fromkeys(wanted) if line not in present]
    found = [node for node in tree.root.children if node.type in IMPORTS]
    if not lacking:
        return None
    newline = snapshot.newline
    if found:
        end = tree.span(found[-1]).end
        line, _ = snapshot.text.position(max(end - 1, 0))
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
