"""Give the completion the indentation that the document has at the cursor.

Invariant: the lines keep their places relative to one another, unless they contradict themselves
or the document; tabs become spaces, or spaces tabs, only where the document has none of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.completion.lexer import is_text, unclosed, unopened
from glm_lsp.completion.scope import LABEL, opens_block
from glm_lsp.context.cursor import indentation, width

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_ON_LEVEL = re.compile(r"\s*(?:[)\]}#]|(?:end|done|fi|esac|else|elif|except|finally)\b)")
_GOES_ON = re.compile(r"(?:(?<!\*)/|[^\w\s)\]}'\";>`/])\s*\Z")


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Shift the lines as one, keep their shape, and use the document's tabs or spaces."""
    unit = unit_of(context)
    text = "\n".join(_in_style(draft.text.split("\n"), context, unit))
    if not context.head.strip():
        text = _on_blank_line(text, context, unit)
    elif draft.multiline:
        text = _after_opener(text, context, unit)
    elif context.head[-1:].isspace():
        text = text.lstrip(" \t")
    return draft.with_text(text)


def unit_of(context: CursorContext) -> str:
    """Return one level of the document's indentation, four spaces when it shows none."""
    blanks = _leads([*context.above[-40:], context.head, *context.below])
    if any(blank.startswith("\t") for blank in blanks):
        return "\t"
    widths = sorted({len(blank) for blank in blanks if len(blank) > 1})
    if not widths:
        return "\t" if context.head.startswith("\t") else "    "
    step = min(after - before for before, after in zip([0, *widths], widths, strict=False))
    return " " * max(2, min(8, step))


def _on_blank_line(text: str, context: CursorContext, unit: str) -> str:
    """Let the first line start at the cursor, and the others keep their distance from it."""
    lines = text.split("\n")
    while len(lines) > 1 and not lines[0].strip():
        lines.pop(0)
    if not context.head:
        return "\n".join(_in_empty_body(lines, context, unit))
    first = lines[0].lstrip(" \t")
    moved_by = width(context.head) - width(lines[0])
    if moved_by < 0:
        return "\n".join([first, *(_shifted(line, moved_by, unit) for line in lines[1:])])
    if not opens_block(first, context.language):
        return "\n".join([first, *lines[1:]])
    return "\n".join([first, *_as_body(lines[1:], width(context.head), unit)])


def _as_body(lines: list[str], here: int, unit: str) -> list[str]:
    """Indent the lines that follow an opener which stands at column `here`."""
    code = [line for line in lines if line.strip()]
    if not code:
        return lines
    body, least = width(code[0]), min(map(width, code))
    if 0 < body <= here and not _is_on_level(code[0]):
        # Written as if the first line stood at the margin.
        return [_shifted(line, here, unit) for line in lines]
    if here < least < body:
        # Written for another indentation, by other steps.
        scale = width(unit) / (body - least)
        return [
            _indented(line, here + round((width(line) - least) * scale), unit) for line in lines
        ]
    return lines


def _in_empty_body(lines: list[str], context: CursorContext, unit: str) -> list[str]:
    """Indent lines that belong into a block above a cursor at the margin."""
    above = context.line_above
    further = width(lines[0]) - width(above)
    if is_text(context.before, context.language):
        return lines
    if not opens_block(above, context.language):
        if further <= 0 or _GOES_ON.search(above) or unclosed(above, context.language):
            return lines
        return [_shifted(line, -further, unit) for line in lines]
    if further > 0:
        return lines
    if not lines[0].strip() or _is_on_level(lines[0]):
        return lines
    below = context.line_below
    closed = above.rstrip().endswith("{") and unopened(context.after, context.language)
    if closed and width(below) <= width(above) and not _is_on_level(below):
        return lines  # The block is not indented in this document.
    return [_shifted(line, width(above) + width(unit), unit) for line in lines]


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
    ours = _leads([*context.above, context.head, *context.below])
    theirs = _leads(lines)
    spaced = any(lead.startswith("  ") for lead in ours)
    if unit == "\t" and not spaced and not any("\t" in lead for lead in theirs):
        return [_indented(line, width(line), unit) for line in lines]
    if spaced and unit != "\t" and theirs and all("\t" in lead for lead in theirs):
        return [indentation(line).replace("\t", unit) + line.lstrip(" \t") for line in lines]
    return lines


def _leads(lines: Iterable[str]) -> list[str]:
    """Return the indentations of the lines that have one."""
    return [indentation(line) for line in lines if line.strip() and line[0] in " \t"]
