"""Let no bracket or quote be closed twice.

Editors put the closing one behind the cursor as soon as the opening one is typed; a model
writes it too. Where the completion goes on after it, the completion replaces it; where the
two cannot be made to fit, there is no completion. What the lines below close stays theirs.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs
from attrs import frozen

from glm_lsp.context.cursor import indentation
from glm_lsp.languages import language_named
from glm_lsp.languages.lexer import PAIRS, has_open_string, is_text, masked, unclosed, unopened

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_GOES_ON = re.compile(r"(?:[^\w\s)\]}/;]|\b(?:do|and|or|then)|\bfunction\s*\w*\([^()]*\))\s*\Z")
_BEGINS_ON = re.compile(r"\s*[&|?:.+*/<>=-]")
_QUOTE = re.compile(r"[\"'`]")
_CLOSING = ")]}\"'`"


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Replace the closers behind the cursor that the text brings itself; cut surplus ones."""
    text = draft.text
    if _closes_far(text, context):
        return draft
    if (cut := surplus(text, context)) is not None:
        text = text[:cut].rstrip()
    line = _line(text, context)
    if not line.tail.strip():
        return draft.with_text(line.without_theirs(text))
    most = len(line.tail) - len(line.tail.lstrip(_CLOSING))
    first = not line.is_sound()
    ways: list[tuple[bool, ...]] = [(first,), (not first,)]
    if context.is_cut_below and "}" in line.tail[:most]:
        ways.insert(0, (False, True))  # One too many would close what ends out of sight.
    for way in ways:
        for replaced in range(most + 1):
            if line.takes(text, replaced, way):
                return _shortest(attrs.evolve(draft, text=text, replaced=replaced), line, way)
    return draft.nothing()


def surplus(text: str, context: CursorContext) -> int | None:
    """Return where a bracket stands that closes nothing, neither in the text nor before it."""
    if not any(closer in text for closer in PAIRS):
        return None
    before = _statement(context)
    waiting = unclosed(before, context.language)
    if _closes_far(text, context) or is_text(_told_by(before, context), context.language):
        return None  # What the text closes first is the string or comment.
    for index in unopened(text, context.language, before):
        if not waiting or waiting[-1] != PAIRS[text[index]]:
            return index
        waiting.pop()
    return None


def _closes_far(text: str, context: CursorContext) -> bool:
    """Tell whether a line closes at the margin what was opened there, lines at the margin ago.

    A namespace, say. It is told only where the whole document is seen.
    """
    if context.head or context.tail or text[:1] not in PAIRS or context.is_cut_below:
        return False
    if context.line != len(context.above) or len(unopened(text, context.language)) != 1:
        return False
    waiting = unclosed(context.before, context.language)
    closed_below = len(unopened(context.after, context.language))
    return waiting[-1:] == [PAIRS[text[0]]] and len(waiting) > closed_below


@frozen
class _Line:
    """The cursor's line with its statement's other lines, or alone where it is but words."""

    language: str
    before: str
    tail: str
    below: str = ""
    words: bool = False

    def takes(self, text: str, replaced: int, ways: tuple[bool, ...]) -> bool:
        """Tell whether the line, alone or with those around it, would read well with a text."""
        if self.words and not any(char in PAIRS for char in _QUOTE.split(self.tail)[0]):
            return True
        whole, empty = self.before + text + self.tail[replaced:], self.before + self.tail
        if not self.words:
            opened = has_open_string(whole, self.language)
            if opened and not has_open_string(empty, self.language):
                return False
            if replaced and not _brings(text, self.tail[:replaced], self.before, self.language):
                return False
        return all(
            self._wrong(whole, alone=alone) <= self._wrong(self.before, self.tail, alone=alone)
            for alone in ways
        )

    def is_sound(self) -> bool:
        """Tell whether each line above that leaves a bracket open goes on, as far as is known.

        If not, it stands in something that is no code: a regular expression, say.
        """
        lines = masked(self.before, self.language).split("\n")
        waiting: list[tuple[str, str]] = []
        for line, following in pairwise(lines):
            for char in line:
                if char in "([{":
                    waiting.append((char, "," if _BEGINS_ON.match(following) else line))
                elif char in PAIRS and waiting and waiting[-1][0] == PAIRS[char]:
                    waiting.pop()
        return all(char == "{" or _GOES_ON.search(line) for char, line in waiting)

    def without_theirs(self, text: str) -> str:
        """Cut a text where it begins to close what the lines below close."""
        many = self._wrong(self.before + text) - self._wrong(self.before)
        if self.words or many <= 0 or self._is_whole(text):
            return text
        closing = unopened(text, self.language, self.before)
        return text[: closing[-many]].rstrip() if many <= len(closing) else text

    def _is_whole(self, text: str) -> bool:
        """Tell whether the cursor's line closes, with a text, what it has begun to use."""
        head = self.before.rpartition("\n")[2]
        opener = head.rstrip()[-1:]
        below = next((line for line in self.below.split("\n") if line.strip()), "")
        theirs = PAIRS.get(below.lstrip()[:1]) == opener and indentation(below) == indentation(head)
        if "\n" in text or not opener or theirs:
            return False  # What it opens at its end is closed below.
        line = masked(self.before + text, self.language)[-len(head + text) :]
        opened = sum(character in PAIRS.values() for character in line)
        closed = sum(character in PAIRS for character in line)
        return opened == closed and not _mismatches(line)

    def _wrong(self, line: str, behind: str = "", *, alone: bool = False) -> int:
        """Count the brackets that fit to none; `behind` stands in no string that `line` opens."""
        below = "" if alone else self.below
        pieces = (line, f"{behind}\n{below}") if behind else (f"{line}\n{below}",)
        code = "".join(piece if self.words else masked(piece, self.language) for piece in pieces)
        return _mismatches(code[self.before.rfind("\n") + 1 :] if alone else code)


def _line(text: str, context: CursorContext) -> _Line:
    """Return the line that a text is for."""
    before, tail, language = _statement(context), context.tail, context.language
    telling = _told_by(before, context)
    if not is_text(telling, language) or not is_text(telling + text, language):
        return _Line(language, before, tail, _rest(context))
    return _Line(language, context.head, tail, words=True)


def _told_by(before: str, context: CursorContext) -> str:
    """Return what tells whether the cursor stands in words: manuals have theirs at the margin."""
    return context.before if language_named(context.language).manual else before


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


def _mismatches(code: str) -> int:
    """Count the brackets that close nothing, or something else."""
    waiting: list[str] = []
    wrong = 0
    for character in code:
        if character in "([{":
            waiting.append(character)
        elif character in PAIRS:
            if waiting and waiting[-1] == PAIRS[character]:
                waiting.pop()
            else:
                wrong += 1
    return wrong


def _shortest(draft: Draft, line: _Line, ways: tuple[bool, ...]) -> Draft:
    """Leave out of both what the text ends with and what it replaces at its very end."""
    if draft.replaced and draft.text.endswith(line.tail[: draft.replaced]):
        shorter = attrs.evolve(draft, text=draft.text[: -draft.replaced], replaced=0)
        if line.takes(shorter.text, 0, ways):
            return shorter
    return draft


def _statement(context: CursorContext) -> str:
    """Return the text from the last line at the margin to the cursor."""
    lines = context.before.split("\n")
    first = len(lines) - 1
    within = " \t)]}" + _directives(context)
    while first > 0 and (not lines[first].strip() or lines[first][0] in within):
        first -= 1
    return "\n".join(lines[first:])


def _directives(context: CursorContext) -> str:
    """Return the sign of lines that stand at the margin in the middle of a statement."""
    return "#" if "//" in language_named(context.language).line_comments else ""


def _rest(context: CursorContext) -> str:
    """Return the lines below the cursor's up to the next that begins something at the margin.

    Nothing where it cannot be seen what these close.
    """
    begins = _statement(context)
    if begins == context.before and begins[:1] in (" ", "\t", *PAIRS):
        return ""
    lines = context.below
    end = 0
    within = " \t" + _directives(context)
    while end < len(lines) and (not lines[end].strip() or lines[end][0] in within):
        end += 1
    if end < len(lines) and lines[end][0] in PAIRS:
        end += 1
    return "\n".join(lines[:end])
