"""A cursor, what is known around it, and which names its prompt shows anyhow.

Invariant: words of a language are no names of anybody's.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from glm_lsp.project.facts import WORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glm_lsp.project.definitions import Definition

ABOVE, BELOW = 100, 50
"""Lines around the cursor whose names the prompt shows anyhow."""

KEYWORDS = frozenset(
    "self None True False return import from class with async await yield lambda raise except"
    " finally while else elif pass break continue global assert isinstance super type object print"
    " range this const function interface export extends implements string number boolean"
    " undefined null void readonly public private protected static typeof instanceof keyof never"
    " unknown switch case default throw catch delete func struct package defer select chan error"
    " uint8 uint16 uint32 uint64 int8 int16 int32 int64 byte rune make append impl trait enum match"
    " loop move crate where unsafe Self Some Option Result String usize isize infer abstract"
    " declare namespace module require final throws char long short double float begin end then"
    " local using virtual override internal sealed unsigned signed sizeof typedef union extern"
    " template typename operator friend inline volatile foreach echo array list dict"
    " tuple bytes".split()
)


_BESIDE = re.compile(
    r"(?:^|/)(?:tests?|testing|testdata|__tests__|specs?|examples?|docs?|bench\w*|fixtures)/"
    r"|(?:^|/)test_|[._](?:test|spec)\.[a-z]+$",
    re.IGNORECASE,
)


@lru_cache(maxsize=4_096)
def beside_the_code(path: str) -> bool:
    """Tell whether a file is of tests, examples or the like: code uses little of theirs."""
    return _BESIDE.search(path) is not None


class Here(NamedTuple):
    """A cursor and what is known around it.

    Attributes:
        lines: the whole text.
        near: the words that the prompt shows anyhow.
        owner: the class around the cursor; "" for none.
        function: the function around it.
    """

    path: str
    lines: Sequence[str]
    line: int
    definitions: list[Definition]
    near: frozenset[str]
    owner: str
    function: Definition | None


def here_at(
    path: str, lines: Sequence[str], line: int, definitions: list[Definition], without: int = -1
) -> Here:
    """Look around a cursor; `without` is a line whose words are not to count as shown."""
    around = [*lines[max(0, line - ABOVE) : line], *lines[line : line + BELOW + 1]]
    if without >= 0:
        around = [*lines[max(0, line - ABOVE) : line], *lines[line + 1 : line + BELOW + 1]]
    near = frozenset(WORD.findall("\n".join(around)))
    enclosing = [each for each in definitions if each.line <= line <= each.last]
    enclosing.sort(key=lambda each: each.last - each.line)
    owner = next((each.name for each in enclosing if each.kind == "class"), "")
    owner = owner or next((each.owner for each in enclosing if each.owner), "")
    function = next((each for each in enclosing if each.kind == "function"), None)
    return Here(path, lines, line, definitions, near, owner, function)
