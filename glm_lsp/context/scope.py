"""What the user points at: the definition around a selection, and the imports of a file.

Invariant: a target consists of whole lines, so that a replacement never starts or ends in
the middle of one; it always contains the selection, apart from white space at its ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.context.syntax import parse
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from glm_lsp.context.syntax import SyntaxTree
    from glm_lsp.text import Snapshot, Text

MOST_LINES = 200
"""A definition longer than this is not taken whole for the sake of a few lines in it."""

BODIES = ("block", "body", "declaration_list")
"""Ends of the names of nodes that hold statements and are none."""
_ATTACHED = ("comment", "attribute", "decorator")


@frozen
class Scope:
    """The part of a document that an action is about.

    Attributes:
        span: whole lines, the last line end excluded.
        name: the definition's name, "" when there is none.
        kind: the grammar's name of the node, "lines" when no definition was found.
    """

    span: Span
    name: str
    kind: str


def enclosing(snapshot: Snapshot, selection: Span) -> Scope:
    """Widen a selection to the smallest definition around it.

    A selection that holds several whole ones, or stands in none, or in one longer than
    `MOST_LINES`, keeps its own lines, widened to complete statements where there is a grammar.
    """
    return enclosing_each(snapshot, [selection])[0]


def enclosing_each(snapshot: Snapshot, selections: Iterable[Span]) -> list[Scope]:
    """Widen each of several selections; see `enclosing`."""
    tree = parse(snapshot.language, str(snapshot.text))
    return [_enclosing(snapshot, tree, selection) for selection in selections]


def _enclosing(snapshot: Snapshot, tree: SyntaxTree | None, selection: Span) -> Scope:
    selection = _trimmed(snapshot.text, selection)
    if tree is None:
        return _by_indentation(snapshot.text, selection)
    if _holds_definitions(tree, selection):
        return Scope(whole_lines(snapshot.text, selection), "", "lines")
    for node in tree.around(selection):
        if defines(tree, node):
            node = _outermost(tree, node)
            span = whole_lines(snapshot.text, tree.span(node))
            if snapshot.text.slice(span).count("\n") < MOST_LINES:
                return Scope(span, name_of(tree, node), node.type)
            break
    return Scope(_statements(snapshot.text, tree, selection), "", "lines")


def part(snapshot: Snapshot, selection: Span) -> Scope | None:
    """Return the complete statements that a selection covers inside a definition.

    None when it covers no whole line, lies in no definition, or comes to all of one.
    """
    text = snapshot.text
    chosen = _trimmed(text, selection)
    if len(chosen) == 0 or not _covers_a_line(text, chosen):
        return None
    tree = parse(snapshot.language, str(text))
    if tree is None:
        return Scope(whole_lines(text, chosen), "", "lines")
    if _holds_definitions(tree, chosen):
        return None
    span = _statements(text, tree, chosen)
    for node in tree.around(chosen):
        if defines(tree, node):
            node = _outermost(tree, node)
            around = whole_lines(text, tree.span(node))
            if span.contains(around):
                return None
            return Scope(span, name_of(tree, node), "lines")
    return None


def with_comment(snapshot: Snapshot, scope: Scope) -> Span:
    """Return a definition's span with the comments and attributes directly above it."""
    tree = parse(snapshot.language, str(snapshot.text))
    if tree is None or scope.kind == "lines":
        return scope.span
    text = snapshot.text
    first, _ = text.position(scope.span.start)
    start = first
    while start > 0:
        line = text.line(start - 1)
        at = text.line_start(start - 1) + len(line) - len(line.lstrip())
        node = tree.smallest(Span(at, at)) if line.strip() else None
        if node is None or not any(kind in node.type for kind in _ATTACHED):
            break
        start = min(start - 1, text.position(tree.span(node).start)[0])
    while start < first and not _stands_alone(text, start):
        start += 1  # It ends a line of code: it is about that.
    return Span(text.line_start(start), scope.span.end)


def commented(snapshot: Snapshot, comment: Span, *, behind: bool = False) -> Scope:
    """Return what a comment is about, with the comment: what begins below it, or stands around it.

    `comment` is whole lines, or, `behind` code, the end of a line. Where neither is there the
    comment is alone.
    """
    text = snapshot.text
    own = whole_lines(text, comment)
    if behind:
        return _with(text, enclosing(snapshot, Span(own.start, own.start)), own)
    last, _ = text.position(own.end)
    if last + 1 < text.line_count and text.line(last + 1).strip():
        start = text.line_start(last + 1)
        below = enclosing(snapshot, Span(start, start))
        if below.span.start == start:
            return _with(text, below, own)
    around = enclosing(snapshot, Span(own.start, own.start))
    return _with(text, around, own)


def _with(text: Text, scope: Scope, lines: Span) -> Scope:
    """Return a scope with the lines of a comment beside or in it."""
    start, end = min(scope.span.start, lines.start), max(scope.span.end, lines.end)
    return Scope(whole_lines(text, Span(start, end)), scope.name, scope.kind)


def _stands_alone(text: Text, line: int) -> bool:
    return text.line(line).lstrip()[:1] in ("#", "/", "*", "-", ";", "%", "<", "(")


def _covers_a_line(text: Text, span: Span) -> bool:
    """Tell whether a span holds all that stands on one of its lines."""
    first, _ = text.position(span.start)
    last, _ = text.position(span.end)
    for index in range(first, last + 1):
        line = text.line(index)
        start = text.line_start(index) + len(line) - len(line.lstrip())
        end = text.line_start(index) + len(line.rstrip())
        if start < end and span.start <= start and end <= span.end:
            return True
    return False


def imports(snapshot: Snapshot, most: int = 100) -> list[str]:
    """Return the source of the file's top-level imports, at most `most` of them."""
    tree = parse(snapshot.language, str(snapshot.text))
    if tree is None:
        return []
    kinds = tree.language.imports
    found = [tree.text(node).strip() for node in tree.root.children if node.type in kinds]
    return found[:most]


def whole_lines(text: Text, span: Span) -> Span:
    """Widen a span to whole lines, without the last one's line end."""
    first, _ = text.position(span.start)
    last, column = text.position(span.end)
    if column == 0 and last > first:
        last -= 1
    start = text.line_start(first)
    end = text.line_start(last) + len(text.line(last).rstrip("\r\n"))
    return Span(start, max(start, end))


def _trimmed(text: Text, span: Span) -> Span:
    """Drop the white space around a selection; an empty one moves to its line's first word."""
    chosen = text.slice(span)
    if chosen.strip():
        start = span.start + len(chosen) - len(chosen.lstrip())
        return Span(start, start + len(chosen.strip()))
    index, _ = text.position(span.start)
    line = text.line(index)
    start = text.line_start(index) + len(line) - len(line.lstrip())
    return Span(min(start, len(text)), min(start, len(text))) if line.strip() else span


def _holds_definitions(tree: SyntaxTree, selection: Span) -> bool:
    """Tell whether a selection holds siblings whole, a definition among them."""
    touched = list(tree.overlapping(tree.smallest(selection), selection))
    return (
        len(touched) > 1
        and any(defines(tree, node) for node in touched)
        and all(selection.contains(tree.span(node)) for node in touched)
    )


def defines(tree: SyntaxTree, node: Node) -> bool:
    """Tell whether a node is a definition, wrappers looked through."""
    language = tree.language
    if node.type in language.wrappers:
        return any(defines(tree, child) for child in node.named_children)
    if node.type in language.bodied and node.child_by_field_name("body") is None:
        return False  # `struct point p` names a type that is defined elsewhere.
    if node.type in language.definitions:
        return node.is_named and node.child_count > 0 and node.parent is not None
    if node.type in language.bindings:
        values = (child.child_by_field_name("value") for child in node.named_children)
        return any(v is not None and v.type in language.function_values for v in values)
    return False


def wrapped(tree: SyntaxTree, node: Node) -> Node | None:
    """Return the definition that a wrapper stands around; None when there is none."""
    if node.type not in tree.language.wrappers:
        return None
    return next((child for child in node.named_children if defines(tree, child)), None)


def _outermost(tree: SyntaxTree, node: Node) -> Node:
    while node.parent is not None and node.parent.type in tree.language.wrappers:
        node = node.parent
    return node


def name_of(tree: SyntaxTree, node: Node) -> str:
    """Return the name a definition gives, looking through wrappers and declarators."""
    stack = [node]
    for _ in range(8):
        if not stack:
            break
        current = stack.pop(0)
        name = current.child_by_field_name("name")
        if name is not None:
            return tree.text(name)
        inner = _inner(tree, current)
        stack.extend([inner] if inner is not None else current.named_children[:4])
        if current.type in ("identifier", "field_identifier", "type_identifier"):
            return tree.text(current)
    return ""


def _inner(tree: SyntaxTree, node: Node) -> Node | None:
    """Return the part of a definition in which its name stands."""
    if node.type in tree.language.wrappers:
        return wrapped(tree, node)
    return node.child_by_field_name("type" if node.type == "impl_item" else "declarator")


def _statements(text: Text, tree: SyntaxTree, selection: Span) -> Span:
    """Widen a selection to the complete nodes that begin, or reach, into its lines."""
    lines = whole_lines(text, selection)
    while True:
        inside = _trimmed(text, lines)
        node = tree.smallest(inside)
        reached = [tree.span(child) for child in tree.overlapping(node, inside)]
        holder = node.parent is None or node.type.endswith(BODIES)
        if not holder and tree.span(node).start >= inside.start:
            reached.append(tree.span(node))
        start = min([inside.start, *[span.start for span in reached]])
        end = max([inside.end, *[span.end for span in reached]])
        wider = whole_lines(text, Span(start, end))
        if wider == lines or text.slice(wider).count("\n") >= MOST_LINES:
            return lines
        lines = wider


def _by_indentation(text: Text, selection: Span) -> Scope:
    """Without a grammar: the less indented line above, and all that is indented under it."""
    first, _ = text.position(selection.start)
    last, _ = text.position(selection.end)
    if last > first:
        return Scope(whole_lines(text, selection), "", "lines")
    depth = _depth(text.line(first))
    start = first
    while start > 0 and first - start < MOST_LINES // 2 and (depth is None or depth > 0):
        start -= 1
        above = _depth(text.line(start))
        if above is not None and (depth is None or above < depth):
            break
    head = _depth(text.line(start)) or 0
    end = first
    while end + 1 < text.line_count and end - start < MOST_LINES:
        below = _depth(text.line(end + 1))
        closes = text.line(end + 1).strip()[:1] in ("}", ")", "]")
        if below is not None and below <= head and not (below == head and closes):
            break
        end += 1
        if below == head and closes:
            break
    while end > first and not text.line(end).strip():
        end -= 1
    return Scope(
        whole_lines(text, Span(text.line_start(start), text.line_span(end).end)), "", "lines"
    )


def _depth(line: str) -> int | None:
    """Return the width of a line's indentation, None for a blank line."""
    return len(line) - len(line.lstrip()) if line.strip() else None
