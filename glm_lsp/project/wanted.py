"""What is asked of a workspace for an action, and the excerpts that answer it.

Invariant: values alone, so that the server imports no more of the index than its words.
"""

from __future__ import annotations

from typing import NamedTuple


class Wanted(NamedTuple):
    """What is asked for.

    Attributes:
        first, last: the lines that the action is about, from 0.
        bodies: small bodies of what is used.
        callers: who uses what the lines define.
        tests: the tests that name it.
        style: how the project writes tests.
        characters: the most of all excerpts together.
    """

    first: int
    last: int
    bodies: bool
    callers: bool
    tests: bool
    style: bool
    characters: int


class Excerpt(NamedTuple):
    """Something of one file.

    Attributes:
        part: "definition", "caller", "test" or "style".
        path: how its file is called.
        line, last: the lines of the file that it is about, from 0.
        reason: why it is shown.
        uri: the document; the process that answers says its path.
    """

    part: str
    path: str
    line: int
    last: int
    reason: str
    text: str
    uri: str = ""
