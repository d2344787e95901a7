"""What a written type says: `Optional[list[Shape]]`, `Map<string, Shape | undefined>`.

Invariant: it reads words; a type that it does not understand is read as far as it goes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(r"[A-Za-z_$][\w$.]*|\[\]|[\[\]<>|,&(]|=>")
_MOST_WORDS = 60
TRANSPARENT = frozenset(
    "Optional Union Annotated Awaitable Coroutine ClassVar Final Promise Readonly Partial Required"
    " NonNullable InstanceType NotRequired ReadOnly Required PromiseLike Mutable Arc Rc Box"
    " AsyncContextManager ContextManager AbstractContextManager AbstractAsyncContextManager".split()
)
CLASS_OF = frozenset({"Type", "type", "typeof"})
_SKIPPED = frozenset("readonly keyof infer unique asserts".split())


class Written(NamedTuple):
    """One name in a type, with what stands in its brackets; `many` after a `[]`."""

    name: str
    of: tuple[Written, ...] = ()
    many: bool = False


def written(text: str) -> list[Written]:
    """Return the alternatives that a type has."""
    text = text.strip().removeprefix("->").lstrip(":").replace('"', "").replace("'", "")
    tokens = _WORD.findall(text.removeprefix("typing."))[:_MOST_WORDS]
    return list(_alternatives(tokens))


def _alternatives(tokens: list[str]) -> Iterator[Written]:
    """Take alternatives from the front of the tokens, up to a comma or a bracket's end."""
    while tokens:
        word = tokens.pop(0)
        if word in ("|", "&") or word in _SKIPPED:
            continue
        if word == "(":
            continue
        if word in ("]", ">", ",", "=>", "["):
            tokens.insert(0, word)
            return
        if word == "[]":
            continue
        name = word.rpartition(".")[2] if word.startswith(("typing.", "t.")) else word
        of: list[Written] = []
        if tokens and tokens[0] in ("[", "<"):
            tokens.pop(0)
            of = list(_arguments(tokens))
        many = bool(tokens) and tokens[0] == "[]"
        if name in CLASS_OF and not of and tokens:  # TypeScript's `typeof Shape`.
            of = list(_alternatives(tokens))
        yield Written(name, tuple(of), many)


def _arguments(tokens: list[str]) -> Iterator[Written]:
    for _ in range(_MOST_WORDS):
        if not tokens:
            return
        yield from _alternatives(tokens)
        if not tokens or tokens.pop(0) in ("]", ">"):
            return
