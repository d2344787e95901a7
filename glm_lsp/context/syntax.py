"""Syntax trees of source text, by tree-sitter.

Invariant: a language without a grammar is no error; it has no tree, and callers fall back
to lines and indentation. Grammars come from wheels that contain their parser, are imported
when first needed, and nothing is ever downloaded.
Tree-sitter counts UTF-8 bytes; everything that leaves this module counts code points.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from glm_lsp.languages import language_named
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Language as Grammar
    from tree_sitter import Node, Tree

    from glm_lsp.languages import Language


class SyntaxTree:
    """The tree of one text, with positions in code points."""

    def __init__(self, language: Language, source: str, encoded: bytes, tree: Tree) -> None:
        self.language = language
        self._source = source
        self._encoded = encoded
        self._plain = len(source) == len(encoded)
        self.root: Node = tree.root_node

    @property
    def has_error(self) -> bool:
        """Whether the parser had to skip or invent something."""
        return self.root.has_error

    def span(self, node: Node) -> Span:
        """Return the span of a node."""
        return Span(self._offset(node.start_byte), self._offset(node.end_byte))

    def smallest(self, span: Span) -> Node:
        """Return the smallest named node that contains a span."""
        found = self.root.named_descendant_for_byte_range(
            self._byte(span.start), self._byte(span.end)
        )
        return found if found is not None else self.root

    def around(self, span: Span) -> Iterator[Node]:
        """Yield the named nodes that contain a span, the smallest first."""
        node: Node | None = self.smallest(span)
        while node is not None:
            yield node
            node = node.parent

    def text(self, node: Node) -> str:
        """Return the source of a node."""
        return self._encoded[node.start_byte : node.end_byte].decode()

    def errors(self) -> list[Span]:
        """Return the spans at which the text does not follow the grammar."""
        found: list[Span] = []
        stack = [self.root]
        while stack:
            node = stack.pop()
            if node.is_error or node.is_missing:
                found.append(self.span(node))
            elif node.has_error:
                stack.extend(node.children)
        return sorted(found)

    def _byte(self, offset: int) -> int:
        return offset if self._plain else len(self._source[:offset].encode(*_UTF8))

    def _offset(self, byte: int) -> int:
        return byte if self._plain else len(self._encoded[:byte].decode(*_UTF8_BACK))


_UTF8 = ("utf-8", "replace")
"""Lone surrogates, which JSON can carry, become one `?`: a byte for a code point."""
_UTF8_BACK = ("utf-8", "ignore")


def parse(language: str, source: str) -> SyntaxTree | None:
    """Parse source text; None when the language has no grammar here."""
    spoken = language_named(language)
    if spoken.grammar is None:
        return None
    from tree_sitter import Parser

    encoded = source.encode(*_UTF8)
    tree = Parser(_grammar(*spoken.grammar)).parse(encoded)
    return SyntaxTree(spoken, source, encoded, tree)


@cache
def _grammar(module: str, function: str) -> Grammar:
    from tree_sitter import Language as Grammar

    return Grammar(getattr(import_module(module), function)())
