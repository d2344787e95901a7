"""What is said of answers that cannot be placed, in words for the model."""

from __future__ import annotations

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
SEVERAL = (
    "It holds several versions of the code that differ, and does not say which is meant: give one."
)
SPREAD = "It is spread over several blocks that do not fit together: give one block."
FOREIGN = "Its code is in another language than the file."
UNCLOSED = "Its block of code was not closed, and may not be complete."
