"""A scenario of what was suggested, for who wants to report it: a text that anybody can read.

Invariant: it holds no secret that is known as one, nothing of what strings and comments say, and no
path; names and signs stay, for they are what it is about.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.languages.lexer import masked
from glm_lsp.secrets.marks import find_secrets

if TYPE_CHECKING:
    from glm_lsp.next_edits.foresee import Foreseen
    from glm_lsp.prompts.next_edit import EditEvent

_HEAD = """\
What GLM was asked about a next edit, what it answered, and what became of that. It is for you:
nobody else has it. The letters and digits of strings and comments are struck out (x and 0), and so
are secrets; names are as they were. Look it through before you give it to anybody.
"""


def report(foreseen: Foreseen) -> str:
    """Return a scenario in the format of `tests/next_edits/foreseen`."""
    language, excerpt = foreseen.place.snapshot.language, foreseen.excerpt

    def redacted(text: str) -> str:
        return _redacted(text, language)

    def edit(event: EditEvent) -> str:
        lines = [f"- {line}" for line in redacted("\n".join(event.before)).split("\n")]
        came = [f"+ {line}" for line in redacted("\n".join(event.after)).split("\n")]
        return "\n".join([*(lines if event.before else []), *(came if event.after else [])])

    judged = foreseen.judgement
    own = [event for event in excerpt.events if not event.path]
    return "\n".join(
        [
            _HEAD,
            f"== as reported ({language})",
            redacted("\n".join(excerpt.lines)),
            "-- edits",
            *map(edit, own),
            f"-- cursor {foreseen.place.line - excerpt.first + 1}",
            "-- answer",
            redacted(foreseen.answer.strip()),
            f"-- quiet: {judged.reason}" if judged.edit is None else "-- shown",
            "",
        ]
    )


def _redacted(text: str, language: str) -> str:
    for start, end in reversed(find_secrets(text)):
        text = text[:start] + "x" * (end - start) + text[end:]
    code = masked(text, language)
    return "".join(
        mark if mark == seen or mark.isspace() else _struck(mark)
        for mark, seen in zip(text, code, strict=True)
    )


def _struck(mark: str) -> str:
    if mark in "\"'`#":
        return mark
    return re.sub(r"\d", "0", re.sub(r"[^\W\d_]", "x", mark))
