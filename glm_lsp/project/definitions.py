"""What one text defines: by its tree, without what stands within functions.

Invariant: a text with errors still gives what can be read of it; each definition is said in one
line, and its cost is bounded by the text's length.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.project.named import BLANKS, DEEPEST, LONGEST, LONGEST_TYPE, NAME, Named, first_name
from glm_lsp.project.rules import JAVASCRIPT, PYTHON, Rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_ATTRIBUTE = re.compile(
    r"\b(?:self|this)\.([A-Za-z_]\w*)[ \t]*(?::[ \t]*([^=\n]{1,80}))?=(?!=)[ \t]*([^\n]{0,80})"
)
_CALL = re.compile(r"(?:await |new )?([A-Za-z_][\w.]*)\(")
_MODIFIERS = re.compile(
    r"^(?:@[\w.]+(?:\([^()]*\))? |(?:public|protected|private|internal|final|static|sealed|export"
    r"|default|declare|pub|pub\([^()]*\)) )+"
)
"""What stands before a class and says little of how it is used."""
_DOC = 80
_SHOWN_TYPE = 16
"""Characters of a type that a signature shows; a longer one takes the room of another name."""
_MOST = 4_000
_NOTHING = frozenset({"None", "void", "()"})
_FUNCTION_VALUES = frozenset(
    "arrow_function function_expression function generator_function".split()
)
_BODIES = ("struct_type", "interface_type")


class Definition(NamedTuple):
    """One name that a file defines.

    Attributes:
        kind: "function", "class", "field", "variable" or "type".
        owner: the class that it is a member of; "" for none.
        line, last: its lines, from 0.
        signature: what it is, in one short line.
        parameters: their names, without the receiver.
        type: what a function returns, or what a field or variable is; "" when it is not said.
        bases: the names that a class is derived from.
        doc: the first line of what is said about it.
        path: its file, relative to the workspace's folder.
    """

    name: str
    kind: str
    owner: str
    line: int
    last: int
    signature: str
    parameters: tuple[str, ...] = ()
    type: str = ""
    bases: tuple[str, ...] = ()
    doc: str = ""
    path: str = ""


class Reader(Named):
    """Reads one tree."""

    def __init__(self, rules: Rules, source: bytes, path: str = "") -> None:
        super().__init__(rules, source)
        self._path = path
        self._attributes: set[tuple[str, str]] = set()
        self.found: list[Definition] = []
        self.imports: list[str] = []

    def read(self, root: Node) -> None:
        """Read all that the tree's top and its classes define."""
        self._walk(root, "", 0)

    def _walk(self, node: Node, owner: str, depth: int) -> None:
        if depth > DEEPEST or len(self.found) >= _MOST:
            return
        rules = self.rules
        before: Node | None = None
        for child in node.named_children:
            kind = child.type
            if kind in rules.imports and (
                kind not in rules.through or child.child_by_field_name("source") is not None
            ):
                self.imports.append(self.statement(child))
            self._child(child, kind, owner, depth, before)
            before = child

    def _child(self, child: Node, kind: str, owner: str, depth: int, before: Node | None) -> None:
        rules = self.rules
        if kind in rules.functions:
            self._function(child, owner, depth, before)
        elif kind in rules.classes:
            self._class(child, owner, depth, before)
        elif kind in rules.scopes:
            held = child.child_by_field_name("type")
            if (body := child.child_by_field_name("body")) is not None:
                self._walk(body, first_name(self.text(held)), depth + 1)
        elif kind in rules.spaces:
            body = child.child_by_field_name("body")
            self._walk(body if body is not None else child, "", depth + 1)
        elif kind in rules.types:
            name = self.name(child)
            self._add(child, name, "type", owner, self.line(child, 110))
            if child.child_by_field_name("value") is not None:
                self._walk(child, name, depth + 1)
            elif (held := child.child_by_field_name("type")) is not None:
                self._child(held, held.type, owner, depth + 1, before)
        elif kind in rules.fields or kind in rules.variables:
            self._values(child, owner, depth)
        elif rules.assigned and kind in _ASSIGNING:
            self._assigned(child, owner)
        if kind in rules.through:
            self._walk(child, owner, depth + 1)

    def _add(
        self,
        node: Node,
        name: str,
        kind: str,
        owner: str,
        signature: str,
        *,
        parameters: tuple[str, ...] = (),
        is_a: str = "",
        bases: tuple[str, ...] = (),
        doc: str = "",
    ) -> None:
        if name and len(name) <= LONGEST:
            first, last = node.start_point.row, node.end_point.row
            rest = (parameters, is_a, bases, doc, self._path)
            self.found.append(Definition(name, kind, owner, first, last, signature, *rest))

    def _function(self, node: Node, owner: str, depth: int, before: Node | None) -> None:
        name = self.name(node)
        if node.type == "method_definition" and not owner:
            return  # Of an object; or a call, where the tree has an error.
        if (receiver := node.child_by_field_name("receiver")) is not None:
            words = NAME.findall(self.text(receiver))
            owner = (words[1] if len(words) > 1 else words[-1]) if words else owner
        if "." in name or ":" in name:  # Lua says whose it is in the name.
            owner, _, name = name.replace(":", ".").rpartition(".")
        self._callable(node, node, name, owner, self._doc(node, before))
        body = node.child_by_field_name("body")
        if body is not None and owner and self.rules in (PYTHON, JAVASCRIPT):
            self._fields_of(body, owner, self._types_of_parameters(node))
        if name == "constructor" and self.rules is JAVASCRIPT:
            self._properties(node, owner)
        if body is not None and self.rules is PYTHON and depth < 2:
            self._inner(body)

    def _inner(self, body: Node) -> None:
        """Read the functions that stand right within a function: a decorator has one."""
        for child in body.named_children:
            inner = child.child_by_field_name("definition") or child
            if inner.type in self.rules.functions:
                self._callable(inner, inner, self.name(inner), "", "")

    def _callable(self, whole: Node, node: Node, name: str, owner: str, doc: str) -> None:
        parameters = tuple(self.parameters(node))
        returned = self.type(node)
        signature = f"{name}({', '.join(parameters)})"
        if returned and len(returned) <= _SHOWN_TYPE and returned not in _NOTHING:
            signature += f": {returned}"
        self._add(
            whole,
            name,
            "function",
            owner,
            signature[:LONGEST],
            parameters=parameters,
            is_a=returned,
            doc=doc,
        )

    def _class(self, node: Node, owner: str, depth: int, before: Node | None) -> None:
        name = self.name(node)
        body = node.child_by_field_name("body")
        held = node.child_by_field_name("type")
        inner = held if held is not None and held.type in _BODIES else body
        if node.type.endswith("_specifier") and body is None:
            return
        end = inner.start_byte if inner is not None else node.end_byte
        head = self.source[node.start_byte : min(end, node.start_byte + 600)]
        line = _MODIFIERS.sub("", BLANKS.sub(" ", head.decode("utf-8", "replace")), count=1)
        line = line.strip(" {:=")
        bases = tuple(self._bases(node))
        if self.rules is PYTHON:
            line = f"class {name}" + (f"({', '.join(bases)})" if bases else "")
        self._add(node, name, "class", "", line[:110], bases=bases, doc=self._doc(node, before))
        parameters = node.child_by_field_name("parameters")
        if parameters is not None:  # A record's.
            for each in self.parameters(node):
                self._add(node, each, "field", name, each)
        if inner is not None:
            self._walk(inner, name or owner, depth + 1)
        elif self.rules is not PYTHON:
            self._walk(node, name or owner, depth + 1)

    def _bases(self, node: Node) -> Iterator[str]:
        for field in ("superclasses", "superclass", "interfaces", "bounds"):
            if (held := node.child_by_field_name(field)) is not None:
                yield from (w for w in NAME.findall(self.line(held)) if w not in _WORDS)
        for child in node.named_children:
            if child.type in self.rules.bases:
                yield from (w for w in NAME.findall(self.line(child)) if w not in _WORDS)

    def _values(self, node: Node, owner: str, depth: int) -> None:
        """Read what a declaration of values gives names to; there may be several."""
        value = node.child_by_field_name("value")
        kind = "field" if owner else "variable"
        if value is not None and value.type in _FUNCTION_VALUES:
            self._callable(node, value, self.name(node), owner, "")
            return
        if self.declares_function(node):
            self._callable(node, node, self.name(node), owner, "")
            return
        is_a = self.type(node)
        named = list(self.declared(node))
        for name in named:
            if not is_a and value is not None and (made := _CALL.match(self.line(value, 80))):
                is_a = made.group(1)
            self._add(node, name, kind, owner, _typed(name, is_a), is_a=is_a)
        if (held := node.child_by_field_name("type")) is not None and depth < DEEPEST:
            inner = held.child_by_field_name("body")
            if inner is not None or held.type in self.rules.through:
                self._child(held, held.type, named[0] if named else owner, depth + 1, None)
        body = node.child_by_field_name("body")
        if node.type == "enum_variant" and body is not None:
            self._walk(body, owner, depth + 1)

    def _assigned(self, node: Node, owner: str) -> None:
        inner = node.named_children[0] if node.named_child_count else node
        if node.type == "call":
            self._accessors(node, owner)
            return
        if node.type in ("assignment", "assignment_statement"):
            inner = node
        left = inner.child_by_field_name("left") or (
            inner.named_children[0] if inner.named_child_count else None
        )
        right = inner.child_by_field_name("right")
        if left is None or "assignment" not in inner.type:
            return
        kind = "field" if owner else "variable"
        if left.type == "member_expression":
            self._property(inner, left, right)
            return
        is_a = self.type(inner)
        if not is_a and right is not None and (made := _CALL.match(self.line(right, 80))):
            is_a = made.group(1)
        several = left.type in ("pattern_list", "variable_list", "left_assignment_list")
        for each in left.named_children if several else [left]:
            if each.type in ("identifier", "constant"):
                name = self.text(each)
                self._add(inner, name, kind, owner, _typed(name, is_a), is_a=is_a)

    def _property(self, node: Node, left: Node, right: Node | None) -> None:
        """Read `exports.name = …` and `Class.prototype.name = function …`."""
        name = self.line(left.child_by_field_name("property"))
        whose = self.line(left.child_by_field_name("object"))
        owner = "" if whose.endswith("exports") else whose.removesuffix(".prototype")
        if owner and NAME.fullmatch(owner) is None:
            return
        if right is not None and right.type in _FUNCTION_VALUES:
            self._callable(node, right, name, owner, "")
        else:
            self._add(node, name, "field" if owner else "variable", owner, name)

    def _accessors(self, node: Node, owner: str) -> None:
        """Read Ruby's `attr_reader :a, :b`."""
        text = self.line(node)
        if text.startswith("attr_"):
            for name in re.findall(r":(\w+)", text):
                self._add(node, name, "field", owner, name)

    def _properties(self, node: Node, owner: str) -> None:
        """Read the parameters of a constructor that are fields, too."""
        held = node.child_by_field_name("parameters")
        for each in held.named_children if held is not None else ():
            first = each.named_children[0].type if each.named_child_count else ""
            if first in ("accessibility_modifier", "override_modifier"):
                name = self.line(each.child_by_field_name("pattern"))
                is_a = self.type(each)
                self._add(each, name, "field", owner, _typed(name, is_a), is_a=is_a)

    def _types_of_parameters(self, node: Node) -> dict[str, str]:
        held = node.child_by_field_name("parameters")
        some = held.named_children[:40] if held is not None else ()
        return {next(iter(self._parameter(each)), ""): self.type(each) for each in some}

    def _fields_of(self, body: Node, owner: str, said: dict[str, str]) -> None:
        """Read the fields that a method gives to its object; `said` are its parameters' types."""
        text = self.text(body)
        for match in _ATTRIBUTE.finditer(text):
            name = match.group(1)
            if (owner, name) in self._attributes:
                continue
            self._attributes.add((owner, name))
            value = match.group(3)
            made = _CALL.match(value)
            is_a = match.group(2) or (made.group(1) if made else said.get(value.strip(" ;"), ""))
            is_a = is_a.strip()[:LONGEST_TYPE]
            line = body.start_point.row + text.count("\n", 0, match.start())
            rest = ((), is_a, (), "", self._path)
            signature = _typed(name, is_a)
            self.found.append(Definition(name, "field", owner, line, line, signature, *rest))

    def _doc(self, node: Node, before: Node | None) -> str:
        body = node.child_by_field_name("body")
        if self.rules is PYTHON:
            if body is None or not body.named_child_count:
                return ""
            first = body.named_children[0]
            if first.type != "expression_statement" or not first.named_child_count:
                return ""
            if first.named_children[0].type != "string":
                return ""
            return _said(self.line(first, 300))
        if before is None or "comment" not in before.type:
            return ""
        near = node.start_point.row - before.end_point.row <= 1
        return _said(self.line(before, 300)) if near else ""


_MADE = re.compile(r"[\w.]*\.[a-z_]\w*")
"""What is called `shapes.made` is a function: what it returns is not said."""
_MARKS = re.compile(r"^[rRbBuU]{1,2}(?=[\"'])")
_ASSIGNING = frozenset("expression_statement assignment assignment_statement call".split())
_WORDS = frozenset("extends implements metaclass public private protected virtual".split())


def _said(text: str) -> str:
    """Return the first sentence of a comment, without what marks it as one."""
    text = _MARKS.sub("", text).strip("/*#!-<> \"'\n")
    return re.split(r"(?<=[.!?]) | \* ", text, maxsplit=1)[0][:_DOC].strip()


def _typed(name: str, is_a: str) -> str:
    said = is_a and len(is_a) <= _SHOWN_TYPE and not _MADE.fullmatch(is_a)
    return f"{name}: {is_a}" if said else name
