"""What an expression of a tree is, whatever its grammar calls it; what gives local names values.

Invariant: it reads nodes and nothing else; what has no shape here means nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.project.named import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from glm_lsp.project.units import Unit

CALLS = frozenset(
    "call call_expression new_expression method_invocation object_creation_expression"
    " invocation_expression macro_invocation function_call_expression member_call_expression"
    " scoped_call_expression function_call jsx_opening_element jsx_self_closing_element".split()
)
MEMBERS = frozenset(
    "attribute member_expression selector_expression field_expression scoped_identifier"
    " member_access_expression nested_identifier dot_index_expression qualified_identifier"
    " nested_type_identifier".split()
)
NAMES = frozenset("identifier type_identifier constant name shorthand_property_identifier".split())
_WRAPPED = frozenset(
    "await await_expression parenthesized_expression non_null_expression expression_statement"
    " satisfies_expression type expression_list list_splat keyword_argument spread_element".split()
)
_EITHER = frozenset(
    "boolean_operator conditional_expression binary_expression ternary_expression".split()
)
_LISTS = frozenset("list tuple set array list_comprehension generator_expression".split())
_MOST_NODES = 20_000


class Shape(NamedTuple):
    """What an expression is.

    Attributes:
        kind: "name", "member", "call", "self", "super", "either", "item", "list", "typed",
            "function".
        name: of a name or a member.
        of: the expressions that it is about.
    """

    kind: str
    name: str = ""
    of: tuple[Node, ...] = ()


def shape(unit: Unit, node: Node) -> Shape | None:
    """Return what an expression is; None for what is not understood."""
    for _ in range(6):
        if node.type not in _WRAPPED or not node.named_child_count:
            break
        node = node.child_by_field_name("value") or node.named_children[0]
    kind = node.type
    for kinds, made in _SHAPES:
        if kind in kinds:
            return made(unit, node)
    if kind in ("subscript", "subscript_expression"):
        value = node.child_by_field_name("value") or node.child_by_field_name("object")
        return Shape("item", "", (value,)) if value is not None else None
    if kind in _LISTS:
        return Shape("list", "", tuple(_elements(node)))
    if kind == "as_expression" and node.named_child_count > 1:
        return Shape("typed", unit.text(node.named_children[1], 400))
    if kind in ("assignment", "named_expression", "assignment_expression"):
        value = node.child_by_field_name("right") or node.child_by_field_name("value")
        return shape(unit, value) if value is not None else None
    if unit.is_function(node):
        return Shape("function", "", (node,))
    return None


def _name(unit: Unit, node: Node) -> Shape:
    return Shape("name", unit.text(node, 400))


def _own(_: Unit, node: Node) -> Shape:
    return Shape("self" if node.type == "this" else "super")


def callee(node: Node) -> Node | None:
    """Return what a call calls."""
    for field in ("function", "constructor", "macro", "type"):
        if (found := node.child_by_field_name(field)) is not None:
            return found
    if node.type.startswith("jsx") or node.child_by_field_name("name") is not None:
        if node.child_by_field_name("object") is not None:
            return node  # Java has the object and the name in the call itself.
        return node.child_by_field_name("name")
    return node.named_children[0] if node.named_child_count else None


def last_name(node: Node) -> Node | None:
    """Return the node of the last name of an expression: `c` of `a.b.c`."""
    for field in ("property", "attribute", "field", "name"):
        if (found := node.child_by_field_name(field)) is not None:
            return last_name(found) if found.type in MEMBERS else found
    return node if node.type in NAMES or node.type.endswith("identifier") else None


def _call(unit: Unit, node: Node) -> Shape | None:
    called = callee(node)
    if called is None:
        return None
    if called is node:
        return Shape("call", "", (node,))
    if called.type == "super" or (called.type == "identifier" and unit.text(called, 9) == "super"):
        return Shape("super")
    if unit.text(called, 12) in ("cast", "typing.cast"):
        arguments = node.child_by_field_name("arguments")
        if arguments is not None and arguments.named_child_count == 2:
            return Shape("typed", unit.text(arguments.named_children[0], 400))
    return Shape("call", "", (called,))


def _member(unit: Unit, node: Node) -> Shape | None:
    whose = None
    for field in ("object", "operand", "value", "path", "expression", "scope", "module", "table"):
        if (whose := node.child_by_field_name(field)) is not None:
            break
    name = last_name(node)
    if whose is None or name is None:
        return None
    return Shape("member", unit.text(name, 400), (whose,))


def _either(_: Unit, node: Node) -> Shape | None:
    if node.type == "binary_expression":
        operator = node.child_by_field_name("operator")
        if operator is None or operator.type not in ("||", "??", "&&"):
            return None
    found = tuple(node.named_children)
    if node.type == "ternary_expression":
        found = found[1:]
    elif node.type == "conditional_expression" and len(found) == 3:
        found = (found[0], found[2])
    return Shape("either", "", found)


def _elements(node: Node) -> Iterator[Node]:
    body = node.child_by_field_name("body")
    yield from [body] if body is not None else node.named_children[:8]


_SHAPES = (
    (NAMES, _name),
    (("this", "super"), _own),
    (CALLS, _call),
    (MEMBERS, _member),
    (_EITHER, _either),
)


class Local(NamedTuple):
    """What gives a name its value within a function.

    Attributes:
        kind: "type": `text` says it; "value": the node is it; "item": of the node; "member":
            `text` of the node; "returned": the node is a parameter's default.
    """

    kind: str
    node: Node | None = None
    text: str = ""


_CHECKED = re.compile(
    r"\bisinstance\(\s*([\w.]+),\s*\(?([\w., ]+)\)"
    r"|\b([\w.]{1,100}) instanceof ([\w.]+)"
    r"|\bis([A-Z]\w*)\(([\w.]+)\)"
)
"""What a name is where a check lets it through; `isShape(x)` is a custom of TypeScript's."""


def locals_of(unit: Unit, function: Node) -> dict[str, list[Local]]:
    """Return what gives values to the names within a function, itself without inner ones."""
    found: dict[str, list[Local]] = {}
    body = function.child_by_field_name("body")
    held = function.child_by_field_name("parameters")
    single = function.child_by_field_name("parameter")
    for parameter in [*(held.named_children if held is not None else ()), single]:
        if parameter is not None:
            _parameter(unit, parameter, found)
    if body is not None:
        for match in _CHECKED.finditer(unit.text(body)):
            name = match[1] or match[3] or match[6]
            said = match[2] or match[4] or match[5]
            found.setdefault(name, []).append(Local("type", None, said.replace(",", "|")))
        for node in within(unit, body):
            _assigned(unit, node, found)
    return found


def within(unit: Unit, node: Node) -> Iterator[Node]:
    """Yield the nodes within one, but for those in inner functions and classes."""
    stack = [node]
    for _ in range(_MOST_NODES):
        if not stack:
            return
        each = stack.pop()
        yield each
        inner = reversed(each.named_children)
        stack += (c for c in inner if not unit.is_function(c) and not unit.is_class(c))


def _parameter(unit: Unit, node: Node, found: dict[str, list[Local]]) -> None:
    name = node.child_by_field_name("name") or node.child_by_field_name("pattern")
    if name is None and node.named_child_count:
        name = node.named_children[0]
    name = node if node.type in NAMES else name
    if name is None:
        return
    said = node.child_by_field_name("type")
    value = node.child_by_field_name("value")
    whole = name.type in NAMES or name.type == "this"
    for each in [name] if whole else name.named_children[:1]:
        given = found.setdefault(unit.text(each, 400), [])
        if said is not None:
            given.append(Local("type", None, unit.text(said, 400)))
        if value is not None:
            given.append(Local("value", value))


def _assigned(unit: Unit, node: Node, found: dict[str, list[Local]]) -> None:
    kind = node.type
    if kind in ("assignment", "named_expression", "variable_declarator", "assignment_expression"):
        left = node.child_by_field_name("left") or node.child_by_field_name("name")
        right = node.child_by_field_name("right") or node.child_by_field_name("value")
        said = node.child_by_field_name("type")
        _bind(unit, left, right, said, found)
    elif kind in ("for_statement", "for_in_statement", "for_in_clause"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None and right is not None:
            named = left if left.type in NAMES else None
            for each in [named] if named is not None else left.named_children:
                found.setdefault(unit.text(each, 400), []).append(Local("item", right))
    elif kind == "as_pattern" and node.named_child_count > 1:
        alias = unit.text(node.named_children[-1], 400)
        found.setdefault(alias, []).append(Local("value", node.named_children[0]))


def _bind(
    unit: Unit,
    left: Node | None,
    right: Node | None,
    said: Node | None,
    found: dict[str, list[Local]],
) -> None:
    if left is None:
        return
    if left.type == "object_pattern" and right is not None:
        for each in left.named_children:
            key, local = each.child_by_field_name("key"), each.child_by_field_name("value")
            name = unit.text(local or each, 400)
            found.setdefault(name, []).append(Local("member", right, unit.text(key or each, 400)))
        return
    if left.type in ("pattern_list", "tuple_pattern", "array_pattern"):
        for each, value in zip(left.named_children, _taken_apart(left, right), strict=False):
            found.setdefault(unit.text(each, 400), []).append(value)
        return
    text = unit.text(left, 400)
    if left.type not in NAMES and NAME.fullmatch(text.rpartition(".")[2]) is None:
        return
    given = found.setdefault(text, [])
    if said is not None:
        given.append(Local("type", None, unit.text(said, 400)))
    if right is not None:
        given.append(Local("value", right))


def _taken_apart(left: Node, right: Node | None) -> Iterator[Local]:
    """Yield what several names at once are given."""
    if right is not None and right.type in ("expression_list", "tuple"):
        yield from (Local("value", each) for each in right.named_children)
    elif right is not None:
        yield from (Local("item", right) for _ in left.named_children)
