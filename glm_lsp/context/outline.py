r"""What a source text defines, where, and what of it is code rather than comment.

Invariant: lines are counted at `\n`, so callers give text whose line ends are that; a
definition's lines are whole ones, its decorators included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from glm_lsp.context.scope import BODIES, defines, name_of, wrapped
from glm_lsp.context.syntax import parse
from glm_lsp.languages import language_named

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.context.syntax import SyntaxTree

_FUNCTIONS = ("function", "method", "constructor", "lexical", "variable")
_STRINGS = frozenset("string string_literal interpreted_string_literal raw_string_literal".split())

_MOST_KEPT = 6
_MOST_CHARACTERS = 150_000  # Of the texts that are kept; a tree takes many times as much.


@frozen
class Definition:
    """One definition of a source text.

    Attributes:
        name: what it is called; "" when it has no name.
        kind: the grammar's name of the node, wrappers looked through; a method of Go has its
            receiver's type behind a colon.
        first, last: its lines, 0-based, the last one included.
        path: the names of the definitions around it, the outermost first.
        local: it stands inside a function.
        plain: it has no decorator and stands under no condition.
        public: it says that other files may use it (`export`, `pub`).
    """

    name: str
    kind: str
    first: int
    last: int
    path: tuple[str, ...] = ()
    local: bool = False
    plain: bool = True
    public: bool = False


@define(eq=False)
class Grammar:
    """What is known about the texts of one language; the last few texts' trees are kept."""

    language: str
    _trees: dict[str, SyntaxTree | None] = field(factory=dict, repr=False)
    _defined: dict[str, list[Definition]] = field(factory=dict, repr=False)

    @property
    def known(self) -> bool:
        """Whether there is a grammar for the language."""
        return language_named(self.language).grammar is not None

    def parse(self, source: str) -> SyntaxTree | None:
        """Return the tree of a text; None without a grammar."""
        if source not in self._trees:
            _make_room(self._trees, source)
            self._trees[source] = parse(self.language, source)
        return self._trees[source]

    def definitions(self, source: str) -> list[Definition]:
        """Return the definitions of a text in order; none without a grammar."""
        if source not in self._defined:
            _make_room(self._defined, source)
            tree = self.parse(source)
            self._defined[source] = [] if tree is None else _definitions(tree)
        return self._defined[source]

    def code(self, source: str) -> list[str] | None:
        """Return the tokens of a text without comments and docstrings; None without a grammar."""
        tree = self.parse(source)
        if tree is None:
            return None
        found: list[str] = []
        stack = [tree.root]
        while stack:
            node = stack.pop()
            if "comment" in node.type or _is_docstring(tree, node):
                continue
            if node.child_count == 0 or node.type in _STRINGS:
                found.append(tree.text(node))
            else:
                stack.extend(reversed(node.children))
        return found


def _make_room(kept: dict[str, Any], source: str) -> None:
    while kept and (
        len(kept) >= _MOST_KEPT or sum(map(len, kept)) + len(source) > _MOST_CHARACTERS
    ):
        kept.pop(next(iter(kept)))


def _definitions(tree: SyntaxTree) -> list[Definition]:
    """Walk what spans several lines: nothing else can hold a definition that matters."""
    found: list[Definition] = []
    stack: list[tuple[Node, tuple[str, ...], bool, bool]] = [(tree.root, (), False, True)]
    while stack:
        node, path, local, plain = stack.pop()
        inner, inside = path, local
        if node is not tree.root and defines(tree, node):
            name = name_of(tree, node)
            core = _core(tree, node)
            last = node.end_point.row - (1 if node.end_point.column == 0 else 0)
            first = node.start_point.row
            decorated = core is not node and "decorated" in node.type
            kind = core.type
            if receiver := core.child_by_field_name("receiver"):
                kind += ":" + tree.text(receiver).strip("()").split(" ")[-1].lstrip("*")
            public = "export" in node.type or any(
                child.type == "visibility_modifier" for child in core.named_children
            )
            found.append(
                Definition(name, kind, first, last, path, local, plain and not decorated, public)
            )
            inner = (*path, name)
            inside = local or core.type.startswith(_FUNCTIONS) or "function" in core.type
            node = core
            plain = True
        elif "if" in node.type or "try" in node.type:
            plain = False
        short = node.start_point.row == node.end_point.row
        if short and node is not tree.root and not node.type.endswith(BODIES):
            continue
        stack.extend((child, inner, inside, plain) for child in reversed(node.named_children))
    return found


def _core(tree: SyntaxTree, node: Node) -> Node:
    """Look through decorators and exports."""
    while (inner := wrapped(tree, node)) is not None:
        node = inner
    return node


def _is_docstring(tree: SyntaxTree, node: Node) -> bool:
    return (
        tree.language.docstrings
        and node.type == "expression_statement"
        and node.named_child_count == 1
        and node.named_children[0].type == "string"
        and node.parent is not None
        and node.parent.type in ("block", "module")
    )
