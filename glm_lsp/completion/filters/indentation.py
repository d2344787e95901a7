"""Give the completion the indentation that the document has at the cursor.

Invariant: the lines keep their places relative to one another, unless they contradict themselves
or the document; tabs become spaces, or spaces tabs, only where the document has none of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.completion.scope import CLOSER, LABEL, is_comment, opens_block
from glm_lsp.context.cursor import indentation, leads, width
from glm_lsp.languages import language_named
from glm_lsp.languages.lexer import PAIRS, masked, unclosed, unopened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_ON_LEVEL = re.compile(r"\s*(?:[)\]}#]|(?:end|done|fi|esac|else|elif|except|finally)\b)")
_DIRECTIVE = re.compile(r"\s*(?:#|=[a-z])")  # A preprocessor's, or one that begins a manual.
_MANUAL = re.compile(r"\s*=[a-z]+\b(?!\s*[=~(])")
_LIST = re.compile(r"\s*(?:[-*+o•]|\d+[.)])\s")
_GOES_ON = re.compile(r"(?:(?<!\*)/|[^\w\s)\]}'\";>`/])\s*\Z")


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Shift the lines as one, keep their shape, and use the document's tabs or spaces."""
    unit = context.unit
    text = "\n".join(_in_style(draft.text.split("\n"), context, unit))
    if not context.head.strip():
        text = _on_blank_line(draft, text, context, unit)
    elif draft.multiline:
        text = _after_opener(text, context, unit)
    elif context.head[-1:].isspace():
        text = text.lstrip(" \t")
    return draft.with_text(text)


def _on_blank_line(draft: Draft, text: str, context: CursorContext, unit: str) -> str:
    """Let the first line start at the cursor, and the others keep their distance from it."""
    lines = text.split("\n")
    while len(lines) > 1 and not lines[0].strip():
        lines.pop(0)
    if not context.head:
        alone = not draft.multiline or not _code(lines[1:])
        return "\n".join(_at_margin(lines, context, unit, alone=alone))
    first, lead = lines[0].lstrip(" \t"), indentation(lines[0])
    moved_by = width(context.head) - width(lines[0])
    if moved_by < 0:
        if lead.startswith(context.head) and all(line.startswith(lead) for line in _code(lines)):
            kept = (context.head + line[len(lead) :] if line.strip() else line for line in lines)
            return "\n".join([first, *list(kept)[1:]])
        return "\n".join([first, *(_shifted(line, moved_by, unit) for line in lines[1:])])
    if opens_block(first, context.language) and not _is_placed(first, lines[1:], context):
        lines[1:] = _as_body(lines[1:], width(context.head), unit)
    return "\n".join([first, *lines[1:]])


def _is_placed(first: str, lines: list[str], context: CursorContext) -> bool:
    """Tell whether lines behind an opener stand where they may, as far as anybody can tell."""
    here, code = width(context.head), _code(lines)
    if not code:
        return True
    goes_on = first.startswith(".") or (
        _goes_on(context)
        and (first.rstrip().endswith(":") or not context.line_above.rstrip().endswith(","))
    )
    if goes_on and width(code[0]) == here:
        return True  # A level more than where the statement begins.
    least, body = min(map(width, code)), indentation(code[0])
    if any(char in "([{" and here + at == least for at, char in enumerate(first)):
        return True  # As far in as the bracket.
    # Tabs here and blanks there cannot be compared.
    return not (body.startswith(context.head) or context.head.startswith(body))


def _as_body(lines: list[str], here: int, unit: str) -> list[str]:
    """Indent the lines that follow an opener which stands at column `here`."""
    code = _code(lines)
    body, least = width(code[0]), min(map(width, code))
    closed = least == body and CLOSER.match(code[-1]) and width(code[-1]) == body
    if 0 < body <= here and not _is_on_level(code[0]) and not closed:
        # Written as if the first line stood at the margin.
        return [_shifted(line, here, unit) for line in lines]
    if here < least < body and any(_is_on_level(line) for line in code if width(line) == least):
        # Written for another indentation, by other steps.
        scale = width(unit) / (body - least)
        return [
            _indented(line, here + round((width(line) - least) * scale), unit) for line in lines
        ]
    return lines


def _at_margin(lines: list[str], context: CursorContext, unit: str, *, alone: bool) -> list[str]:
    """Indent lines, of which perhaps the first alone is meant, behind a cursor at the margin."""
    above, below, first = context.line_above, context.line_below, width(lines[0])
    at_margin = [_shifted(line, -first, unit) for line in lines]
    manual = language_named(context.language).manual
    if manual and _MANUAL.match(lines[0]):
        return at_margin
    if not manual and context.is_in_text:
        paragraph = alone and not _LIST.match(above) and _is_within_paragraph(context)
        return at_margin if paragraph else lines
    if _DIRECTIVE.match(lines[0]) and not is_comment(lines[0], context.language):
        return at_margin
    if not opens_block(above, context.language):
        if not first:
            return lines
        if _belongs_to_margin(lines[0], context, alone=alone):
            return at_margin
        further = first - _level_above(context)
        if further <= 0 or _goes_on(context) or unclosed(above, context.language):
            return lines
        return [_shifted(line, -further, unit) for line in lines]
    if first > width(above) or not lines[0].strip() or _is_on_level(lines[0]):
        return lines
    closed = above.rstrip().endswith("{") and (
        context.is_cut_below or unopened(context.after, context.language)
    )
    if closed and _level(below) <= width(above) and not _is_on_level(below):
        return lines  # The block is not indented in this document.
    column = width(above) + width(unit)
    below = _next(context)
    if alone and opens_block(lines[0], context.language) and below and width(below) <= column:
        return lines  # Its own body is no further in.
    return [_shifted(line, column - first, unit) for line in lines]


def is_margin_open(text: str, context: CursorContext) -> bool:
    """Tell whether only a whole answer tells how far in the first line of a text stands."""
    if context.head:
        return False
    opened = opens_block(context.line_above, context.language)
    return bool(_next(context)) if opened else text[:1].isspace()


def _belongs_to_margin(line: str, context: CursorContext, *, alone: bool) -> bool:
    """Tell whether an indented line can only stand at the margin, by what is around."""
    if CLOSER.match(line):
        return width(line) >= _level_above(context)  # It closes no block that is further in.
    below = _next(context)
    if not alone or not below:
        return False
    if is_comment(line, context.language):
        return not _level(below)  # It is about that line.
    if opens_block(line, context.language):
        return 0 < width(below) <= width(line)  # Which is its body.
    return below.startswith("{")


def _next(context: CursorContext) -> str:
    """Return the line right below the cursor; "" where that is blank, or closes a block."""
    below = context.below[0] if context.below else ""
    return "" if not below.strip() or CLOSER.match(below) else below


def _is_within_paragraph(context: CursorContext) -> bool:
    """Tell whether the lines right above and right below the cursor stand at the margin."""
    around = (*context.above[-1:], *context.below[:1])
    return all(line.strip() and not width(line) for line in around)


def _level(line: str) -> int:
    """Return the column of a line; of the comment's that it is a line of."""
    return width(line) - (indentation(line)[-1:] == " " and line.lstrip().startswith("*"))


def _level_above(context: CursorContext) -> int:
    """Return the column of the line where the statement above begins, or the comment."""
    code = masked(context.before, context.language).split("\n")[:-1]
    depth = 0
    for line, seen in zip(reversed(context.above), reversed(code), strict=True):
        for char in reversed(seen):
            depth += char in PAIRS
            depth -= depth > 0 and char in "([{"
        within = line.lstrip().startswith("*") and not seen.strip()
        if line.strip() and not depth and not within:
            return width(line)
    return 0


def _goes_on(context: CursorContext) -> bool:
    """Tell whether the statement above goes on at the cursor."""
    above, language = context.line_above, context.language
    ends = is_comment(above, language) or opens_block(above, language)
    return not ends and _GOES_ON.search(above) is not None


def _after_opener(text: str, context: CursorContext, unit: str) -> str:
    """Put a block's body on lines of its own, one level deeper than its opener."""
    if not opens_block(context.head, context.language):
        return text
    if re.match(r"[ \t]{2,}\S", text):
        text = "\n" + text
    lines = text.split("\n")
    body = [line for line in lines[1:] if line.strip()]
    if not body or lines[0].strip():
        return text
    here = width(context.head)
    if width(body[0]) <= here and not _is_on_level(body[0]):
        shift = here + width(unit) - width(body[0])
        lines[1:] = [_shifted(line, shift, unit) for line in lines[1:]]
    return "\n".join(lines)


def _is_on_level(line: str) -> bool:
    """Tell whether a line stands on the level of the one that opens a block.

    So do closers, branches, labels and macros.
    """
    return bool(_ON_LEVEL.match(line) or LABEL.match(line))


def _shifted(line: str, columns: int, unit: str) -> str:
    """Move a line; what it has of tabs and spaces for alignment stays."""
    if unit == "\t" and columns % width(unit) == 0:
        tabs = columns // width(unit)
        if tabs >= 0 or line.startswith("\t" * -tabs):
            return "\t" * tabs + line[max(0, -tabs) :] if line.strip() else line
    return _indented(line, width(line) + columns, unit)


def _indented(line: str, columns: int, unit: str) -> str:
    """Return a line that begins at a column, in the document's own characters."""
    if not line.strip():
        return line
    tabs, spaces = divmod(max(0, columns), width(unit)) if unit == "\t" else (0, max(0, columns))
    return "\t" * tabs + " " * spaces + line.lstrip(" \t")


def _in_style(lines: list[str], context: CursorContext, unit: str) -> list[str]:
    """Return an answer's lines with tabs or spaces as the document has, where it has but one."""
    theirs = leads(lines)
    spaced = any(lead.startswith("  ") for lead in (*context.leads, context.head))
    tabbed = any("\t" in lead for lead in context.leads)
    if unit == "\t" and not spaced and not any("\t" in lead for lead in theirs):
        return [_indented(line, width(line), unit) for line in lines]
    if spaced and not tabbed and theirs and all(set(lead) == {"\t"} for lead in theirs):
        return [indentation(line).replace("\t", unit) + line.lstrip(" \t") for line in lines]
    return lines


def _code(lines: Iterable[str]) -> list[str]:
    """Return the lines that are not blank."""
    return [line for line in lines if line.strip()]
