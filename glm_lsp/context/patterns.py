"""Reads gitignore patterns as git does, and finds what they exclude in linear time.

Invariant: neither a pattern nor a number of them nor a name takes long, and what would is judged
so that more is excluded, never less: a pattern that is too much to match means everything that
begins as it does, one behind `!` takes nothing back, and a name that all patterns together are
too many for is excluded. Of what was read otherwise than it is written, `problems` tells.

Between two `*` it is enough to look for the first place where what stands there fits: no choice
is ever tried again. As in git a folder that is excluded takes everything in it along.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MOST_STARS = 10
_LONGEST = 250  # Characters of a pattern with wildcards.
_MOST_ODD, _ODD = 800, 3  # For all `?` and `[` of a list; each pattern with any costs some more.
_LONGEST_NAME, _MOST_FOLDERS = 4_096, 250  # More has no path that is anybody's.
_MOST_STEPS = 60_000  # For one name: ten milliseconds or a little more.
_CHARACTERS_A_STEP = 50
_MOST_PROBLEMS = 5
_DEEP = "a/" * 15 + "a"
_ONE_TOO_MANY = "is one too many: files in deep folders are left out, until there are fewer"

_STARS = re.compile(r"\*+")
_ODD_ONE = re.compile(r"[?\[\\]")
_DEPTH = re.compile(r"\*\*+")
_WILD = re.compile(r"[*?\[\\]")
_TRAILING = re.compile(r"(?<![\\ ]) +\Z|(?<=\\ ) +\Z")
_TOKEN = re.compile(
    r"\\(?P<escaped>.)|(?P<any>\?)|\[(?P<refused>[!^]?)(?P<chosen>\]?(?:\[:\w{1,9}:\]|\\.|[^\\\]]){0,250})\]"
    r"|(?P<plain>.)",
    re.DOTALL,
)
_CHOICE = re.compile(
    r"\[:(?P<kind>\w{1,9}):\]|(?P<low>\\.|[^\\])(?:-(?P<high>\\.|[^\\]))?", re.DOTALL
)
_KINDS = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z",
    "space": r"\s", "blank": r" \t", "xdigit": "0-9a-fA-F", "cntrl": r"\x00-\x1f\x7f",
    "punct": r"!-/:-@\[-`{-~", "print": " -~", "graph": "!-~",
}  # fmt: skip


@frozen
class _Piece:
    """What stands between two stars: a text, or an expression for as many characters."""

    text: str
    size: int
    odd: bool

    def at(self, name: str, place: int) -> bool:
        """Tell whether a name has it at a place."""
        if not self.odd:
            return name.startswith(self.text, place)
        return _compiled(self.text).match(name, place) is not None

    def find(self, name: str, start: int) -> int:
        """Return where a name has it from a place on; -1 for nowhere."""
        if not self.odd:
            return name.find(self.text, start)
        found = _compiled(self.text).search(name, start)
        return found.start() if found else -1


_Segment = tuple[_Piece, ...]
"""What stands between two slashes; an empty one is `**`."""
_ANYTHING: _Segment = (_Piece("", 0, odd=False), _Piece("", 0, odd=False))
_FOLDERS: _Segment = ()


@frozen
class _Pattern:
    """A line that was read.

    Attributes:
        segments: what stands between slashes.
        anchored: it is about a path from the top, not about a name anywhere.
        folder: it is about folders alone.
    """

    segments: tuple[_Segment, ...]
    anchored: bool
    folder: bool

    @property
    def steps(self) -> int:
        """What it takes to match a short name, in steps of a third of a microsecond."""
        pieces = [piece for segment in self.segments for piece in segment]
        odd = sum(piece.size for piece in pieces if piece.odd)
        return len(self.segments) + len(pieces) + odd


class Patterns:
    """The lines of one `.gitignore`, or of one list of a setting.

    Attributes:
        problems: the number of a line and a sentence about it, for the first few.
    """

    def __init__(self, lines: Iterable[str], most: int = _MOST_STEPS) -> None:
        """Read the lines; a name may take as many steps as `most`."""
        self._most = most
        self.problems: list[tuple[int, str]] = []
        self._odd = self._steps = 0
        self._wild: list[tuple[int, _Pattern]] = []
        self._plain: dict[tuple[str, bool, bool], int] = {}
        number = 0
        for number, line in enumerate(lines, 1):
            self._read(line, number)
            if self._steps > most // 4:
                self._steps = most + 1  # Whatever is asked about is excluded.
                break
        if self._is_too_much(_DEEP):
            self.problems = [(number, _ONE_TOO_MANY), *self.problems]

    def __bool__(self) -> bool:
        """Whether there is any pattern."""
        return bool(self._plain or self._wild)

    def excludes(self, name: str) -> bool:
        """Tell whether a file is excluded, by its path with `/` between the parts.

        A path that ends with `/` is a folder's.
        """
        if not self:
            return False
        if self._is_too_much(name):
            return True
        parts = [part for part in name.split("/") if part]
        folders = len(parts) if name.endswith("/") else len(parts) - 1
        # By how many parts of the path there are: what the last line about them says.
        said = [0, *(self._said(parts, size, folders) for size in range(1, len(parts) + 1))]
        for rank, pattern in self._wild:
            for size in _hits(pattern, parts):
                if rank > said[size] and (size <= folders or not pattern.folder):
                    said[size] = rank
        return any(rank % 2 for rank in said)

    def _said(self, parts: Sequence[str], size: int, folders: int) -> int:
        """Return the rank of the last line without wildcards about the first parts of a path."""
        names = ((parts[size - 1], False), ("/".join(parts[:size]), True))
        folder = (True, False) if size <= folders else (False,)
        return max(self._plain.get((*name, of), 0) for name in names for of in folder)

    def _is_too_much(self, name: str) -> bool:
        """Tell whether all patterns together would take too long for a name."""
        folders = name.count("/")
        steps = self._steps * (1 + folders + len(name) // _CHARACTERS_A_STEP)
        return len(name) > _LONGEST_NAME or folders > _MOST_FOLDERS or steps > self._most

    def _read(self, line: str, number: int) -> None:
        text = _TRAILING.sub("", line) if line.endswith(" ") else line
        if text.startswith("#"):
            return
        takes_back = text.startswith("!")
        text = text[1:] if takes_back else text
        if _WILD.search(text) and (fault := _fault(text) or self._odd_fault(text)):
            text = _wider(text)
            meant = "takes nothing back" if takes_back else f"means all that begins like {text}"
            if len(self.problems) < _MOST_PROBLEMS:
                self.problems.append((number, f"{fault}, so it {meant}: write it more simply"))
            if takes_back:
                return
        rank = 2 * number + (not takes_back)  # The last line counts; an odd one excludes.
        folder, text = text.endswith("/"), text.removesuffix("/")
        anchored, text = "/" in text, text.removeprefix("/")
        if not text:
            return
        if not _WILD.search(text):
            self._plain[text, anchored, folder] = rank
            return
        pattern = _Pattern(_segments(text, anchored), anchored, folder)
        self._wild.append((rank, pattern))
        self._steps += pattern.steps

    def _odd_fault(self, text: str) -> str:
        if odd := text.count("?") + text.count("["):
            self._odd += _ODD + odd
        return "comes behind too many others with ? or [" if odd and self._odd > _MOST_ODD else ""


def _fault(pattern: str) -> str:
    """Return why a pattern with wildcards would take too long; "" when it does not."""
    if len(pattern) > _LONGEST:
        return f"has more than {_LONGEST} characters"
    many = len(_STARS.findall(pattern)) > _MOST_STARS
    return f"has more than {_MOST_STARS} *" if many else ""


def _wider(pattern: str) -> str:
    """Return a pattern for everything that begins as another does, up to its first wildcard."""
    return _WILD.split(pattern, maxsplit=1)[0] + "*"


def _segments(text: str, anchored: bool) -> tuple[_Segment, ...]:
    if not anchored:
        return (_segment(text),)
    segments = [_FOLDERS if _DEPTH.fullmatch(part) else _segment(part) for part in text.split("/")]
    if segments[-1] == _FOLDERS:
        segments.append(_ANYTHING)  # Not the folder itself, but whatever is in it.
    return tuple(segments)


def _segment(text: str) -> _Segment:
    """Return the pieces between the stars; there is one more of them than of stars."""
    if not _ODD_ONE.search(text):
        return tuple(_Piece(part, len(part), odd=False) for part in _STARS.split(text))
    pieces: list[list[re.Match[str]]] = [[]]
    for found in _TOKEN.finditer(text):
        if found["plain"] != "*":
            pieces[-1].append(found)
        elif pieces[-1] or len(pieces) == 1:  # Several stars in a row are one.
            pieces.append([])
    return tuple(map(_piece, pieces))


def _piece(characters: Sequence[re.Match[str]]) -> _Piece:
    texts = [found["escaped"] or found["plain"] for found in characters]
    odd = None in texts
    known = zip(texts, characters, strict=True)
    spelled = (re.escape(text) if text else _choices(found) for text, found in known)
    return _Piece("".join(spelled if odd else texts), len(texts), odd)


def _choices(found: re.Match[str]) -> str:
    """Return the expression for a character that may be several."""
    if found["any"]:
        return "."
    chosen = "".join(map(_choice, _CHOICE.finditer(found["chosen"])))
    if not chosen:
        return "." if found["refused"] else "(?!)."
    return f"[{'^' if found['refused'] else ''}{chosen}]"


def _choice(found: re.Match[str]) -> str:
    if found["kind"]:
        return _KINDS.get(found["kind"], "")
    low, high = found["low"][-1], (found["high"] or found["low"])[-1]
    return f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""


@lru_cache(maxsize=2 * _MOST_ODD)
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL)


def _hits(pattern: _Pattern, parts: Sequence[str]) -> Iterator[int]:
    """Yield how many parts of a path a pattern fits."""
    segments = pattern.segments
    if not pattern.anchored:
        yield from (size for size, part in enumerate(parts, 1) if _fits(segments[0], part))
    elif _FOLDERS not in segments:
        if len(segments) <= len(parts) and all(map(_fits, segments, parts)):
            yield len(segments)
    else:
        yield from _deep_hits(segments, parts)


def _deep_hits(segments: Sequence[_Segment], parts: Sequence[str]) -> Iterator[int]:
    """Yield the same where a pattern has `**`: all its places are followed side by side."""
    here = _beyond({0}, segments)
    for size, part in enumerate(parts, 1):
        there = {
            at + (segments[at] != _FOLDERS)
            for at in here
            if segments[at] == _FOLDERS or _fits(segments[at], part)
        }
        here = _beyond(there, segments)
        if len(segments) in here:
            here.remove(len(segments))
            yield size


def _beyond(places: set[int], segments: Sequence[_Segment]) -> set[int]:
    """Return places in a pattern with those that `**` for no folder at all leads to."""
    for at in sorted(places):
        while at < len(segments) and segments[at] == _FOLDERS:
            at += 1
            places.add(at)
    return places


def _fits(segment: _Segment, name: str) -> bool:
    """Tell whether the pieces of a segment stand in a name, in order and to its end."""
    first, last = segment[0], segment[-1]
    if len(segment) == 1:
        return first.size == len(name) and first.at(name, 0)
    end = len(name) - last.size
    if end < first.size or not first.at(name, 0) or not last.at(name, end):
        return False
    at = first.size
    for piece in segment[1:-1]:
        at = piece.find(name, at)
        if at < 0:
            return False
        at += piece.size
    return at <= end
