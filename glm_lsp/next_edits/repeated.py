"""The same small change, made in some lines, waits in others.

How much must be alike, and how often it must have been made, is what real histories say
(`tests/bench/next_edits.py`): a place that was passed over says that the others are not meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.next_edits.patterns import Replacement, applied, is_name, replacements, tokens
from glm_lsp.next_edits.scopes import is_foreign
from glm_lsp.next_edits.waiting_line import WaitingLine
from glm_lsp.text import common_ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glm_lsp.next_edits.history import ChangedLine

    Pattern = tuple[Replacement, ...]

_NEAR, _FAR = 2, 3
_TELLING = 3
_MOST_LINES = 400
_VALUES = frozenset("None True False null nil undefined true false".split())
_RECENT = 3
_PASSED = 3
"""Times made for each place passed over; with less, the others are not meant."""


def repeated(
    lines: Sequence[str],
    code: Sequence[str],
    changes: Sequence[ChangedLine],
    elsewhere: Sequence[ChangedLine] = (),
) -> Iterator[WaitingLine]:
    """Yield the lines that wait for a change that the user has made in others, just now again.

    `lines` are the document's, as it is, and `code` the same without texts and comments;
    `changes` are those lines of it that were others, and `elsewhere` those of other documents.
    """
    every = [*changes, *elsewhere]
    moments = sorted({change.moment for change in every})[-_RECENT:]
    recent = {pattern_of(change, _NEAR) for change in every if change.moment in moments}
    for pattern in sorted(filter(None, recent), key=repr):
        made = [change for change in every if pattern_of(change, _NEAR) == pattern]
        if not any(is_otherwise(pattern, change) for change in every):
            here = [change for change in changes if pattern_of(change, _NEAR) == pattern]
            yield from _waiting(lines, code, pattern, made, here)


def is_otherwise(pattern: Pattern, change: ChangedLine) -> bool:
    """Tell whether the same was made something else of in another line."""
    known = {(each.left[-1], each.old): each.new for each in pattern}
    return any(
        known.get((each.left[-1], each.old), each.new) != each.new
        for each in replacements(change.before, change.after)
    )


def pattern_of(change: ChangedLine, neighbours: int) -> Pattern:
    """Return what was replaced in a line, each with so many neighbours."""
    return tuple(each.near(neighbours) for each in replacements(change.before, change.after))


def _waiting(
    lines: Sequence[str],
    code: Sequence[str],
    pattern: Pattern,
    made: Sequence[ChangedLine],
    here: Sequence[ChangedLine],
) -> Iterator[WaitingLine]:
    places = _places(lines, pattern)
    passed = passed_over(places, {change.line: change.moment for change in here})
    if passed and len(passed) >= len(made) // _PASSED:
        return
    for line, after in places.items():
        before = lines[line]
        if line in passed:
            continue
        is_code = _is_code(before, after, code[line])
        if is_code and any(is_foreign(code, line, name) for name in new_names(pattern)):
            continue
        if _is_enough(pattern, made, before, after, is_code=is_code):
            old, new = pattern[0].old, pattern[0].spelled
            yield WaitingLine(line, before, after, " ".join(old), new.strip(), len(made))


def passed_over(places: Iterable[int], made: Mapping[int, int]) -> set[int]:
    """Return the places behind the user, who goes from the first line made to the last.

    `made` are lines, each with its moment.
    """
    if not made:
        return set()
    in_order = sorted(made, key=lambda line: (made[line], line))
    first, last = in_order[0], in_order[-1]
    return {line for line in places if (line > last if first > last else line < last)}


def _is_code(before: str, after: str, code: str) -> bool:
    """Tell whether what would be replaced in a line begins outside of its texts and comments."""
    start, _, _ = common_ends(before, after)
    at = len(before[:start].rstrip()) - 1
    return before[at] == code[at] if at >= 0 else code.lstrip()[:1] == before.lstrip()[:1]


def new_names(pattern: Pattern) -> Iterator[str]:
    """Yield the names that a pattern brings in, but for members and keywords of a call."""
    for each in pattern:
        new = (each.left[-1], *each.new, each.right[0])
        for before, name, behind in zip(new, new[1:], new[2:], strict=False):
            if before != "." and behind != "=" and name not in each.old and is_name(name):
                yield name


def _is_number(replacement: Replacement) -> bool:
    return any(token[0].isdigit() for token in (*replacement.old, *replacement.new))


def _names_something(replacement: Replacement) -> bool:
    """Tell whether a name stands in what is replaced, or beside it."""
    told = (*replacement.left, *replacement.old, *replacement.right)
    return any(is_name(token) and token not in _VALUES for token in told)


def _places(lines: Sequence[str], pattern: Pattern) -> dict[int, str]:
    """Return the lines where the pattern's old tokens stand between its neighbours, changed."""
    every = (token for each in pattern for token in (*each.left, *each.old, *each.right))
    anchor = max((token for token in every if token[0] != "\0"), key=len, default="")
    if not anchor:
        return {}
    near = [number for number, line in enumerate(lines) if anchor in line][:_MOST_LINES]
    changed = ((number, applied(lines[number], pattern)) for number in near)
    return {number: after for number, after in changed if after is not None}


def _is_enough(
    pattern: Pattern, made: Sequence[ChangedLine], before: str, after: str, *, is_code: bool
) -> bool:
    """Tell whether what was made says enough of a place."""
    line = tokens(before)
    count = len(made)
    same = any(tokens(change.before) == line for change in made)
    if same and len(line) < _TELLING:
        return False
    if any(not each.old for each in pattern):
        return same and count >= (2 if is_code and len(line) > _TELLING else 3)
    if not is_code and any(map(_is_number, pattern)):
        return False  # A version, a size: each of them stands for itself.
    if not same and not any(map(_names_something, pattern)):
        return False  # A value that something quite different is given, too.
    alike = same or any(applied(before, pattern_of(change, _FAR)) == after for change in made)
    return count >= (2 if is_code else 3) and alike
