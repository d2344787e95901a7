"""The lines of private keys, whole or cut, quoted, commented or joined.

Invariant: lines are found one by one, so that a text keeps its number of lines. The words
`BEGIN PRIVATE KEY` alone are no key.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from glm_lsp.secrets.chance import is_worded

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGIN, _END = "-----BEGIN ", "-----END "
_MARK = re.compile(r"-{4,5} ?(BEGIN|END) (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_MOST = 20_000  # Characters between a key's first line and its last.
_RUN = re.compile(r"\\[nrt]|([A-Za-z0-9+/=]{16,})")
_AROUND = " \t\r>|#*/\"'`+,;()\\nrt"  # Around a line of a key: quotes, comments, escapes.
# Where a part of a document begins in a prompt: what stands there may be the rest of a key.
_EDGE = re.compile(r"(?:\A|^```[^\n]*\n|^<(?:above|below|related[^\n>]*)>\n)", re.MULTILINE)
_LONGEST = 200  # Characters of a line with all that stands around a key's.
# What may follow the rest of a key: its last line, or the end of what is shown.
_GOES_ON = re.compile(
    r"[\s\"'\\nr]{0,40}(?:-{4,5} ?END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY|\Z|```|<|\0)"
)
_SAID = 0.7  # The share of letters and signs in words; a key has little more than a third.
_FULL = 60  # Characters of a line in the middle of a key, at the least.


def private_keys(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the lines of private keys, in any order."""
    if "PRIVATE KEY" in text:
        yield from _marked(text)
    framed = "```" in text or "<above>" in text
    for edge in _EDGE.finditer(text) if framed else [None]:
        lines = list(_lines_from(text, 0 if edge is None else edge.end()))
        if lines and lines[0][1] - lines[0][0] >= _FULL and not _is_other(text, lines):
            yield from lines


def _marked(text: str) -> Iterator[tuple[int, int]]:
    marks = list(_MARK.finditer(text))
    for index, mark in enumerate(marks):
        behind = marks[index + 1] if index + 1 < len(marks) else None
        before = marks[index - 1] if index else None
        if mark[1] == "BEGIN":
            if behind is not None and behind[1] == "END" and behind.start() - mark.end() < _MOST:
                yield from _runs(text, mark.end(), behind.start())
            else:
                yield from _runs_of_line(text, mark.end())
                yield from _lines_from(text, text.find("\n", mark.end()) + 1 or len(text))
        elif before is None or before[1] == "END":
            yield from _lines_before(text, mark.start())


def _runs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for run in _RUN.finditer(text, start, end):
        if run[1] and _is_body(run[1]):
            yield run.span(1)


def _runs_of_line(text: str, start: int) -> Iterator[tuple[int, int]]:
    end = text.find("\n", start)
    yield from _runs(text, start, len(text) if end < 0 else end)


def _lines_from(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield the bodies of the lines from a place on, as long as they hold nothing else."""
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        body = _body(text, start, end)
        if body is None:
            return
        yield body
        start = end + 1


def _lines_before(text: str, end: int) -> Iterator[tuple[int, int]]:
    """Yield the bodies of the lines up to a place, as long as they hold nothing else."""
    start = text.rfind("\n", 0, end) + 1
    yield from _runs(text, start, end)
    while start > 0:
        end = start - 1
        start = text.rfind("\n", 0, end) + 1
        body = _body(text, start, end)
        if body is None:
            return
        yield body


def _body(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the span of a key's line within a line that holds nothing else."""
    if end - start > _LONGEST:
        return None
    runs = list(_runs(text, start, end))
    if len(runs) != 1:
        return None
    first, last = runs[0]
    return None if (text[start:first] + text[last:end]).strip(_AROUND) else runs[0]


def _is_other(text: str, lines: list[tuple[int, int]]) -> bool:
    """Tell whether lines without a beginning are no key's: a certificate's, or words in base64."""
    if not _GOES_ON.match(text, lines[-1][1]):
        return True
    code = "".join(text[start:end] for start, end in lines)
    code = code.rstrip("=")
    try:
        said = base64.b64decode(code[: len(code) // 4 * 4])
    except ValueError:
        return False
    return sum(32 <= byte < 127 for byte in said) > _SAID * len(said)


def _is_body(run: str) -> bool:
    """Tell whether a run of letters is a line of a key, and not a long name."""
    kinds = (str.islower, str.isupper, str.isdigit)
    several = run.endswith("=") or all(any(map(kind, run)) for kind in kinds)
    return several and not is_worded(run)
