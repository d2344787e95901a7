"""What is offered in a place: pure data, from data.

Invariant: listing looks at the selection and at the problems that are known only. It calls no
model, parses nothing, and takes the same time in a large file as in a small one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from glm_lsp.actions.registry import ACTIONS, EDIT, EXPLAIN, FIX
from glm_lsp.characters import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glm_lsp.actions.comments import Asking
    from glm_lsp.actions.registry import Action
    from glm_lsp.text import Span

FIX_ALL = f"{FIX.title} all in this file"

SHOW = "GLM: Show what is sent"
SHOW_KIND, SHOW_COMMAND = "glm.show", "glm.show"

_ON_COMMENT = "GLM: Do what this comment asks"
_ANSWER = "GLM: Answer what this comment asks"
_MOST_TITLE = 60
MOST_FIXES = 50  # Entries; a menu of more is no menu, and one entry is about them all.
_MOST_LINES = 5  # That a title names.


@frozen
class Diagnostic:
    """A problem that another tool reports; `severity` as in LSP, 1 (error) to 4 (hint)."""

    span: Span
    message: str
    severity: int = 1
    source: str = ""
    code: str = ""

    @property
    def label(self) -> str:
        """Who says it: `pyflakes F821`."""
        return f"{self.source} {self.code}".strip()


@frozen
class Offer:
    """One entry of the code action menu.

    Attributes:
        title: what the menu shows.
        kind: the LSP code action kind.
        command: the command that does it.
        diagnostics: those of the selection that it is about.
        every: it is about every problem of the file.
        preset: the name of the action's preset, "" for the action itself.
        instruction: what to do, in the user's words.
        comment: a comment says it, and ends in `AI!` or `AI?`.
        prompt: the name of a prompt that says it.
    """

    title: str
    kind: str
    command: str
    diagnostics: tuple[Diagnostic, ...] = ()
    every: bool = False
    preset: str = ""
    instruction: str = ""
    comment: bool = False
    prompt: str = ""


def offers(
    diagnostics: Sequence[Diagnostic],
    only: Sequence[str] | None = None,
    comment: str = "",
    *,
    asking: Asking | None = None,
    lines: Sequence[int] = (),
    more: bool = False,
) -> list[Offer]:
    """List what is offered for a selection.

    `only` holds the kinds the editor asks for, `comment` what a comment at the cursor says,
    `asking` the one there that asks by its mark,
    `lines` the line of every problem of the file that is known, from 1; `more`: the editor may
    know of others.
    """
    listed: list[Offer] = []
    if asking is not None:
        title, action = (_ON_COMMENT, EDIT) if asking.does else (_ANSWER, EXPLAIN)
        listed.append(Offer(title, action.kind, action.command, comment=True))
    for action in ACTIONS.values():
        if action.offered == "message":
            continue
        if action.offered == "problem":
            listed += _fixes(action, diagnostics, lines, more=more)
        elif action.offered == "always":
            listed.append(Offer(action.title, action.kind, action.command))
        elif comment and asking is None:
            listed.append(Offer(_ON_COMMENT, action.kind, action.command, instruction=comment))
        for preset in action.presets:
            title = f"GLM: {preset.title}"
            listed.append(Offer(title, preset.kind, action.command, preset=preset.name))
    return [offer for offer in listed if only is None or is_wanted(offer.kind, only)]


def offers_in_message(only: Sequence[str] | None = None) -> list[Offer]:
    """List what is offered in the message of a commit."""
    offers = (Offer(a.title, a.kind, a.command) for a in ACTIONS.values() if a.offered == "message")
    return [offer for offer in offers if only is None or is_wanted(offer.kind, only)]


def is_wanted(kind: str, only: Sequence[str]) -> bool:
    """Tell whether a kind is one of those asked for, or below one of them."""
    return any(kind == wish or kind.startswith(wish + ".") or not wish for wish in only)


def covered(lines: Sequence[int]) -> str:
    """Say which problems of a file are meant: `3 problems: lines 2, 5 and 9`."""
    found = sorted(set(lines))
    count = f"{len(lines)} problem{'s' if len(lines) > 1 else ''}"
    if len(found) == 1:
        return f"{count}: line {found[0]}"
    if len(found) > _MOST_LINES:
        return f"{count}: lines {found[0]} to {found[-1]}"
    return f"{count}: lines {', '.join(map(str, found[:-1]))} and {found[-1]}"


def _fixes(
    action: Action, diagnostics: Sequence[Diagnostic], lines: Sequence[int], *, more: bool
) -> Iterator[Offer]:
    """List one entry for each problem of the selection, and one for all of the file's."""
    named = diagnostics[:MOST_FIXES]
    for diagnostic in named:
        title = f"{action.title} “{short(diagnostic.message)}”"
        yield Offer(title, action.kind, action.command, (diagnostic,))
    if diagnostics and (more or len(lines) > 1):
        # One that is known says nothing about how many the editor knows of.
        about = f" ({covered(lines)})" if len(lines) > 1 else ""
        yield Offer(f"{FIX_ALL}{about}", action.kind, action.command, tuple(named), every=True)


def short(message: str, most: int = _MOST_TITLE) -> str:
    """Return a message as a title shows it: on one line, of so many characters at the most."""
    line = one_line(" ".join(message[: 4 * most].split()))
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
