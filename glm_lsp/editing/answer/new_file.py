"""The text of a new file, out of an answer.

Invariant: it is one block of code as the answer has it, or what is not prose of an answer
without blocks; an answer that was cut off is no file, nor one with characters that nobody sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.characters import fresh
from glm_lsp.editing.answer.clean import visible
from glm_lsp.editing.answer.faults import cut_off, unseen_in, without_code
from glm_lsp.editing.answer.lines import trimmed
from glm_lsp.editing.answer.passages import passages
from glm_lsp.editing.answer.prose import is_file_name
from glm_lsp.editing.answer.values import Promise, Site
from glm_lsp.errors import ReplyError
from glm_lsp.text import Span

if TYPE_CHECKING:
    from glm_lsp.editing.answer.values import Grammar


def new_file_of(answer: str, grammar: Grammar, *, complete: bool = True) -> str:
    r"""Return the text of the file that an answer holds, its line ends `\n`.

    Raises:
        FaultyAnswerError: it holds characters that nobody sees.
        ReplyError: it is empty, refuses, or was cut off.
    """
    site = Site.of("", Span(0, 0), Promise(grammar))
    found = passages(visible(answer, ""), site)
    if not found and complete:
        raise ReplyError(str(without_code(answer)))
    if not found or not found[-1].closed or not (complete or found[-1].fenced):
        raise cut_off()
    lines = trimmed(max(found, key=lambda passage: len(passage.lines)).lines)
    if lines and is_file_name(lines[0]):
        del lines[0]
    text = "\n".join(trimmed(lines)) + "\n"
    if hidden := fresh("", text):
        raise unseen_in(hidden)
    return text
