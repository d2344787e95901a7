"""Stop before the line that already stands below the cursor, or before what it would cut off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.completion.scope import opens_block
from glm_lsp.context.cursor import width

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_TELLING = 3
_COMMON = ("end", "else", "else:", "pass", "return", "#endif", "fi", "done", "esac", "});")
_JUMP = re.compile(r"\s*(?:return|raise|throw|break|continue|goto)\b")
_ENDIF = re.compile(r"\s*#\s*endif\b")
_CONDITIONAL = re.compile(r"^[ \t]*#[ \t]*(if|endif)", re.MULTILINE)
_CONDITION = re.compile(r"\b(?:if|unless)\b")


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Cut where the text arrives at the next line of the document."""
    cut = reached(draft.text, context)
    text, newline, last = draft.text.rpartition("\n")
    if cut is None and newline and _is_next(last, text, context):
        return draft.with_text(text.rstrip())  # Nothing tells, but it is where the block ends.
    return draft if cut is None else draft.with_text(draft.text[:cut].rstrip())


def reached(text: str, context: CursorContext) -> int | None:
    """Return where in `text` a copy of the document's next line starts, or what cuts that off."""
    below = [line.strip() for line in context.below if line.strip()][:2]
    if not below:
        return None
    lines = text.split("\n")
    start = 0
    for index, line in enumerate(lines):
        whole = line if index else context.head + line.lstrip()
        again = line.strip() and whole.strip() == below[0]
        again = again and (
            _tells(lines[index + 1 :], below) or (index == 1 and _is_body(line, lines[0], context))
        )
        if again or ((index or not context.head.strip()) and _cuts_off(whole, context)):
            return max(start - 1, 0)
        start += len(line) + 1
    return None


def _is_next(line: str, text: str, context: CursorContext) -> bool:
    """Tell whether a line behind a text is the next one of the document, as far in as that."""
    below = context.line_below
    if line.strip() != below.strip() or width(line) != width(below):
        return False
    if not _ENDIF.match(line) or context.is_cut_below:
        return True
    return _open(context.before + text) + _open(context.after) <= 0


def _open(code: str) -> int:
    """Count the conditions of a preprocessor that are open at the end."""
    found = _CONDITIONAL.findall(code)
    return 2 * found.count("if") - len(found)


def _tells(behind: list[str], below: list[str]) -> bool:
    """Tell whether a line like the next one is a copy: a common one by what follows it, too."""
    if len(below[0]) >= _TELLING and below[0] not in _COMMON:
        return True
    following = next((line.strip() for line in behind if line.strip()), "")
    return below[1:] == [following] and len(following) >= _TELLING


def _is_body(line: str, opener: str, context: CursorContext) -> bool:
    """Tell whether a line behind an opener is the body that the document has below it already."""
    further = not context.head.strip() and width(line) > width(context.head)
    return further and opens_block(opener, context.language) and line == context.line_below


def _cuts_off(line: str, context: CursorContext) -> bool:
    """Tell whether a line jumps away from the next line of the document, which does the same."""
    jump, below = _JUMP.match(line), context.line_below
    if jump is None or _CONDITION.search(line):
        return False
    return re.match(rf"{re.escape(jump.group())}\b", below) is not None
