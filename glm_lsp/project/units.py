"""Files of the workspace, read anew for one question: their trees, and what stands where in them.

Invariant: a file is read and parsed once for a question, and only so many are; after it all of
them are forgotten. A file that may not be read, or changed since it was indexed, has no tree to
look at or one in which a definition is not found: nothing is shown of what is not there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from glm_lsp.languages import language_of_file
from glm_lsp.project.bindings import bindings
from glm_lsp.project.rules import rules_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.project.bindings import Binding
    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.index import Index
    from glm_lsp.project.rules import Rules
    from glm_lsp.project.workspace import Workspace

_MOST = 80
"""Files that are read for a question."""


class Unit:
    """One file."""

    def __init__(
        self, path: str, text: str, root: Node | None, rules: Rules | None, index: Index
    ) -> None:
        self.path = path
        self.lines = text.split("\n")
        self.root = root
        self.source = text.encode("utf-8", "replace")
        self.definitions = index.definitions(path)
        self._rules = rules
        self.bindings = bindings(index.family, path, index.statements(path), index.files)

    def text(self, node: Node | None, most: int = 100_000) -> str:
        """Return the source of a node, at most so many bytes of it; "" for none."""
        if node is None:
            return ""
        end = min(node.end_byte, node.start_byte + most)
        return self.source[node.start_byte : end].decode("utf-8", "ignore")

    def at(self, line: int, column: int) -> Node | None:
        """Return the smallest node at a place, both from 0, the column in code points."""
        if self.root is None or not 0 <= line < len(self.lines):
            return None
        byte = len(self.lines[line][:column].encode("utf-8", "replace"))
        return self.root.descendant_for_point_range((line, byte), (line, byte + 1))

    def node(self, each: Definition) -> Node | None:
        """Return the node of a function, a class or a type: the one that has its name there."""
        if each.line >= len(self.lines) or self.root is None:
            return None
        for line in range(each.line, min(each.line + 12, each.last + 1, len(self.lines))):
            column = _column(self.lines[line], each.name)
            found = self.at(line, column) if column >= 0 else None
            while found is not None and found.start_point.row >= each.line:
                if self.defines(found) and self.text(name_of(found), 400).lstrip("#$") == each.name:
                    return found
                found = found.parent
        return None

    def defines(self, node: Node) -> bool:
        """Tell whether a node defines a function, a class, a type or a value."""
        rules = self._rules
        if rules is None:
            return False
        kinds = (rules.functions, rules.classes, rules.types, rules.variables, rules.fields)
        return any(node.type in each for each in kinds)

    def is_function(self, node: Node) -> bool:
        """Tell whether a node is a function, named or not."""
        return node.type in _FUNCTIONS or (
            self._rules is not None and node.type in self._rules.functions
        )

    def is_class(self, node: Node) -> bool:
        """Tell whether a node is a class or something like it."""
        return node.type == "class" or (
            self._rules is not None and node.type in self._rules.classes
        )

    def around(self, node: Node) -> list[Node]:
        """Return the functions and classes around a node, the nearest first."""
        found = []
        parent = node.parent
        while parent is not None:
            if self.is_function(parent) or self.is_class(parent):
                found.append(parent)
            parent = parent.parent
        return found


class Units:
    """The files that one question looks at."""

    def __init__(self, workspace: Workspace, index: Index, most: int = _MOST) -> None:
        """Look at nothing yet."""
        self.index = index
        self._workspace = workspace
        self._left = most
        self._known: dict[str, Unit | None] = {}
        self.bindings: dict[str, dict[str, list[Binding]]] = {}

    def get(self, path: str) -> Unit | None:
        """Return a file; None when it may not be read, or when enough were."""
        if path not in self._known:
            self._known[path] = self._made(path)
        return self._known[path]

    def source(self, path: str) -> str:
        """Return a file's text without parsing it."""
        if path not in self.index:
            return ""
        return self._workspace.text(path).replace("\r\n", "\n")

    def _made(self, path: str) -> Unit | None:
        if path not in self.index or self._left <= 0:
            return None
        self._left -= 1
        text = self.source(path)
        if not text:
            return None
        language = language_of_file(Path(path))
        tree = self._workspace.parsed(path, language, text)
        root = tree.root if tree is not None else None
        return Unit(path, text, root, rules_of(language.grammar), self.index)


def name_of(node: Node) -> Node | None:
    """Return the node of what a definition is called."""
    return node.child_by_field_name("name") or node.child_by_field_name("left")


def _column(line: str, name: str) -> int:
    """Return where a name stands in a line as a word; -1 where it does not."""
    at = line.find(name)
    while at >= 0:
        before, after = line[at - 1 : at], line[at + len(name) : at + len(name) + 1]
        if not _in_word(before) and not _in_word(after):
            return at
        at = line.find(name, at + 1)
    return -1


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


_FUNCTIONS = frozenset(
    "lambda arrow_function function_expression function generator_function func_literal"
    " closure_expression lambda_expression".split()
)
