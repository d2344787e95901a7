"""Where new imports go, and which of those asked for a file really lacks.

Invariant: what is inserted is one import statement a line, as the language's grammar reads it,
and nothing behind it; once, and never when the file already has it. None names an address or a
place outside the project. In a language whose imports we cannot find nothing is inserted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.characters import one_line
from glm_lsp.context.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tree_sitter import Node

    from glm_lsp.context.syntax import SyntaxTree
    from glm_lsp.languages import Language
    from glm_lsp.text import Snapshot

_OPENING = frozenset({"comment", "line_comment", "block_comment", "hash_bang_line", "php_tag"})
_MOST = 200  # Characters of an import.
_MOST_IMPORTS = 50
_STRINGS = frozenset(
    "string string_literal interpreted_string_literal raw_string_literal system_lib_string".split()
)
_AWAY = re.compile(r"[\s\"'`<]*(?:[/\\~]|(?!node:|bun:)[A-Za-z][\w+.-]*:)")
"""An address, or a path that begins at the root of a disk or in somebody's home."""


def new_imports(snapshot: Snapshot, wanted: Sequence[str]) -> tuple[int, str] | None:
    """Return where the imports that the file lacks go, and their text; None when none do.

    They follow the last import; where there is none, the comments and the docstring at the
    top, in languages that allow imports anywhere at the top.
    """
    tree = parse(snapshot.language, str(snapshot.text)) if wanted else None
    if tree is None:
        return None
    language = tree.language
    wanted = list(filter(None, (_one(line, language) for line in wanted[:_MOST_IMPORTS])))
    found = [node for node in tree.root.children if node.type in language.imports]
    present = {key for node in found for key in _taken_apart(language, tree.text(node)).keys}
    lacking = list(filter(None, (_lacking(language, line, present) for line in wanted)))
    lacking = list(dict.fromkeys(lacking))
    if not lacking:
        return None
    if found:
        return _below(snapshot, tree.span(found[-1]).end, lacking, language)
    return _on_top(snapshot, tree, lacking) if language.imports_first else None


def _one(line: str, language: Language) -> str:
    """Return the import of a line of a model's without a comment; "" where it is more than one."""
    begins = language.import_line and re.match(language.import_line, line)
    if not begins or len(line) > _MOST or line.endswith("\\") or one_line(line) != line:
        return ""
    tree = parse(language.name, f"{language.opening}{line}\n")
    if tree is None or tree.has_error:
        return ""
    nodes = [node for node in tree.root.named_children if node.type not in _OPENING]
    if len(nodes) != 1 or not (nodes[0].type in language.imports or _requires(tree, nodes[0])):
        return ""
    text = tree.text(nodes[0]).rstrip()
    named = [tree.text(node) for node in _strings(nodes[0])]
    return "" if not line.startswith(text) or any(map(_AWAY.match, named)) else text


def _requires(tree: SyntaxTree, node: Node) -> bool:
    """Tell whether a declaration gives names to what one `require("…")` returns, and no more."""
    declared = node.named_children
    value = declared[0].child_by_field_name("value") if len(declared) == 1 else None
    if value is None or value.type != "call_expression":
        return False
    called, given = (value.child_by_field_name(name) for name in ("function", "arguments"))
    if called is None or given is None or tree.text(called) != "require":
        return False
    return [argument.type for argument in given.named_children] == ["string"]


def _strings(node: Node) -> Iterator[Node]:
    if node.type in _STRINGS:
        yield node
    for child in node.named_children:
        yield from _strings(child)


def _below(snapshot: Snapshot, end: int, lacking: list[str], language: Language) -> tuple[int, str]:
    """Return the place below the last import, or in its group, and the text that goes there."""
    text, newline = snapshot.text, snapshot.newline
    line, _ = text.position(max(end - 1, 0))
    if language.import_group and text.line(line).strip() == ")":
        named = [each.removeprefix("import ") for each in lacking]
        return text.line_start(line), "".join(f"\t{name}{newline}" for name in named)
    end = text.line_start(line) + len(text.line(line).rstrip("\r\n"))
    return end, "".join(newline + line for line in lacking)


def _on_top(snapshot: Snapshot, tree: SyntaxTree, lacking: list[str]) -> tuple[int, str]:
    """Return the place below a file's first comments, and the text that goes there."""
    newline = snapshot.newline
    start = 0
    for node in tree.root.children:
        if node.type not in _OPENING and not _is_docstring(tree, node):
            break
        line, _ = snapshot.text.position(max(tree.span(node).end - 1, 0))
        start = snapshot.text.line_span(line).end
    gap = newline if start else ""
    return start, gap + "".join(line + newline for line in lacking) + ("" if start else newline)


def _is_docstring(tree: SyntaxTree, node: Node) -> bool:
    return (
        tree.language.docstrings
        and node.type == "expression_statement"
        and '"""' in tree.text(node)[:4]
    )


class _Import(NamedTuple):
    """An import apart; one that names no list of things has no `names`, and one key.

    Attributes:
        before, after: what stands around its names.
        keys: each name as one import would say it, without what may be written one way or
            another.
    """

    keys: list[str]
    names: Sequence[str] = ()
    before: str = ""
    after: str = ""


def _taken_apart(language: Language, text: str) -> _Import:
    for mark in language.line_comments:
        text = re.sub(rf"{re.escape(mark)}.*", "", text)
    text = text.strip()
    listed = re.fullmatch(language.import_list, text) if language.import_list else None
    if listed is None:
        return _Import([_key(text)])
    before, every, *rest = listed.groups()
    after = "".join(rest)
    names = [name.strip() for name in re.split(r"[,\n]", every) if name.strip()]
    if before.endswith("::{"):
        keys = [_key(f"{before[:-1]}{name};") for name in names]
    else:
        keys = [_key(f"{before} {name} {after}") for name in names]
    return _Import(keys, names, before, after)


def _key(text: str) -> str:
    """Return an import without what may be written one way or another."""
    key = "".join(text.split()).rstrip(";").replace("'", '"')
    return key.replace("importtype{", "import{")


def _lacking(language: Language, line: str, present: set[str]) -> str | None:
    """Return the part of an import that the file lacks, None when it lacks nothing."""
    wanted = _taken_apart(language, line)
    fresh = [key for key in wanted.keys if key not in present]
    if not fresh:
        return None
    if not wanted.names or len(fresh) == len(wanted.keys):
        return line
    names = [name for name, key in zip(wanted.names, wanted.keys, strict=True) if key in fresh]
    gap = "" if wanted.before.endswith("::{") else " "
    behind = gap + wanted.after if wanted.after else ""
    return f"{wanted.before}{gap}{', '.join(names)}{behind}"
