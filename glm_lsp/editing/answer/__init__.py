"""From what GLM says to what shall stand in the file: an answer is placed, not unwrapped.

`reader` reads the stream and offers pieces; `passages` cuts the whole answer into what may be
code (`wrapped`, `prose`); `clean` takes off numbers and marks; `place` finds where a passage
goes by what it defines (`survey`, `imports`), as a patch (`patches`), or by its lines (`fit`,
`elision`); `choose` decides between passages; `judge` holds the result to the promise.
"""

from __future__ import annotations

from glm_lsp.editing.answer.judge import judge
from glm_lsp.editing.answer.newfile import new_file_of
from glm_lsp.editing.answer.reader import Outcome, Reader
from glm_lsp.editing.answer.syntax import find_fault
from glm_lsp.editing.answer.values import Grammar, Promise, Site, Whole

__all__ = [
    "Grammar",
    "Outcome",
    "Promise",
    "Reader",
    "Site",
    "Whole",
    "find_fault",
    "judge",
    "new_file_of",
]
