r"""Makes a model's Markdown safe while it streams.

A line is the unit: what stands in front of its words (indentation, `- `, `1. `, `> `, `# `) stays,
its words are written anew by `inline`, and blocks of code are passed on within fences of ours.
Words that are plain, or in closed marks, are passed on before their line ends.

Invariants: the pieces together are one text that loads, runs, opens and hides nothing, in every
neighbourhood and for every parser, wherever the pieces were cut. Between a fence and its end
every line of code stands at least as far to the right as the fence, which is always closed. The
cost of a piece depends on the piece, never on what came before it.
"""

from __future__ import annotations

import re
from typing import Literal

from attrs import frozen

from glm_lsp.characters import escaped, unseen
from glm_lsp.markdown.inline import ADDRESS, MOST, written

_FRONT = re.compile(
    r"(?P<marks>[ ]{0,40}(?:(?:>|[-*+](?=[ ])|[0-9]{1,9}[.)](?=[ ]))[ ]{0,8}){0,8})"
    r"(?P<heading>#{1,6}[ ]+)?"
)
_FENCE = re.compile(r"(?P<fence>(?P<mark>[`~])(?P=mark){2,}(?!(?P=mark)))\s*(?P<tag>(?!\s)[^`]*)\Z")
_TAG = re.compile(r"[\w+#.-]{0,40}")
_DRAWN = frozenset("mermaid plantuml puml uml ditaa kroki vega vega-lite geojson topojson".split())
"""Languages that some viewers run, or have drawn by a server of others."""
_ROW_END = re.compile(r"(?:\\[^|]|[^\\|])+|\\\||\|")
_DELIMITER = re.compile(r"\s*:?-+:?\s*\Z")
_MOST_CELLS = 50

_PLAIN = r"[^`*_\[\]<>&\\!|~#$\n\r\t]"
_WORDS = re.compile(
    rf"(?:{_PLAIN}+|(?<=[^\W_])_(?=[^\W_])|!(?=[ ])|`[^`\n|]+`(?!`)"
    rf"|\*\*(?=[^\s*])(?:{_PLAIN}|`[^`\n|]+`(?!`)){{1,200}}(?<=[^\s*])\*\*(?!\*))*"
)
"""What means the same whatever follows: plain words, closed code, closed bold words."""
_STOP = re.compile(r"[ \u3000-\u9fff\uac00-\ud7af\uff00-\uff0f]")
"""Where such words may be cut off."""
_LETTER = re.compile(r"[^\W\d_]|`[^`]|\*\*[^\s*]")


@frozen
class _Fence:
    """A block of code that is open.

    Attributes:
        run: what closes it.
        inner: what stands in front of its lines, all blanks but for the marks of a quotation.
        width: how many characters of a line's indentation belong to it.
    """

    run: str
    inner: str
    width: int

    @property
    def quoted(self) -> bool:
        """Whether it stands in a quotation."""
        return ">" in self.inner

    def is_closed_by(self, line: str) -> bool:
        """Tell whether a line closes it, as generous parsers see it."""
        line = line.strip()
        return line.startswith(self.run) and not line.strip("`~")


class Sanitizer:
    """One text on its way; `plain` makes it text without marks."""

    def __init__(self, *, plain: bool = False) -> None:
        self._plain = plain
        self._line = ""  # What is not passed on of the line that has not ended.
        self._midway = False  # The line's beginning has been passed on.
        self._cut = False  # It was too long, and may have been cut anywhere.
        self._row = False  # The line is a row of a table.
        self._fence: _Fence | None = None
        self._above: Literal["start", "blank", "words", "row"] = "start"

    def feed(self, piece: str) -> str:
        """Take the next piece; return what of the text so far can be passed on."""
        *lines, last = piece.split("\n")
        given: list[str] = []
        for line in lines:
            given.append(self._ended(self._line + line))
            self._line = ""
        given.append(self._grown(last))
        return "".join(given)

    def finish(self) -> str:
        """Return what remains: the last line, and the end of what is open."""
        rest = self._ended(self._line, end="") if self._line or self._midway else ""
        self._line = ""
        fence, self._fence = self._fence, None
        if fence is None or self._plain:
            return rest
        return f"{rest}\n{fence.inner}{fence.run}\n"

    # Lines that have ended.

    def _ended(self, line: str, end: str = "\n") -> str:
        """Return what remains of a line."""
        line = line.removesuffix("\r")
        parts: list[str] = []
        while len(line) > MOST:
            parts.append(self._part(line[:MOST]))
            line = line[MOST:]
        if self._midway:
            rest = self._code(line) if self._fence else self._words(line, strict=self._cut)
            self._midway = self._cut = self._row = False
            self._above = "words"
            return "".join([*parts, rest, end])
        return self._whole(line, end)

    def _whole(self, line: str, end: str) -> str:
        fence = self._fence
        if fence is not None:
            if fence.quoted and not line.lstrip().startswith(">"):
                self._fence = None  # A quotation ends where its marks do.
                closed = "" if self._plain else f"{fence.inner}{fence.run}\n"
                return closed + self._whole(line, end)
            return self._in_fence(fence, line, end)
        front, words = self._split(line)
        opening = _FENCE.match(words)
        if opening is not None and "#" not in front:
            return self._open(front, opening, end)
        return self._beginning(front, words) + end

    def _part(self, text: str) -> str:
        """Return what a line that is too long comes to, up to some place in it."""
        self._cut = True
        if self._fence is not None:
            inner = "" if self._midway or self._plain else self._fence.inner
            self._midway = True
            return inner + self._code(text)
        if self._midway:
            return self._words(text, strict=True)
        self._midway = True
        return self._beginning(*self._split(text), strict=True)

    def _split(self, line: str) -> tuple[str, str]:
        """Return what stands in front of a line's words, and the words."""
        if "\t" in line:
            line = line.expandtabs(4)
        found = _FRONT.match(line)
        front = found.group() if found else ""
        return front, line[len(front) :]

    def _front(self, front: str) -> str:
        return re.sub(r"[#>]+ *", "", front) if self._plain else front

    def _beginning(self, front: str, words: str, *, strict: bool = False) -> str:
        """Return a line from its beginning."""
        above, apart = self._above, self._before(front, words)
        text = self._words(words, strict=strict)
        if not self._plain and _is_another(front, text, above):
            text = f"\\{text}"
        return apart + self._front(front) + text

    def _before(self, front: str, words: str) -> str:
        """Take note of a line; return the blank line that has to stand above it, if any."""
        above = self._above
        self._row = words.startswith("|")
        if not (front + words).strip(" "):
            self._above = "blank"
            return ""
        self._above = "row" if self._row else "words"
        return "\n" if above == "row" and not self._row and not self._plain else ""

    def _words(self, words: str, *, strict: bool = False) -> str:
        if self._row and not self._plain:
            return _row(words)
        return written(words, plain=self._plain, strict=strict)

    # Blocks of code.

    def _open(self, front: str, opening: re.Match[str], end: str) -> str:
        run = opening["fence"][:8]
        tag = (_TAG.match(opening["tag"].strip()) or [""])[0]
        tag = "" if tag.lower() in _DRAWN else tag
        inner = re.sub(r"[^>]", " ", front)
        self._fence = _Fence(run, inner, len(front))
        above, self._above = self._above, "words"
        if self._plain:
            return ""
        # Behind anything, only a blank line keeps it apart from the words above.
        apart = above == "row" or (above == "words" and front)
        return ("\n" if apart else "") + front + run + tag + end

    def _in_fence(self, fence: _Fence, line: str, end: str) -> str:
        bare = line.expandtabs(4) if fence.width and "\t" in line[: fence.width] else line
        if fence.quoted:
            bare = re.sub(r"^ {0,3}(?:> ?){0,8}", "", bare)
        else:
            bare = bare[min(fence.width, len(bare) - len(bare.lstrip(" "))) :]
        if fence.is_closed_by(bare):
            self._fence = None
            return "" if self._plain else fence.inner + fence.run + end
        inner = "" if self._plain else fence.inner
        return (inner + self._code(bare)).rstrip(" ") + end if bare else inner.rstrip(" ") + end

    def _code(self, text: str) -> str:
        return escaped(text)

    # The line that has not ended.

    def _grown(self, piece: str) -> str:
        """Return what can be passed on of the line that goes on with a piece."""
        self._line += piece
        given = ""
        while len(self._line) > MOST:
            given += self._part(self._line[:MOST])
            self._line = self._line[MOST:]
        if self._fence is not None or self._row or not _STOP.search(piece):
            return given
        front, words = ("", self._line) if self._midway else self._split(self._line)
        if not self._midway and _LETTER.match(words) is None:
            return given
        known = _WORDS.match(words)
        text = known.group() if known else ""
        stops = [found.end() for found in _STOP.finditer(text)]
        stop = next((at for at in reversed(stops) if not _inside(text, at)), 0)
        if not stop or unseen(text).search(text) or ADDRESS.search(text):
            return given
        text, self._line = text[:stop], words[stop:]
        if not self._midway:
            given += self._before(front, words) + self._front(front)
            self._midway = True
        return given + (written(text, plain=True) if self._plain else text)


def _inside(text: str, at: int) -> bool:
    """Tell whether a place lies in code or in bold words."""
    return text.count("`", 0, at) % 2 == 1 or text.count("**", 0, at) % 2 == 1


def _is_another(front: str, text: str, above: str) -> bool:
    """Tell whether a line would be more than its words.

    As the rule below a table's head it would change how the lines around it are read, and as
    the first line of a page it may open settings; quotations have an end; and some viewers
    fetch what a line imports.
    """
    marks = set(front + text)
    if marks <= set(" |:-") and "-" in marks and marks & set("|:"):
        return above != "row" or bool(front.strip()) or not text.startswith("|")
    if above == "start" and text.strip()[:3] in ("---", "+++"):
        return True
    return text.startswith((">", "- ", "+ ", "* ", "@import"))


def _row(words: str) -> str:
    """Return a row of a table, cell by cell."""
    cells = [""]
    for found in _ROW_END.findall(words.strip()[1:]):
        if found == "|" and len(cells) < _MOST_CELLS:
            cells.append("")
        else:
            cells[-1] += "|" if found in ("|", "\\|") else found
    if not cells[-1].strip():
        cells.pop()
    if cells and all(map(_DELIMITER.match, cells)):
        return f"|{'|'.join(cells)}|"
    return "|" + "|".join(written(cell, cell=True) for cell in cells) + "|"


def sanitized(text: str, *, plain: bool = False) -> str:
    """Return a whole text, sanitised."""
    sanitizer = Sanitizer(plain=plain)
    return sanitizer.feed(text) + sanitizer.finish()
