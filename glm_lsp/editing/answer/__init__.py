"""From words to the new code."""

from attrs import field, frozen


@frozen
class Whole:
    """All of the replacement, in place of the pieces."""

    text: str = field(repr=False)
