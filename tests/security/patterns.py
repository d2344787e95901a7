"""Finds every regular expression of the program, and by which methods it is used.

Invariant: none is missed in silence. A pattern that a module holds, writes out in a call, makes
of parts or keeps in a language's record is found by itself; what only a function can make is
listed in `_made`, and `unread` returns the calls that neither covers.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import glm_lsp
from glm_lsp import characters
from glm_lsp.completion.filters import duplicate_prefix
from glm_lsp.context import patterns
from glm_lsp.languages import LANGUAGES, lexer
from glm_lsp.secrets import shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = (
    "match", "fullmatch", "search", "finditer", "findall", "sub", "subn", "split"
)  # fmt: skip
STAND_IN = "name"
"""What stands for a part of a pattern that is known only when it is made: an escaped name."""

Use = tuple[str, "re.Pattern[Any]", str]
"""Where a pattern is used, the pattern, and by which method."""


def uses() -> list[Use]:
    """Return every use of a pattern, the same pattern and method once."""
    found = [use for module in _modules() for use in _of_module(module)]
    found += _made()
    for language in LANGUAGES:
        for name, method in _RECORDED.items():
            if source := getattr(language, name):
                found.append((f"{language.name}.{name}", re.compile(source), method))
    return list(
        {(pattern, method): (at, pattern, method) for at, pattern, method in found}.values()
    )


def unread() -> list[str]:
    """Return the calls whose pattern is known from nowhere: neither the source, nor `_made`."""
    return [
        f"{module.__name__}:{node.lineno} {ast.unparse(node)}"
        for module in _modules()
        for node in _nodes(module, ast.Call)
        if _is_re(node) and _text(node.args[0], module) is None and not _is_elsewhere(node, module)
    ]


def _is_elsewhere(node: ast.Call, module: Any) -> bool:
    """Tell whether a call takes a pattern from a language's record, or is one of `_made`."""
    pattern = node.args[0]
    recorded = isinstance(pattern, ast.Attribute) and pattern.attr in _RECORDED
    return recorded or module in (characters, duplicate_prefix, lexer, patterns, shapes)


_RECORDED = {"import_line": "match", "import_list": "fullmatch"}
"""The patterns in a language's record, and how they are used."""


def _made() -> list[Use]:
    """Return the patterns that functions make, each as its module uses it."""
    found: list[Use] = []
    for language in LANGUAGES:
        tokens = lexer._tokens(language.name)
        found += [(f"tokens of {language.name}", tokens, way) for way in ("sub", "finditer")]
    found += [("a known key", shape, "finditer") for _, shape in shapes._compiled()]
    odd = patterns._segment("[Aa]a*a?[!b]*[[:alpha:]]")
    found += [("an exclusion", re.compile(piece.text), "search") for piece in odd if piece.odd]
    for token in (f"@{STAND_IN}", STAND_IN, "//"):
        for pattern in (duplicate_prefix._alone(token), duplicate_prefix._like(token)):
            found.append((f"{token} again", re.compile(pattern), "findall"))
    for way in ("sub", "findall", "search"):
        found += [
            ("what is unseen", made, way) for made in (characters._every(), characters._ASCII)
        ]
    return found


def _modules() -> Iterator[Any]:
    for info in pkgutil.walk_packages(glm_lsp.__path__, "glm_lsp."):
        if not info.name.endswith("__main__") and ".samples" not in info.name:
            yield importlib.import_module(info.name)


def _nodes(module: Any, kind: type[Any]) -> Iterator[Any]:
    source = ast.parse(Path(module.__file__).read_text("utf-8"))
    return (node for node in ast.walk(source) if isinstance(node, kind))


def _of_module(module: Any) -> Iterator[Use]:
    """Yield the patterns that a module holds or writes out, with the methods that it uses."""
    waiting = {id(p): p for value in vars(module).values() for p in _patterns(value)}
    loose: set[str] = set()  # Methods of what the module has no name for: a loop's variable.
    for node in _nodes(module, ast.Call):
        text = _text(node.args[0], module) if _is_re(node) else None
        if text is not None and node.func.attr != "compile":
            yield f"{module.__name__}:{node.lineno}", re.compile(text, _flags(node)), node.func.attr
    for node in _nodes(module, ast.Attribute):  # It may be called, or handed on to `map`.
        owners = _owners(node.value, module) if node.attr in METHODS else []
        for pattern in owners:
            waiting.pop(id(pattern), None)
            yield f"{module.__name__}:{node.lineno}", pattern, node.attr
        if not owners and node.attr in METHODS and not _is_module_re(node.value):
            loose.add(node.attr)
    for pattern in (*waiting.values(), *_within_functions(module)):
        for way in loose - {"split"} or ("search",):  # Texts have a `split`, too.
            yield f"{module.__name__} somewhere", pattern, way


def _within_functions(module: Any) -> Iterator[re.Pattern[Any]]:
    """Yield the patterns that functions compile from what is written out in them."""
    for function in _nodes(module, ast.FunctionDef):
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Call)
                and _is_re(node)
                and ast.unparse(node.func) == "re.compile"
            ):
                text = _text(node.args[0], module)
                if text is not None:
                    yield re.compile(text, _flags(node))


def _patterns(value: Any) -> Iterator[re.Pattern[Any]]:
    """Yield the patterns that a value of a module is or holds."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, (tuple, list)):
        yield from (inner for each in value for inner in _patterns(each))
    elif isinstance(value, dict):
        yield from (inner for each in value.values() for inner in _patterns(each))


def _owners(node: ast.expr, module: Any) -> list[re.Pattern[Any]]:
    """Return the patterns that the owner of a method may be."""
    if isinstance(node, ast.Name):
        return [p for p in (getattr(module, node.id, None),) if isinstance(p, re.Pattern)]
    if isinstance(node, ast.IfExp):
        return [*_owners(node.body, module), *_owners(node.orelse, module)]
    return []


def _is_re(node: ast.Call) -> bool:
    """Tell whether a call is one of the module `re` with a pattern."""
    called = node.func
    return (
        isinstance(called, ast.Attribute)
        and _is_module_re(called.value)
        and called.attr in (*METHODS, "compile")
    )


def _is_module_re(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "re"


def _text(node: ast.expr, module: Any) -> str | bytes | None:
    """Return a pattern's source, with a name for what is known only later; None for all of it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
        return node.value
    if isinstance(node, ast.Name):
        known = getattr(module, node.id, None)
        return str(known) if isinstance(known, (str, int)) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_part(part, module) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left, module), _text(node.right, module)
        return left + right if isinstance(left, str) and isinstance(right, str) else None
    return None


def _part(node: ast.expr, module: Any) -> str:
    inner = node.value if isinstance(node, ast.FormattedValue) else node
    text = _text(inner, module)
    return text if isinstance(text, str) else STAND_IN


def _flags(node: ast.Call) -> int:
    """Return the flags that a call names: `re.A | re.B`, wherever it puts them."""
    given = [*node.args[1:], *(word.value for word in node.keywords)]
    names = [
        part.attr
        for each in given
        for part in ast.walk(each)
        if isinstance(part, ast.Attribute) and _is_module_re(part.value)
    ]
    flags = [getattr(re, name) for name in names if isinstance(getattr(re, name), re.RegexFlag)]
    return sum({int(flag) for flag in flags})
