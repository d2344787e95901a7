"""Let no bracket or quote be closed twice.

Editors put the closing one behind the cursor as soon as the opening one is typed; a model
writes it too. Where the completion goes on after it, the completion replaces it; where the
two cannot be made to fit, there is no completion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from glm_lsp.completion.lexer import PAIRS, has_open_string, is_text, masked, unclosed, unopened

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_CLOSING = ")]}\"'`"


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Replace the closers behind the cursor that the text brings itself; cut surplus ones."""
    text = draft.text
    if (cut := surplus(text, context)) is not None:
        text = text[:cut].rstrip()
    tail = context.tail
    most = len(tail) - len(tail.lstrip(_CLOSING))
    for replaced in range(most + 1):
        if _fits(text, replaced, context):
            return _shortest(attrs.evolve(draft, text=text, replaced=replaced), context)
    return draft.nothing()


def surplus(text: str, context: CursorContext) -> int | None:
    """Return where a bracket stands that closes nothing, neither in the text nor before it."""
    before = _statement(context)
    waiting = unclosed(before, context.language)
    if is_text(before, context.language):
        return None  # What the text closes first is the string or comment.
    for index in unopened(text, context.language, before):
        if not waiting or waiting[-1] != PAIRS[text[index]]:
            return index
        waiting.pop()
    return None


def _fits(text: str, replaced: int, context: CursorContext) -> bool:
    """Tell whether the line would read well with the text in it."""
    tail = context.tail
    if not tail.strip():
        return True
    before = _statement(context)
    whole = before + text + tail[replaced:]
    if has_open_string(whole, context.language) and not has_open_string(
        before + tail, context.language
    ):
        return False
    if replaced and not _brings(text, tail[:replaced], before, context.language):
        return False
    return _mismatches(whole, context.language) <= _mismatches(before + tail, context.language)


def _brings(text: str, closers: str, before: str, language: str) -> bool:
    """Tell whether a text closes, of what was open before it, what `closers` would close."""
    plain = before + text
    brackets = sum(closer in PAIRS for closer in closers)
    quotes = len(closers) - brackets
    opened_before = len(unclosed(before, language))
    gone = opened_before - _still_open(plain, opened_before, language)
    return brackets <= gone and (not quotes or has_open_string(before, language))


def _still_open(code: str, depth: int, language: str) -> int:
    """Count how many of the first `depth` open brackets were never closed."""
    waiting, least = 0, depth
    seen_depth = False
    for character in masked(code, language):
        if character in "([{":
            waiting += 1
        elif character in PAIRS and waiting:
            waiting -= 1
        seen_depth = seen_depth or waiting >= depth
        if seen_depth:
            least = min(least, waiting)
    return least


def _mismatches(code: str, language: str) -> int:
    """Count the brackets that close nothing, or something else."""
    waiting: list[str] = []
    wrong = 0
    for character in masked(code, language):
        if character in "([{":
            waiting.append(character)
        elif character in PAIRS:
            if waiting and waiting[-1] == PAIRS[character]:
                waiting.pop()
            else:
                wrong += 1
    return wrong


def _shortest(draft: Draft, context: CursorContext) -> Draft:
    """Leave out of both what the text ends with and what it replaces at its very end."""
    if draft.replaced and draft.text.endswith(context.tail[: draft.replaced]):
        shorter = attrs.evolve(draft, text=draft.text[: -draft.replaced], replaced=0)
        if _fits(shorter.text, 0, context):
            return shorter
    return draft


def _statement(context: CursorContext) -> str:
    """Return the text from the last line at the margin to the cursor."""
    lines = context.before.split("\n")
    first = len(lines) - 1
    while first > 0 and (not lines[first].strip() or lines[first][0] in " \t)]}"):
        first -= 1
    return "\n".join(lines[first:])
