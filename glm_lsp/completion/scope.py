"""Where a completion is offered, how much is to be written there, and where that ends.

Invariants: where none is offered, no request is made and nothing leaves the machine; a
completion never leaves the block it was asked in. Blocks are told by indentation and by what
opens and closes them, which works in every language.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.context.cursor import width
from glm_lsp.languages import language_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glm_lsp.completion.types import CompletionRequest
    from glm_lsp.context.cursor import CursorContext
    from glm_lsp.settings import CompletionSettings
    from glm_lsp.text import Snapshot

LABEL = re.compile(
    r"\s*(?:(?:case\b.*|default|public|private|protected|signals|(?:public |private )?slots)\s*:"
    r"|case\b.*,\s*\Z)"
)
"""A label that may stand on the level of the line that opens its block."""
_CLOSING_TAIL = re.compile(r"[\s)\]}>\"'`]*(?:(?:[:;,]|=>)\s*)?(?:\{\s*)?\Z")
_LONGEST_LINE = 2_000
_ENDED = (";", "}", "*/", '"""', "'''")
_OPENER = re.compile(r"(?:(?<!:):|[{(\[]|=>|->|(?<!#)(?<!# )\b(?:do|then|else|begin))\s*\Z")
_WORD_OPENER = re.compile(
    r"^\s*(?:(?:local\s+)?function\b|(?:def|class|module) |(?:while|for|if|unless)\b)"
    r"(?![.:\[]| *=(?!=))"  # A name in languages in which it may be one.
)
_ENDED_BLOCK = re.compile(r"\bend\b")
CLOSER = re.compile(r"\s*(?:[)\]}]|(?:end|done|fi|esac)\b)")
"""The beginning of a line that closes a block."""
_CLOSER_BEGUN = re.compile(r"\s*(?:e|en|end|d|do|don|done|f|fi|es|esa|esac)")


def is_enabled(
    request: CompletionRequest,
    settings: CompletionSettings,
    allowed: Callable[[Snapshot], bool],
) -> bool:
    """Tell whether the document may have completions."""
    return (
        settings.enabled
        and request.snapshot.language not in settings.disabled_languages
        and allowed(request.snapshot)
    )


def is_useful(context: CursorContext) -> bool:
    """Tell whether a completion nobody called for would help at a cursor.

    Not inside a word or in front of code, where it would be in the way; not after a
    finished statement; not in a blank document, nor in lines no person wrote.
    """
    if not _CLOSING_TAIL.match(context.tail) or len(context.head) > _LONGEST_LINE:
        return False
    if context.head.strip() and context.head.rstrip().endswith(_ENDED):
        return False
    return bool(context.before.strip() or context.after.strip())


def is_multiline(context: CursorContext) -> bool:
    """Tell whether a block is to be written, or only the rest of the line.

    A block is asked for after something that opens one, and on a blank line whose block is
    still empty, which a comment introduces, or below which nothing of its block follows.
    """
    if context.tail.strip():
        return False
    if context.head.strip():
        return opens_block(context.head, context.language)
    above, below = context.line_above, context.line_below
    if not above:
        return False
    if opens_block(above, context.language) or is_comment(above, context.language):
        return True
    return not below or bool(CLOSER.match(below)) or width(below) < max(width(context.head), 1)


def opens_block(line: str, language: str) -> bool:
    """Tell whether a line opens a block."""
    record, code = language_named(language), line.rstrip()
    if record.prose or code.lstrip().startswith(record.line_comments):
        return False
    by_word = record.word_blocks and _WORD_OPENER.match(code) and not _ENDED_BLOCK.search(code)
    return bool(_OPENER.search(code) or by_word)


def is_comment(line: str, language: str) -> bool:
    """Tell whether a line is a comment, or a line of a longer one."""
    record = language_named(language)
    if not record.block_comments:
        return line.lstrip().startswith(record.line_comments)
    blocks = tuple(opening for opening, _ in record.block_comments)
    return line.lstrip().startswith((*record.line_comments, *blocks, "*"))


def block_end(text: str, context: CursorContext) -> int | None:
    r"""Find where `text`, inserted at the cursor, leaves the block; None while it has not.

    The end is decided by the first character of the line after it, so that a stream can be
    cut there. A closing line (`}`, `end`) on the level of the block's opener belongs to it.
    """
    first, line_end, _ = text.partition("\n")
    if _stays_in_line(first, context):
        return len(first) if line_end else None
    inside = _least_width(first, context)
    for line, start, after_blank in _lines_of_code(text):
        end = start + 1 + len(line)
        if end == len(text) and _CLOSER_BEGUN.fullmatch(line):
            return None  # The next characters tell whether it closes.
        if width(line) >= inside or _is_branch(line, context):
            if after_blank and _begins_paragraph(line, inside, context):
                return start
        elif not _closes(line, context):
            return start
        elif not opens_block(line, context.language):  # Unlike `} else {`.
            return None if end == len(text) else end
    return None


def _stays_in_line(first: str, context: CursorContext) -> bool:
    """Tell whether the block was not begun: what the line opens goes on, and ends, in it."""
    begun = not context.head.strip() or not first.strip()
    return not begun and not opens_block(first, context.language)


def _lines_of_code(text: str) -> Iterator[tuple[str, int, bool]]:
    """Yield the lines after the first that are not blank.

    With each: where the line before it ends, and whether that was blank.
    """
    lines = text.split("\n")
    start = len(lines[0])
    after_blank = False
    for line in lines[1:]:
        if line.strip():
            yield line, start, after_blank
        after_blank = not line.strip()
        start += 1 + len(line)


def _least_width(first: str, context: CursorContext) -> int:
    """Return how far the lines of the block at the cursor are indented at the least."""
    if context.head.strip():
        return width(context.head) + 1
    return width(context.head) if context.head else width(first)


def _closes(line: str, context: CursorContext) -> bool:
    """Tell whether a line closes the block that the cursor's line opens."""
    opener = context.head
    if not opener.strip() or not CLOSER.match(line) or width(line) < width(opener):
        return False
    below = context.line_below
    return below.strip() != line.strip() or width(below) != width(line)


def _is_branch(line: str, context: CursorContext) -> bool:
    """Tell whether a line is a branch of the block that the cursor's line opens, on its level."""
    opener = context.head
    begun = bool(opener.strip()) and width(line) == width(opener)
    return begun and LABEL.match(line) is not None


def _begins_paragraph(line: str, inside: int, context: CursorContext) -> bool:
    """Tell whether a line after a blank one is on the level of a block's first line again."""
    return not context.head.strip() and width(line) == inside and not CLOSER.match(line)
