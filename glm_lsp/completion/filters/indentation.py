"""Give the completion the indentation that the document has at the cursor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.completion.scope import opens_block
from glm_lsp.context.cursor import indentation, width

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_CLOSING = re.compile(r"\s*(?:[)\]}]|(?:end|done|fi|esac|else|elif|except|finally)\b)")


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Shift the lines as one, keep their shape, and use the document's tabs or spaces."""
    text = draft.text
    unit = unit_of(context)
    if not context.head.strip():
        text = _on_blank_line(text, context, unit)
    elif draft.multiline:
        text = _after_opener(text, context, unit)
    elif context.head[-1:].isspace():
        text = text.lstrip(" \t")
    lines = text.split("\n")
    return draft.with_text("\n".join([lines[0], *(_in_units(line, unit) for line in lines[1:])]))


def unit_of(context: CursorContext) -> str:
    """Return one level of the document's indentation, four spaces when it shows none."""
    lines = [*context.above[-40:], context.head, *context.below]
    blanks = [indentation(line) for line in lines if line.strip() and line[0] in " \t"]
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
        return "\n".join([first, *(_shifted(line, moved_by) for line in lines[1:])])
    if not opens_block(first, context.language):
        return "\n".join([first, *lines[1:]])
    return "\n".join([first, *_as_body(lines[1:], width(context.head), unit)])


def _as_body(lines: list[str], here: int, unit: str) -> list[str]:
    """Indent the lines that follow an opener which stands at column `here`."""
    code = [line for line in lines if line.strip()]
    if not code:
        return lines
    body, least = width(code[0]), min(map(width, code))
    if 0 < body <= here and not _CLOSING.match(code[0]):
        # Written as if the first line stood at the margin.
        return [_shifted(line, here) for line in lines]
    if here < least < body:
        # Written for another indentation, by other steps.
        scale = width(unit) / (body - least)
        return [_scaled(line, least, here, scale) for line in lines]
    return lines


def _in_empty_body(lines: list[str], context: CursorContext, unit: str) -> list[str]:
    """Indent lines that belong into a block above a cursor at the margin."""
    above = context.line_above
    if not opens_block(above, context.language) or width(lines[0]) > width(above):
        return lines
    if not lines[0].strip() or _CLOSING.match(lines[0]):
        return lines
    return [_shifted(line, width(above) + width(unit)) for line in lines]


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
    if width(body[0]) <= here and not _CLOSING.match(body[0]):
        shift = here + width(unit) - width(body[0])
        lines[1:] = [_shifted(line, shift) for line in lines[1:]]
    return "\n".join(lines)


def _shifted(line: str, columns: int) -> str:
    if not line.strip():
        return line
    return " " * max(0, width(line) + columns) + line.lstrip(" \t")


def _scaled(line: str, origin: int, here: int, scale: float) -> str:
    if not line.strip():
        return line
    columns = here + round((width(line) - origin) * scale)
    return " " * max(0, columns) + line.lstrip(" \t")


def _in_units(line: str, unit: str) -> str:
    """Write a line's indentation with the document's own characters."""
    blanks = indentation(line)
    if unit == "\t" and " " in blanks:
        columns = width(line)
        return "\t" * (columns // 4) + " " * (columns % 4) + line[len(blanks) :]
    if unit != "\t" and "\t" in blanks:
        levels = blanks.count("\t")
        return unit * levels + blanks.replace("\t", "") + line[len(blanks) :]
    return line
