"""What is looked for in other files because of a document's changes, and what waits there.

Invariant: a name is replaced only where the index says that it means what was renamed; a small
change is made again only in lines that are alike to one in which it was made, at least twice.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.languages.lexer import masked
from glm_lsp.next_edits.patterns import TOKEN, applied, are_akin, renamed, tokens
from glm_lsp.next_edits.renamed import binding, is_in_class
from glm_lsp.next_edits.repeated import is_otherwise, new_names, pattern_of
from glm_lsp.next_edits.scopes import depth, header
from glm_lsp.next_edits.waiting_line import WaitingLine
from glm_lsp.project.sought import Sought

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glm_lsp.next_edits.history import ChangedLine
    from glm_lsp.next_edits.repeated import Pattern
    from glm_lsp.project.sought import FoundLine

_RECENT = 3
_MOST = 4
"""Of what is looked for at once."""
_NEAR = 2
_TELLING = 6
_FEWEST = 2
_CLASS = re.compile(r"\b(?:class|struct|interface|trait|object|enum|record)\s+([^\W\d]\w*)")
_FUNCTION = re.compile(r"\bdef\s+([^\W\d]\w*)\s*\(")
_MADE_BY = ("__init__", "__new__")


@frozen
class Wish:
    """What is looked for, and what would become of it.

    Attributes:
        sought: what the index is asked for.
        old, new: what changed; of a pattern, how it is said.
        pattern: of a small change; made on `made`.
    """

    sought: Sought
    old: str
    new: str
    done: int
    pattern: Pattern = ()
    made: tuple[ChangedLine, ...] = ()


class ChangedDocument:
    """A document that was changed: its lines, and what its history tells.

    Attributes:
        lines: what it says now.
        changes: those of its lines that were others.
    """

    def __init__(self, lines: Sequence[str], language: str, changes: Sequence[ChangedLine]) -> None:
        self.lines = lines
        self.changes = changes
        self._language = language

    @cached_property
    def code(self) -> list[str]:
        """The lines with the insides of strings and comments blanked out."""
        return masked("\n".join(self.lines), self._language).split("\n")


def wishes(sources: Sequence[ChangedDocument]) -> list[tuple[int, Wish]]:
    """Return what to look for on account of the documents, each with its number.

    Changes of all documents count their moments together; what is old is looked for no more.
    """
    every = [change for source in sources for change in source.changes]
    moments = sorted({change.moment for change in every})[-_RECENT:]
    recent = [change for change in every if change.moment in moments]
    pairs = {names for each in recent if (names := renamed(each.before, each.after))}
    found: list[tuple[int, Wish]] = []
    for number, source in enumerate(sources):
        found += [(number, wish) for wish in _renamed(source, pairs)]
    given_up = {(wish.old, wish.new) for _, wish in found}
    # Where lines came or went beside a line, it is a guess which became which.
    alone = [change for change in every if change.alone]
    for pattern in dict.fromkeys(pattern_of(change, _NEAR) for change in recent):
        made = tuple(change for change in alone if pattern_of(change, _NEAR) == pattern)
        wish = _small_change(pattern, made, every)
        if wish is not None and (wish.old, wish.new) not in given_up:
            found.append((0, wish))
    return found[:_MOST]


def waiting_in(
    found: Iterable[FoundLine], sought: Sequence[Wish]
) -> Iterator[tuple[str, WaitingLine]]:
    """Yield what waits in lines that were found, each with its document."""
    lines = list(found)
    bound = {
        (each.place, each.sought)
        for each in lines
        if each.columns and _is_bound(each, sought[each.sought].old)
    }
    seen: set[tuple[str, int]] = set()
    for each in lines:
        wish = sought[each.sought]
        if (each.place, each.line) in seen or (each.place, each.sought) in bound:
            continue
        after = _replaced(each, wish) if each.columns else _again(each, wish)
        if after is not None and after != each.text:
            seen.add((each.place, each.line))
            yield (
                each.place,
                WaitingLine(each.line, each.text, after, wish.old, wish.new, wish.done),
            )


# Names.


def _renamed(source: ChangedDocument, recent: set[tuple[str, str]]) -> Iterator[Wish]:
    for change in source.changes:
        names = renamed(change.before, change.after)
        if names is None or names not in recent or not change.alone:
            continue
        old, new = names
        bound = binding(change.before, old)
        if not bound or not are_akin(old, new) or old.strip("_") == new.strip("_"):
            continue
        if any(new == token for line in _others(source, names) for token in TOKEN.findall(line)):
            continue  # It means something else already.
        sought = _of_name(source.code, change.line, bound, old)
        if sought is not None:
            done = sum(renamed(c.before, c.after) == names for c in source.changes)
            yield Wish(sought, old, new, done)


def _others(source: ChangedDocument, names: tuple[str, str]) -> Iterator[str]:
    """Yield the lines in which the name was not replaced, and that would hold the new one."""
    ours = {c.line for c in source.changes if renamed(c.before, c.after) == names}
    old, new = names
    for number, line in enumerate(source.code):
        if number not in ours and new in line and old not in line and binding(line, new):
            yield line


def _of_name(code: Sequence[str], line: int, bound: str, old: str) -> Sought | None:
    if bound == "parameter":
        function = _FUNCTION.search(code[line])
        if function is None:
            return None
        name = function.group(1)
        owner = _class_around(code, line) if name in _MADE_BY else name
        return Sought("keyword", name=old, owner=owner) if owner else None
    if bound == "member":
        owner = _class_around(code, line)
        return Sought("member", name=old, owner=owner) if owner else None
    if bound == "definition" and is_in_class(code, line):
        owner = _class_around(code, line)
        return Sought("member", name=old, owner=owner) if owner else None
    outer = depth(code[line]) == 0 or (bound == "definition" and header(code, line) is None)
    return Sought("name", name=old) if outer else None


def _class_around(code: Sequence[str], line: int) -> str:
    """Return the name of the class around a line; "" where there is none."""
    column = depth(code[line])
    for at in range(line - 1, -1, -1):
        if code[at].strip() and depth(code[at]) < column:
            if (found := _CLASS.search(code[at])) is not None:
                return found.group(1)
            column = depth(code[at])
    return ""


def _is_bound(found: FoundLine, name: str) -> bool:
    """Tell whether a line gives the name to something of its own."""
    return bool(binding(found.code, name)) and not found.code.lstrip().startswith(
        ("from ", "import ", "export ")
    )


def _replaced(found: FoundLine, wish: Wish) -> str:
    text = found.text
    for column in sorted(found.columns, reverse=True):
        if text[column : column + len(wish.old)] == wish.old:
            text = text[:column] + wish.new + text[column + len(wish.old) :]
    return text


# Small changes.


def _small_change(
    pattern: Pattern, made: tuple[ChangedLine, ...], every: Sequence[ChangedLine]
) -> Wish | None:
    if not pattern or len({change.before for change in made}) == 0 or len(made) < _FEWEST:
        return None
    if any(is_otherwise(pattern, change) for change in every):
        return None
    first = tokens(made[0].before)
    common = [word for word in first if all(word in tokens(change.before) for change in made)]
    needed = {word for each in pattern for word in (*each.left, *each.old, *each.right)}
    words = tuple(dict.fromkeys(word for word in common if word in needed and len(word) > 1))
    if not words:
        return None
    sought = Sought("words", words, tuple(dict.fromkeys(new_names(pattern))))
    old, new = " ".join(pattern[0].old), pattern[0].spelled.strip()
    return Wish(sought, old, new, len(made), pattern, made)


def _again(found: FoundLine, wish: Wish) -> str | None:
    """Return a line with the small change; None unless it was made in two that say the same.

    Nobody has seen the other file yet, so that less than that would be a guess.
    """
    line = tokens(found.text)
    same = sum(tokens(change.before) == line for change in wish.made)
    if len(line) < _TELLING or same < _FEWEST:
        return None
    return applied(found.text, wish.pattern)
