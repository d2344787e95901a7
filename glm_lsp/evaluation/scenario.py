"""Scenarios: a document, what is asked of it, and what should come of that; as values, and as text.

    == title (language)
    the file's lines; $0 is the cursor, two of them are a selection
    -- complete
    what belongs at the cursor
    -- tests
    a program beside the file, which is called `example`; it succeeds when the answer is right

In place of `-- complete` stand `-- fix: PROBLEM`, `-- edit: INSTRUCTION`, `-- refactor` or
`-- document`, each with the smallest edit: `- a line` that stands there once, without its
indentation, and below it `+ what it becomes`, none or several. `-- silence` demands that nothing
is shown at the cursor. The edit after others, which `docs/next-edits.md` is about, is `-- edits`
that were made, and then `-- waits`, or `-- silence`.

Invariant: a scenario is a value; whoever reads one finds in it all that an editor needs.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, get_args

from attrs import field, frozen

from glm_lsp.errors import GlmError
from glm_lsp.languages import language_named
from glm_lsp.text import Change, Span, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from glm_lsp.evaluation.git import CommitTree

Feature = Literal["complete", "next", "fix", "edit", "refactor", "document"]
FEATURES: tuple[Feature, ...] = get_args(Feature)

LineChange = tuple[str, tuple[str, ...]]
"""A line, without its indentation, and what it becomes."""

CURSOR = "$0"
PYTHON = "{python}"
"""Stands in a program's arguments for the Python that runs this."""

_HEADING = re.compile(r"^== (.+) \((\w+)\)$", re.MULTILINE)
_SECTION = re.compile(
    r"^-- (complete|silence|edits|waits|fix|edit|refactor|document|tests)(?::[ \t]*(.*))?$",
    re.MULTILINE,
)


@frozen
class Check:
    """A program that succeeds when the code is right.

    Attributes:
        command: its arguments; see `PYTHON`.
        files: what is put beside the code for it, by path.
    """

    command: tuple[str, ...]
    files: Mapping[str, str] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class Scenario:
    """One question to the server, and what is known about its answer.

    Attributes:
        path: of the document, in its workspace.
        text: the document when the question is asked; of a next edit, before the edits.
        place: the cursor, or the selection.
        asks: the problem to be fixed, the instruction, the name of the refactoring.
        edits: what is done to the document before the question.
        wanted: what belongs at the cursor, or the document afterwards; None where nobody says.
        waits: the lines that wait for the edits.
        quiet: nothing should be shown.
        tree: the workspace that the document is in, if any.
    """

    title: str
    feature: Feature
    language: str
    path: str
    text: str = field(repr=False)
    place: Span = field(factory=lambda: Span(0, 0))
    asks: str = field(default="", repr=False)
    edits: tuple[LineChange, ...] = field(default=(), repr=False)
    wanted: str | None = field(default=None, repr=False)
    waits: tuple[LineChange, ...] = field(default=(), repr=False)
    quiet: bool = False
    check: Check | None = field(default=None, repr=False)
    tree: CommitTree | None = None

    @property
    def shows(self) -> bool:
        """Whether it is about what is shown unasked."""
        return self.feature in ("complete", "next")


def own() -> Iterator[Scenario]:
    """Yield the scenarios that come with the program."""
    folder = files("glm_lsp.evaluation") / "scenarios"
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".txt"):
            yield from read(entry.name.removesuffix(".txt"), entry.read_text("utf-8"))


def in_files(path: Path) -> Iterator[Scenario]:
    """Yield the scenarios of a file, or of the `.txt` files of a folder.

    Raises:
        GlmError: it cannot be read, or is not written as it should be.
    """
    try:
        found = sorted(path.glob("*.txt")) if path.is_dir() else [path]
        for each in found:
            yield from read(each.stem, each.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise GlmError(f"{path} cannot be read as text: {type(error).__name__}.") from error


def read(name: str, text: str) -> Iterator[Scenario]:
    """Yield the scenarios of a file's text.

    Raises:
        GlmError: one is not written as it should be.
    """
    parts = _HEADING.split(text)
    for title, language, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        try:
            yield _read(f"{name}: {title}", language, body)
        except ValueError as error:
            raise GlmError(f"The scenario “{name}: {title}” is not complete: {error}.") from None


def changed(text: Text, before: str, after: Sequence[str]) -> Change:
    """Return the change of the first line that says `before`, its indentation kept.

    Raises:
        ValueError: there is none.
    """
    number = next((n for n, line in enumerate(text.lines()) if line.strip() == before), None)
    if number is None:
        raise ValueError(f"no line says “{before}”")
    line = text.line(number)
    lead = line[: len(line) - len(line.lstrip())]
    end = "\n" if line.endswith("\n") else ""
    start = text.line_start(number)
    span = Span(start, start + len(line))
    return Change(span, "".join((lead + each).rstrip(" ") + end for each in after))


def line_changes(lines: Iterable[str]) -> Iterator[LineChange]:
    """Read `- before` and `+ after` lines."""
    before: str | None = None
    after: list[str] = []
    for line in [*lines, "- "]:
        if line.startswith("- "):
            if before is not None:
                yield before, tuple(after)
            before, after = line[2:].strip(), []
        elif line.startswith("+"):
            after.append(line[2:])


def _read(title: str, language: str, body: str) -> Scenario:
    found = list(_SECTION.finditer(body))
    text = body[: found[0].start() if found else None].strip("\n") + "\n"
    ends = [*(each.start() for each in found[1:]), len(body)][: len(found)]
    sections = {
        each[1]: (each[2] or "", body[each.end() : end].strip("\n"))
        for each, end in zip(found, ends, strict=True)
    }
    suffix = next(iter(language_named(language).suffixes), "")
    given: dict[str, Any] = {"title": title, "language": language, "path": f"example{suffix}"}
    if "tests" in sections:
        given["check"] = Check((PYTHON, "check.py"), {"check.py": sections["tests"][1] + "\n"})
    if "edits" in sections:
        edits = tuple(line_changes(sections["edits"][1].split("\n")))
        waits = tuple(line_changes(sections.get("waits", ("", ""))[1].split("\n")))
        return Scenario(
            **given, feature="next", text=text, edits=edits, waits=waits, quiet=not waits
        )
    text, place = _place(text)
    given |= {"text": text, "place": place}
    feature = next((name for name in FEATURES if name in sections), None)
    if "silence" in sections:
        return Scenario(**given, feature="complete", quiet=True, wanted="")
    if feature is None:
        raise ValueError("it does not say what is asked, as in “-- complete”")
    asks, said = sections[feature]
    if feature == "complete":
        return Scenario(**given, feature="complete", wanted=said)
    if feature in ("fix", "edit") and not asks:
        raise ValueError(f"“-- {feature}” is followed by a colon and what is asked")
    wanted = _wanted(text, said) if said else None
    return Scenario(**given, feature=feature, asks=asks, wanted=wanted)


def _place(text: str) -> tuple[str, Span]:
    before, *marked = text.split(CURSOR)
    if len(marked) not in (1, 2):
        raise ValueError(f"{CURSOR} marks the cursor, or two the selection")
    start = len(before)
    return before + "".join(marked), Span(start, start + sum(map(len, marked[:-1])))


def _wanted(text: str, said: str) -> str:
    edited = Text.of(text)
    for before, after in line_changes(said.split("\n")):
        change = changed(edited, before, after)
        edited = edited.replace(change.span, change.text)
    return str(edited)
