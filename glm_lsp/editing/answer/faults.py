"""What is said of answers that come to nothing: to the user, and to the model asked again.

Invariant: the user reads one sentence; the model reads what was wrong, never what is right.
"""

from __future__ import annotations

from glm_lsp.editing.answer.prose import refuses
from glm_lsp.errors import FaultyAnswerError, ReplyError

GAP = (
    "It leaves out code behind a comment or dots, and what belongs there is not clear:"
    " write every line."
)
NOWHERE = (
    "It is not clear which lines of the target it replaces: write the complete new version of the"
    " target, from its first line to its last."
)
QUOTE = "It only repeats lines of the target without a change."
TWICE = "It holds several different versions of the target: give one."
OUTSIDE = "It changes code outside the target: change the target only."
CUT = "It ends before the target does: write the target to its last line."
SEVERAL = "It holds several versions that differ, and does not say which is meant: give one."
SPREAD = "It is spread over several blocks that do not fit together: give one block."
FOREIGN = "Its code is in another language than the file."
UNCLOSED = "Its block of code was not closed, and may not be complete."


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


def unseen_in(found: list[str]) -> FaultyAnswerError:
    """Return the error about a new file with characters that nobody sees, as `U+202E`."""
    shown = ", ".join(found[:5])
    return FaultyAnswerError(
        f"GLM's answer holds characters that nobody sees ({shown}): no file was written. Try"
        " again.",
        fault=f"It holds characters that nobody sees: {shown}.",
    )


def without_code(answer: str) -> ReplyError:
    """Return the error about an answer without code."""
    if refuses(answer.strip()):
        return ReplyError("GLM declined to do this; nothing was changed.")
    said = "GLM's answer holds no code; nothing was changed. Try again."
    fault = "It held no code: answer with one block that holds the whole new code."
    if not answer.strip():
        said, fault = "GLM's answer was empty; try again.", "It was empty: answer with the code."
    elif "```" not in answer:
        said = "GLM answered in words instead of code; nothing was changed."
        fault = fault.replace("held no code", "was words without code")
    return FaultyAnswerError(said, fault=fault)
