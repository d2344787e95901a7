"""From what GLM says to what shall stand in the file: an answer is placed, not unwrapped.

`reader` reads the stream and offers pieces while the answer opens as the target opens. From
the whole answer, `choose` decides: `passages` cuts it into what may be code (`wrapped`,
`prose`), `candidates` cleans each (`clean`) and places it (`place`): as a patch (`patches`), by
what it defines (`survey`, `match`, `sorting`, `reading`, `ending`, `imports`), or by its lines
(`fit`, `spot`, `around`); `elision` fills what was left out. `judge` holds the result to the
action's promise. Nothing here asks a model or edits a document.
"""

from __future__ import annotations

from glm_lsp.editing.answer.judge import find_fault, judge
from glm_lsp.editing.answer.newfile import new_file_of
from glm_lsp.editing.answer.reader import AnswerOutcome, Reader
from glm_lsp.editing.answer.values import Grammar, Promise, Site, Whole

__all__ = [
    "AnswerOutcome",
    "Grammar",
    "Promise",
    "Reader",
    "Site",
    "Whole",
    "find_fault",
    "judge",
    "new_file_of",
]
