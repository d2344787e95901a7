"""What gives a field or a variable of the index its value, in its file.

Invariant: it looks at the lines of one class, and at so many of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from glm_lsp.project.definitions import Definition
    from glm_lsp.project.units import Unit

_KINDS = frozenset(
    "assignment assignment_expression variable_declarator public_field_definition field_definition"
    " property_signature required_parameter optional_parameter type_alias_statement".split()
)
_MOST_LINES, _MOST_FOUND = 3_000, 8


def assignments(unit: Unit, each: Definition) -> Iterator[Node]:
    """Yield what gives a field or a variable its value: where it is defined, then elsewhere."""
    named = re.compile(rf"(?<![\w$]){re.escape(each.name)}(?![\w$])")
    found = 0
    for line in dict.fromkeys([each.line, *_elsewhere(unit, each)]):
        for match in named.finditer(unit.lines[line]) if line < len(unit.lines) else ():
            node = unit.at(line, match.start())
            for _ in range(4):
                if node is None or node.type in _KINDS:
                    break
                node = node.parent
            if node is not None and node.type in _KINDS:
                yield node
                found += 1
                break
        if found >= _MOST_FOUND:
            return


def _elsewhere(unit: Unit, each: Definition) -> Iterator[int]:
    """Yield the lines of its class that assign a field."""
    if each.kind != "field":
        return
    mark = re.compile(rf"(?:self|this)\.{re.escape(each.name)}\s*(?::[^=\n]+)?=(?!=)")
    for owner in unit.definitions:
        if owner.name == each.owner and owner.line <= each.line <= owner.last:
            last = min(owner.last + 1, owner.line + _MOST_LINES, len(unit.lines))
            yield from (at for at in range(owner.line, last) if mark.search(unit.lines[at][:300]))
            return
