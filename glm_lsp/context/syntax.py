"""Syntax trees of source text, by tree-sitter.

Invariant: a language without a grammar is no error; it has no tree, and callers fall back
to lines and indentation. Grammars come from wheels that contain their parser, are imported
when first needed, and nothing is ever downloaded.
Tree-sitter counts UTF-8 bytes; everything that leaves this module counts code points.
"""

from __future__ import annotations

from functools import cache, cached_property
from importlib import import_module
from itertools import accumulate, count
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

    def overlapping(self, node: Node, span: Span) -> Iterator[Node]:
        """Yield the named children of a node that share a character with a span.

        A list of all children can be long, and takes its time at once.
        """
        cursor = node.walk()
        here = cursor.goto_first_child_for_byte(self._byte(span.start)) is not None
        while here and cursor.node is not None:
            found = self.span(cursor.node)
            if found.start >= span.end:
                return
            if cursor.node.is_named and span.start < found.end:
                yield cursor.node
            here = cursor.goto_next_sibling()

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
        if self._plain:
            return byte
        block, rest = divmod(byte, _BLOCK)
        start = byte - rest
        return self._counts[block] + len(self._encoded[start:byte].decode(*_UTF8_BACK))

    @cached_property
    def _counts(self) -> list[int]:
        """How many code points begin before each block: an offset costs a block, not the text."""
        blocks = (self._encoded[at : at + _BLOCK] for at in range(0, len(self._encoded), _BLOCK))
        return [0, *accumulate(len(block.translate(None, _WITHIN)) for block in blocks)]


_UTF8 = ("utf-8", "replace")
"""Lone surrogates, which JSON can carry, become one `?`: a byte for a code point."""
_UTF8_BACK = ("utf-8", "ignore")
_WITHIN = bytes(range(0x80, 0xC0))
"""The bytes with which no code point begins."""
_BLOCK = 512

_CHUNK = 65_536
_SHORT = 16_384
"""Bytes that are parsed at once, in some milliseconds: tree-sitter 0.26 loses a few hundred bytes
each time it asks for a piece of the text."""
_LONGEST = 1_000_000  # Characters.
_MOST_LOOKS = 4_500
"""Of a parser at whether to go on, each after a hundred steps: what 600,000 characters of code
take. Text can be made of which each character is a node; a tree of so many takes 30 MB, and as
long to be forgotten, at once, as the event loop may be kept."""


def parse(language: str, source: str) -> SyntaxTree | None:
    """Parse source text; None when the language has no grammar here, or it is too much.

    In a thread it lets the other threads go on.
    """
    spoken = language_named(language)
    if spoken.grammar is None or len(source) > _LONGEST:
        return None
    from tree_sitter import Parser

    encoded = source.encode(*_UTF8)
    looks = count(1)

    def stops(*_: object) -> bool:
        return next(looks) > _MOST_LOOKS

    given: list[bytearray] = []

    def read(at: int, _: object) -> bytes | bytearray:
        if at >= len(encoded):
            return b""
        given.append(bytearray(encoded[at : at + _CHUNK]))
        return given[-1]

    parser = Parser(_grammar(*spoken.grammar))
    if len(encoded) <= _SHORT:
        return SyntaxTree(spoken, source, encoded, parser.parse(encoded))
    try:
        tree = parser.parse(read, progress_callback=stops)
    except ValueError:  # It was stopped.
        return None
    finally:
        # tree-sitter 0.26 never lets go of what it was given to read, so it keeps it empty.
        for chunk in given:
            chunk.clear()
    return SyntaxTree(spoken, source, encoded, tree)


@cache
def _grammar(module: str, function: str) -> Grammar:
    from tree_sitter import Language as Grammar

    return Grammar(getattr(import_module(module), function)())
