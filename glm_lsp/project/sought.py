"""What is looked for in a workspace's lines, and the lines that are found.

Invariant: values alone, so that the server imports no more of the index than its words.
"""

from __future__ import annotations

from typing import NamedTuple


class Sought(NamedTuple):
    """Lines that are looked for.

    Attributes:
        kind: "words", lines that hold all of `words`; "name", uses of what a file defined under
            the name; "member", those of a class's member; "keyword", arguments of that name.
        words: for "words"; names that have to be in a file besides are in `known`.
        name: for the others.
        owner: the class of a member; the function, or the class that is made, of an argument.
        home: the path of the file that defined the name.
    """

    kind: str
    words: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    name: str = ""
    owner: str = ""
    home: str = ""


class FoundLine(NamedTuple):
    """A line that holds what was looked for.

    Attributes:
        sought: which of what was looked for, by its number.
        place: the document; the process that answers says its path.
        line: from 0.
        text: what it says, without line end.
        code: the same with the insides of strings and comments blanked out; "" for "words".
        columns: where the name stands in it; none for "words".
    """

    sought: int
    place: str
    line: int
    text: str
    code: str
    columns: tuple[int, ...] = ()
