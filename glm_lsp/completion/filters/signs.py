"""Tell by what is around whether signs repeat the beginning of the line, or go on with it.

Between the signs of a comment's mark an answer may be the rest of a longer mark, or all of a
shorter one; a ruler may be as long as its title. Invariant: only the document decides, and None is
said where it shows nothing.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from glm_lsp.languages import language_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from glm_lsp.context.cursor import CursorContext

_FAR_MORE = 4
_RULER = 3  # Signs at the least.
_MARK = re.compile(r"\s*([^\w\s]*)")
_MANUAL = re.compile(r"=[a-z]")
_DIRECTIVE = re.compile(r"#[ \t]*(?:if|elif|else|endif|include|define|undef|pragma|error)")


def is_again(line: str, bare: str, context: CursorContext) -> bool | None:
    """Tell whether an answer that begins as the signs of the cursor's line do repeats them."""
    ways = (_by_grammar, _by_title, _by_neighbours, _by_rows)
    return next((told for way in ways if (told := way(line, bare, context)) is not None), None)


def _by_grammar(line: str, bare: str, context: CursorContext) -> bool | None:
    """Tell that a sign is repeated which stands only once before such a word."""
    record = language_named(context.language)
    if line == "=" and context.head == line and record.manual and _MANUAL.match(bare):
        return True
    directives = "#" not in record.line_comments and "//" in record.line_comments
    return True if line == "#" and directives and _DIRECTIVE.match(bare) else None


def _by_title(line: str, bare: str, context: CursorContext) -> bool | None:
    """Tell of a row of one sign by the title above or below it, which is as long."""
    beside = {len(text.strip()) for text in (*context.above[-1:], *context.below[:1])}
    return _by_row(line, bare, lambda row: len(row) >= _RULER and len(row) in beside)


def _by_rows(line: str, bare: str, context: CursorContext) -> bool | None:
    """Tell of a row of one sign by the other rows."""
    around = {text.strip() for text in (*context.above, *context.below)}
    return _by_row(line, bare, lambda row: row in around)


def _by_row(line: str, bare: str, fits: Callable[[str], bool]) -> bool | None:
    """Tell of a row of one sign by what only one of the two would fit to."""
    row = bare.partition("\n")[0].rstrip()
    if len(set(line + row)) > 1 or len(line + row) < _RULER:
        return None
    once, twice = fits(row), fits(line + row)
    return once if once != twice else None


def _by_neighbours(line: str, bare: str, context: CursorContext) -> bool | None:
    """Tell by which of two marks follows the one above here, or comes before the one below."""
    if len(line) >= _RULER:
        return None
    one = _mark(bare)
    above, below = list(map(_mark, context.above)), list(map(_mark, context.below))
    pairs = [*pairwise(above), *pairwise(below)]
    followers = [behind for before, behind in pairs if [before] == above[-1:]]
    forerunners = [before for before, behind in pairs if [behind] == below[:1]]
    for marks in (followers, forerunners):
        once, twice = marks.count(one), marks.count(line + one)
        if twice > _FAR_MORE * once:
            return False
        if once > _FAR_MORE * twice:
            return True
    return None


def _mark(line: str) -> str:
    """Return the signs that a line begins with."""
    found = _MARK.match(line)
    return found.group(1) if found else ""
