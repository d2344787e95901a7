"""The names that code calls, and the types that it names, by their places.

Invariant: the same code gives the same names in the same order, each once, at most so many.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.context.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from glm_lsp.context.syntax import SyntaxTree
    from glm_lsp.text import Snapshot, Span

_CALLS = ("call", "call_expression", "new_expression", "object_creation_expression")
_CALL_ENDS = ("_call_expression", "_invocation", "invocation_expression", "function_call")
_CALLEE = ("function", "method", "constructor", "type", "name")
_LAST = ("attribute", "property", "field", "name", "method")
_NAMES = ("identifier", "type_identifier", "field_identifier", "property_identifier", "constant")
_MOST_NODES, _LONGEST = 20_000, 100


class Called(NamedTuple):
    """A name, and the offset at which it stands first in one expression: `a.b` is not `c.b`."""

    name: str
    offset: int


def called_names(snapshot: Snapshot, span: Span, most: int) -> list[Called]:
    """Return what the code of a span calls, then the types that it names."""
    tree = parse(snapshot.language, str(snapshot.text))
    if tree is None:
        return []
    found: dict[str, Called] = {}
    types: dict[str, Called] = {}
    for node in islice(_within(tree, span), _MOST_NODES):
        callee = _callee(node) if _is_call(node) else None
        if callee is not None:
            whole, name = callee
            _note(found, tree, name, tree.text(whole)[:_LONGEST])
        elif node.type == "type_identifier" or _is_python_type(node):
            _note(types, tree, node, tree.text(node))
    every = {**found, **{name: each for name, each in types.items() if name not in found}}
    return [each for each in every.values() if span.start <= each.offset < span.end][:most]


def _within(tree: SyntaxTree, span: Span) -> Iterator[Node]:
    """Yield the nodes that touch a span, in the order of the text."""
    stack = [tree.smallest(span)]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(list(tree.overlapping(node, span))))


def _is_call(node: Node) -> bool:
    return node.type in _CALLS or node.type.endswith(_CALL_ENDS)


def _is_python_type(node: Node) -> bool:
    parent = node.parent
    return node.type == "identifier" and parent is not None and parent.type == "type"


def _callee(node: Node) -> tuple[Node, Node] | None:
    """Return what is called, and the last name of it: `b` of `a.b(c)`."""
    fields = (node.child_by_field_name(field) for field in _CALLEE)
    callee = whole = next((child for child in fields if child is not None), None)
    for _ in range(8):
        if callee is None or callee.type in _NAMES or callee.child_count == 0:
            break
        fields = (callee.child_by_field_name(field) for field in _LAST)
        callee = next((child for child in fields if child is not None), None)
    if callee is None or whole is None or callee.type not in (*_NAMES, "name", "word"):
        return None
    return whole, callee


def _note(found: dict[str, Called], tree: SyntaxTree, node: Node, key: str) -> None:
    found.setdefault(key, Called(tree.text(node), tree.span(node).start))
