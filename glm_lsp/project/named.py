"""The names, types and parameters within the nodes of a tree, whatever the grammar calls them.

Invariant: each costs as much as the line that it is said in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from glm_lsp.project.rules import Rules

NAME = re.compile(r"[A-Za-z_]\w*")
BLANKS = re.compile(r"\s+")
LONGEST, LONGEST_TYPE = 160, 50
LONGEST_IMPORT = 8_000
DEEPEST = 12
_SELF = frozenset({"self", "cls", "this", "mut", "*", "/", "&self", "final", "const"})
_NAMES = frozenset(
    "identifier property_identifier field_identifier type_identifier constant variable_name"
    " shorthand_property_identifier private_property_identifier word name namespace_identifier"
    " operator_name destructor_name".split()
)


class Named:
    """The nodes of one text."""

    def __init__(self, rules: Rules, source: bytes) -> None:
        self.rules = rules
        self.source = source

    def text(self, node: Node | None) -> str:
        """Return a node's source; "" for none."""
        if node is None:
            return ""
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def line(self, node: Node | None, most: int = LONGEST) -> str:
        """Return the beginning of a node's source, on one line."""
        if node is None:
            return ""
        end = min(node.end_byte, node.start_byte + 4 * most)
        text = self.source[node.start_byte : end].decode("utf-8", "replace")
        return BLANKS.sub(" ", text).strip()[:most]

    def statement(self, node: Node) -> str:
        """Return an import on one line, without the comments in it."""
        text = self.text(node)
        for mark in ("#", "//"):
            if mark in text:
                text = re.sub(rf"{mark}[^\n\"']*$", "", text, flags=re.MULTILINE)
        return BLANKS.sub(" ", text).strip()[:LONGEST_IMPORT]

    def declared(self, node: Node) -> Iterator[str]:
        """Yield the names that a declaration gives; there may be several."""
        names = node.children_by_field_name("name") or node.children_by_field_name("property")
        if names:
            for each in names:
                if each.type in _NAMES:
                    yield self.text(each).lstrip("$")
                else:  # A pattern takes a value apart.
                    yield from NAME.findall(self.line(each))[:8]
            return
        for each in node.children_by_field_name("declarator"):
            if found := self._declarator(each):
                yield found
        for each in node.named_children:
            if each.type == "variable_declaration":
                yield from (self.name(c) for c in each.named_children if "declarator" in c.type)
            elif each.type in ("property_element", "const_element"):
                yield first_name(self.text(each).lstrip("$"))

    def _declarator(self, node: Node | None) -> str:
        """Return the name within what C puts around it."""
        for _ in range(DEEPEST):
            if node is None:
                return ""
            if node.type in _NAMES:
                return self.text(node)
            if node.type in ("qualified_identifier", "variable_declarator"):
                inner = node.child_by_field_name("name")
            else:
                inner = node.child_by_field_name("declarator")
            if inner is None and node.named_child_count:
                inner = node.named_children[0]
            node = inner
        return ""

    def declares_function(self, node: Node) -> bool:
        """Tell whether a declaration of C is a function's, which has its body elsewhere."""
        declarator = node.child_by_field_name("declarator")
        for _ in range(4):
            if declarator is None or declarator.type == "function_declarator":
                return declarator is not None
            declarator = declarator.child_by_field_name("declarator")
        return False

    def name(self, node: Node) -> str:
        """Return the name of a definition."""
        name = node.child_by_field_name("name")
        if name is not None:
            return self.line(name).lstrip("$#")
        if (declarator := node.child_by_field_name("declarator")) is not None:
            return self._declarator(declarator)
        if (left := node.child_by_field_name("left")) is not None:
            return first_name(self.line(left))
        return next((self.text(c) for c in node.named_children if c.type in _NAMES), "")

    def type(self, node: Node) -> str:
        """Return what a function returns, or what a value is, as far as it is said."""
        for field in self.rules.returns:
            if (held := node.child_by_field_name(field)) is not None:
                if held.child_by_field_name("body") is not None or "struct_type" in held.type:
                    return first_name(self.name(held))
                return self.line(held, LONGEST_TYPE).lstrip(":-> ").strip()
        for child in node.named_children:  # C# and Java keep it within.
            if child.type == "variable_declaration":
                return self.line(child.child_by_field_name("type"), LONGEST_TYPE)
        return ""

    def parameters(self, node: Node) -> Iterator[str]:
        """Yield the names of a function's parameters, without the receiver."""
        held = node.child_by_field_name("parameters")
        declarator = node.child_by_field_name("declarator")
        for _ in range(4):
            if held is not None or declarator is None:
                break
            held = declarator.child_by_field_name("parameters")
            declarator = declarator.child_by_field_name("declarator")
        if held is None:
            single = node.child_by_field_name("parameter")
            if single is not None:
                yield self.line(single)
            return
        for child in held.named_children[:40]:
            yield from self._parameter(child)

    def _parameter(self, node: Node) -> Iterator[str]:
        if "comment" in node.type or node.type in ("self_parameter", "keyword_separator"):
            return
        names = node.children_by_field_name("name") or node.children_by_field_name("pattern")
        if names:
            found = [first_name(self.line(each).lstrip("$")) for each in names]
        elif (declarator := node.child_by_field_name("declarator")) is not None:
            found = [self._declarator(declarator)]
        else:
            words = NAME.findall(self.line(node))
            star = "*" * (len(self.line(node, 3)) - len(self.line(node, 3).lstrip("*")))
            found = [star + words[0]] if words else []
        yield from (each for each in found if each and each not in _SELF)


def first_name(text: str) -> str:
    """Return the first name in a text."""
    found = NAME.search(text)
    return found.group() if found is not None else ""
