"""Definitions and uses as they are shown to a model: heads, small bodies, lines.

Invariant: an excerpt is of one file, as that file stands, and has at most so many characters.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

from glm_lsp.languages import language_of_file
from glm_lsp.project.named import BLANKS
from glm_lsp.project.wanted import Excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tree_sitter import Node

    from glm_lsp.project.callers import User
    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.index import Index
    from glm_lsp.project.units import Unit, Units

_LONGEST_HEAD, _LONGEST_LINE = 500, 200
_SMALL_BODY, _SMALL_CLASS = 12, 20
"""Lines of what is shown whole."""
_MOST_FIELDS = 12
_LONGEST = 2_500
CONSTRUCTORS = ("__init__", "constructor")


def definition_excerpt(
    units: Units, each: Definition, reason: str, *, bodies: bool
) -> Excerpt | None:
    """Return a definition: its head and its first words of documentation, or all of a small one."""
    unit = units.get(each.path)
    node = unit.node(each) if unit is not None else None
    owner = f"{each.owner}: " if each.owner else ""
    if unit is None or node is None:
        if each.kind == "function" and unit is not None and each.line < len(unit.lines):
            text = each.signature
        elif unit is not None and each.line < len(unit.lines):
            text = unit.lines[each.line].strip()[:_LONGEST_LINE]
        else:
            return None
        return Excerpt("definition", each.path, each.line, each.last, reason, owner + text)
    lines = each.last - each.line + 1
    whole = lines <= _SMALL_CLASS if each.kind in ("class", "type") else bodies
    if whole and lines <= (_SMALL_CLASS if each.kind != "function" else _SMALL_BODY):
        text = _source(unit, node.start_point.row, node.end_point.row)
        if len(text) <= _LONGEST:
            return Excerpt("definition", each.path, each.line, each.last, reason, owner + text)
    text = _head(unit, node) + _said(each)
    if each.kind == "class":
        text = "\n".join([text, *_inside(units.index, unit, each)])
    return Excerpt("definition", each.path, each.line, each.last, reason, owner + text[:_LONGEST])


def _head(unit: Unit, node: Node) -> str:
    body = node.child_by_field_name("body")
    value = node.child_by_field_name("value")
    if body is None and value is not None:
        body = value.child_by_field_name("body")
    end = body.start_byte if body is not None else node.end_byte
    head = unit.source[node.start_byte : end].decode("utf-8", "replace")
    return BLANKS.sub(" ", head).strip().rstrip("{").rstrip()[:_LONGEST_HEAD]


def _said(each: Definition) -> str:
    mark = next(iter(language_of_file(Path(each.path)).line_comments), "")
    return f"  {mark} {each.doc}" if each.doc and mark else ""


def _inside(index: Index, unit: Unit, owner: Definition) -> Iterator[str]:
    """Yield the fields of a class, and how it is made."""
    members = [
        each
        for each in index.definitions(owner.path)
        if each.owner == owner.name and owner.line <= each.line <= owner.last
    ]
    for each in [each for each in members if each.kind == "field"][:_MOST_FIELDS]:
        yield f"    {each.signature}"
    for each in members:
        node = unit.node(each) if each.name in CONSTRUCTORS else None
        if node is not None:
            yield f"    {_head(unit, node)}"
            return


def _source(unit: Unit, first: int, last: int) -> str:
    return dedent("\n".join(unit.lines[first : last + 1]))


def user_excerpts(
    units: Units, users: Iterable[User], part: str, most: int, *, whole: int = 0
) -> Iterator[Excerpt]:
    """Yield the lines of users, those of one function together, at most so many functions.

    Functions of at most `whole` lines are shown whole.
    """
    groups: dict[tuple[str, tuple[int, int] | None, int], list[User]] = {}
    for user in users:
        key = (user.path, user.around, -1 if user.around else user.line)
        if key in groups or len(groups) < most:
            groups.setdefault(key, []).append(user)
    for (path, around, _), found in groups.items():
        unit = units.get(path)
        if unit is None:
            continue
        lines = sorted({user.line for user in found})
        named = f"uses {found[0].name}" if found[0].sure else f"may use {found[0].name}"
        if around is not None and around[1] - around[0] < whole:
            text = _source(unit, *around)
        else:
            text = _excerpt(unit, around, lines)
        yield Excerpt(part, path, lines[0], lines[-1], named, text[:_LONGEST])


def _excerpt(unit: Unit, around: tuple[int, int] | None, lines: Sequence[int]) -> str:
    shown: list[str] = []
    before = -1
    if around is not None:
        shown.append(unit.lines[around[0]].rstrip()[:_LONGEST_LINE])
        before = around[0]
    for line in lines:
        if line == before:
            continue
        content = unit.lines[line].rstrip()[:_LONGEST_LINE]
        if line > before + 1 and shown:
            shown.append(" " * (len(content) - len(content.lstrip())) + "...")
        shown.append(content)
        before = line
    return dedent("\n".join(shown))
