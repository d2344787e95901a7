"""What passes from filter to filter.

Invariant: a filter takes a draft and returns one, and knows nothing of the others. Text is
only cut, moved or dropped, never invented, but for line breaks and indentation.
"""

from __future__ import annotations

import attrs
from attrs import field, frozen

from glm_lsp.completion.scope import Extent


@frozen
class Draft:
    """A completion on its way from the model to the user.

    Attributes:
        text: what would be inserted, lines ending in a line feed; empty when there is nothing.
        id: what names it, however much of it has been typed.
        extent: what was asked for.
        max_lines: the most lines it may have.
        replaced: how many characters after the cursor it replaces.
        meets: its end is known to run on into what follows the cursor.
    """

    text: str = field(repr=False)
    id: str = ""
    extent: Extent = Extent.LINE
    max_lines: int = 12
    replaced: int = 0
    meets: bool = False

    def with_text(self, text: str) -> Draft:
        """Return the draft with another text."""
        return attrs.evolve(self, text=text)

    def nothing(self) -> Draft:
        """Return the draft of no completion at all."""
        return attrs.evolve(self, text="", replaced=0)
