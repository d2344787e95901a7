"""What placing an answer starts from and what it comes to.

Invariant: all of these are values; nothing here reads an answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen

from glm_lsp.editing.answer.lines import cut, plain, step
from glm_lsp.text import Span, split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence


_REMOVES = re.compile(
    r"\b(?:remov\w+|delet\w+|drop\w*|inline\w*|merg\w+|renam\w+|replac\w+|rid of|call it|split\w*"
    r"|rewrit\w+|convert\w*|turn\w*|simplif\w+|combin\w+|without|name)\b"
    r"|删|移除|去掉|合并|替换|改名|重命名|内联|拆|重写|改成|改为",
    re.IGNORECASE,
)


class Tree(Protocol):
    """What a parser makes of a text."""

    @property
    def has_error(self) -> bool:
        """Whether the text does not follow the grammar."""
        ...

    def errors(self) -> Sequence[Span]:
        """Return where it does not."""
        ...


class Definition(Protocol):
    """One definition of a text; `first` and `last` are 0-based lines, both included."""

    @property
    def name(self) -> str: ...  # noqa: D102 — described by the class that has them.
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def first(self) -> int: ...  # noqa: D102
    @property
    def last(self) -> int: ...  # noqa: D102
    @property
    def path(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def local(self) -> bool: ...  # noqa: D102
    @property
    def plain(self) -> bool: ...  # noqa: D102
    @property
    def public(self) -> bool: ...  # noqa: D102


class Grammar(Protocol):
    r"""What is known about the texts of one language; lines in them end with `\n`."""

    @property
    def language(self) -> str:
        """The LSP identifier."""
        ...

    @property
    def known(self) -> bool:
        """Whether there is a grammar at all."""
        ...

    def parse(self, source: str) -> Tree | None:
        """Return the tree of a text; None without a grammar."""
        ...

    def definitions(self, source: str) -> Sequence[Definition]:
        """Return the definitions of a text in order; none without a grammar."""
        ...

    def code(self, source: str) -> list[str] | None:
        """Return the tokens of a text without comments and docstrings; None without a grammar."""
        ...


@frozen
class Promise:
    """What an action says about the code that it leaves behind.

    Attributes:
        careful: what is lost without a word is a mistake; a rewrite keeps fewer lines.
        comments_only: it changes no code.
        heeds: the user's own words may ask for something to go, or to be called otherwise.
        instruction: what the user asked in their own words.
        problems: the messages of the diagnostics that are to go.
        places: the 0-based lines of the file at which they are.
        part: the target is a part of a definition, chosen by the user.
        gone: the line of a comment that asked for the change, and goes with it; "" for none.
    """

    grammar: Grammar
    careful: bool = True
    comments_only: bool = False
    heeds: bool = False
    instruction: str = field(default="", repr=False)
    problems: tuple[str, ...] = field(default=(), repr=False)
    places: tuple[int, ...] = ()
    part: bool = False
    gone: str = field(default="", repr=False)

    @property
    def frees(self) -> bool:
        """Whether the user's own words do ask for something to go."""
        return self.heeds and bool(_REMOVES.search(self.instruction))


@frozen
class Whole:
    """The whole replacement: it takes the place of the pieces that came before it."""

    text: str = field(repr=False)


@frozen
class Site:
    r"""The target and what stands around it.

    Attributes:
        original: the target's text.
        above, target, below: the file's lines, without their ends.
        newline: the file's line end.
    """

    original: str = field(repr=False)
    above: tuple[str, ...] = field(repr=False)
    target: tuple[str, ...] = field(repr=False)
    below: tuple[str, ...] = field(repr=False)
    newline: str
    promise: Promise
    file: str = field(repr=False)
    span: Span

    @classmethod
    def of(cls, file: str, span: Span, promise: Promise, newline: str = "\n") -> Site:
        """Take a file apart around its target, which consists of whole lines."""
        original = file[span.start : span.end]
        below = file[span.end :]
        ended = original.endswith(("\n", "\r")) or not original
        if not ended:
            below = re.sub(r"\A(\r\n|\r|\n)", "", below)
        return cls(
            original,
            tuple(cut(file[: span.start])),
            tuple(cut(original)),
            tuple(cut(below)),
            newline,
            promise,
            file,
            span,
        )

    @property
    def grammar(self) -> Grammar:
        """The language's."""
        return self.promise.grammar

    @property
    def raw(self) -> list[str]:
        """The target's lines with their ends."""
        lines = split_lines(self.original)
        return lines if lines[-1] else lines[:-1]

    @property
    def unit(self) -> str:
        """One level of the file's indentation; "" when it shows none."""
        if any(line[:1] == "\t" for line in (*self.target, *self.above, *self.below)):
            return "\t"
        for lines in (self.target, (*self.above, *self.below)):
            if width := step(lines):
                return " " * width
        return ""

    def placed(self, replacement: str) -> str:
        """Return the file with a replacement in the target's place."""
        return self.file[: self.span.start] + replacement + self.file[self.span.end :]

    def known(self) -> set[str]:
        """Return what stands on the file's lines outside the target."""
        return {plain(line) for line in (*self.above, *self.below)}
