"""From what GLM says to what shall stand in the file: an answer is parsed, placed, judged.

`incremental_reader` offers pieces while the answer opens as the target opens; the whole answer
decides.

- parse: `passages` cuts it into what may be code (`wrappings`, `prose`), `clean` takes off what
  stands on top of it.
- place: `place` tries a patch (`patches`), what a passage defines (`by_definition`, `selection`,
  `definitions`), then its lines (`by_lines`); `imports` go on top, `elision` fills what was left
  out, `edits` and `indent` write as the file does.
- judge: `judge` holds the file after it to the action's promise; `choose` keeps the passage that
  is meant and passes.

Invariant: nothing here asks a model or edits a document.
"""

from __future__ import annotations

from glm_lsp.editing.answer.incremental_reader import AnswerOutcome, IncrementalReader
from glm_lsp.editing.answer.judge import find_fault, judge
from glm_lsp.editing.answer.new_file import new_file_of
from glm_lsp.editing.answer.values import Grammar, Promise, Site, Whole

__all__ = [
    "AnswerOutcome",
    "Grammar",
    "IncrementalReader",
    "Promise",
    "Site",
    "Whole",
    "find_fault",
    "judge",
    "new_file_of",
]
