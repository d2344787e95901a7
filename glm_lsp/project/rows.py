"""Definitions as rows of text, in which an index keeps them: a few times smaller than objects.

Invariant: a row says all of a definition but its file, and has neither tabs nor breaks within its
fields; what an index must know of every definition stands first.
"""

from __future__ import annotations

import re

from glm_lsp.project.definitions import Definition

MOST = 0xFFFF
"""Rows of a file."""
_KINDS = {"f": "function", "c": "class", "a": "field", "v": "variable", "t": "type"}
_LETTERS = {kind: letter for letter, kind in _KINDS.items()}
_BETWEEN = "\x1f"
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

Outline = tuple[str, str, str, tuple[str, ...]]
"""A name, its kind, its owner and its parameters."""


def row_of(each: Definition) -> bytes:
    """Return a definition as a row."""
    parameters, bases = (
        _BETWEEN.join(_CONTROLS.sub(" ", one) for one in some)
        for some in (each.parameters, each.bases)
    )
    signature = "" if each.signature == each.name else each.signature
    fields = (each.name, _LETTERS[each.kind], each.owner, signature, each.type, each.doc)
    name, kind, owner, signature, is_a, doc = (_CONTROLS.sub(" ", field) for field in fields)
    lines = (str(each.line), str(each.last))
    row = "\t".join((name, kind, owner, parameters, *lines, signature, is_a, bases, doc))
    return row.encode("utf-8", "replace")


def outline_of(row: bytes) -> Outline:
    """Return the fields of a row that stand first."""
    name, kind, owner, parameters, _ = row.decode().split("\t", 4)
    named = tuple(parameters.split(_BETWEEN)) if parameters else ()
    return name, _KINDS[kind], owner, named


def kind_of(row: bytes) -> str:
    """Return the kind that a row says."""
    at = row.index(b"\t") + 1
    return _KINDS[row[at : at + 1].decode()]


def definition_of(row: str, path: str) -> Definition:
    """Return the definition of a row, as one of a file."""
    name, kind, owner, given, line, last, signature, is_a, bases, doc = row.split("\t")
    return Definition(
        name,
        _KINDS[kind],
        owner,
        int(line),
        int(last),
        signature or name,
        tuple(given.split(_BETWEEN)) if given else (),
        is_a,
        tuple(bases.split(_BETWEEN)) if bases else (),
        doc,
        path,
    )
