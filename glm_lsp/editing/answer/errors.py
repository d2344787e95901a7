"""The errors about answers that come to nothing.

Invariant: the user reads one sentence; the model, asked again, reads what was wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.editing.answer.prose import refuses
from glm_lsp.errors import FaultyAnswerError, ReplyError

if TYPE_CHECKING:
    from glm_lsp.editing.answer.passages import Answer


def cut_off() -> ReplyError:
    """Return the error about an answer that the model's limit cut off."""
    return ReplyError(
        "GLM's answer was cut off before its end; nothing was changed. Select less, or try again."
    )


def faulty(fault: str) -> FaultyAnswerError:
    """Return the error about an answer that cannot be placed."""
    return FaultyAnswerError(
        "GLM's answer could not be placed in the code; nothing was changed. Try again, or select"
        " less.",
        fault=fault,
    )


def nothing(answer: str, apart: Answer, faults: list[str]) -> ReplyError:
    """Return the error about an answer without any code that could be used."""
    if faults:
        return faulty(faults[0])
    if refuses(answer.strip()):
        return ReplyError("GLM declined to do this; nothing was changed.")
    if not answer.strip():
        return FaultyAnswerError(
            "GLM's answer was empty; try again.", fault="It was empty: answer with the code."
        )
    if any(line.strip() for line in apart.prose) and "```" not in answer:
        return FaultyAnswerError(
            "GLM answered in words instead of code; nothing was changed.",
            fault="It was words without code: answer with one block that holds the whole new code.",
        )
    return FaultyAnswerError(
        "GLM's answer holds no code; nothing was changed. Try again.",
        fault="It held no code: answer with one block that holds the whole new code.",
    )
