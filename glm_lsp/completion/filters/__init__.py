"""What a model's answer passes through before a user may see it, one file for each rule.

Invariant: a filter takes a draft and returns one, and knows nothing of the others. Text is
only cut, moved or dropped, never invented, but for line breaks, indentation and a blank between
two words.
"""

ORDER = (
    "wrapping",
    "duplicate_prefix",
    "continuation",
    "word_break",
    "indentation",
    "placeholder",
    "unseen",
    "length",
    "repetition",
    "line_below",
    "overlap",
    "closers",
    "midword",
    "blank",
)
"""The filters in the order in which they run: each is the module of that name here."""
