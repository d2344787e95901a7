"""Judges what a model foresees before anybody sees it.

Invariant: what passes stands, line for line, in the excerpt that the model was shown; it takes back
nothing that the user did, breaks no syntax, and is new. For everything else there is a reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.context.syntax import parse
from glm_lsp.languages.lexer import masked
from glm_lsp.next_edits.patterns import balance
from glm_lsp.next_edits.waiting_line import WaitingLine
from glm_lsp.text import common_ends

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from glm_lsp.prompts.next_edit import EditEvent, NextEditAnswer

MOST_LINES = 12


@frozen
class Judgement:
    """An edit that may be shown, or why there is none."""

    edit: WaitingLine | None
    reason: str = ""


@frozen
class ShownSite:
    """Where an edit would be made.

    Attributes:
        lines: the document's, as they are.
        first, end: those that the model was shown.
        cursor: the line of the cursor.
        events: what the user changed, the last one last.
        unwanted: lines, before and after, that were taken back or refused.
        least: how sure an answer has to be.
    """

    language: str
    lines: Sequence[str] = field(repr=False)
    first: int
    end: int
    cursor: int
    events: Sequence[EditEvent] = field(repr=False)
    unwanted: Collection[tuple[str, str]] = field(repr=False, default=())
    least: int = 0


def judge(answer: NextEditAnswer, site: ShownSite) -> Judgement:
    """Return what may be shown of an answer."""
    if not answer.before:
        return Judgement(None, "It replaces no line.")
    if max(len(answer.before), len(answer.after)) > MOST_LINES:
        return Judgement(None, "It is too long.")
    line = _place(answer, site)
    if line is None:
        return Judgement(None, "Its lines do not stand where they were shown.")
    end = line + len(answer.before)
    before = "\n".join(site.lines[line:end])
    after = "\n".join(_indented(answer, site.lines[line]))
    edit = WaitingLine(line, before, after, *_difference(before, after), done=0)
    for fails, reason in _FILTERS:
        if fails(edit, site):
            return Judgement(None, reason)
    if not answer.after:
        return Judgement(None, "It only takes lines away.")
    if answer.sure < site.least:
        return Judgement(None, "It is not sure enough.")
    return Judgement(edit)


def _place(answer: NextEditAnswer, site: ShownSite) -> int | None:
    """Return where the lines that go stand, the nearest to where the model says."""
    wanted = [line.strip() for line in answer.before]
    if not any(wanted):
        return None
    near = answer.line if answer.line is not None else site.cursor
    places = [
        at
        for at in range(site.first, min(site.end, len(site.lines)) - len(wanted) + 1)
        if all(site.lines[at + n].strip() == line for n, line in enumerate(wanted))
    ]
    return min(places, key=lambda at: (abs(at - near), at), default=None)


def _indented(answer: NextEditAnswer, first: str) -> list[str]:
    """Return the lines that come, indented as the first that goes really is."""
    said, real = (line[: len(line) - len(line.lstrip())] for line in (answer.before[0], first))
    return [
        real + line[len(said) :] if line.startswith(said) and line.strip() else line.rstrip()
        for line in answer.after
    ]


def _is_nothing_new(edit: WaitingLine, _: ShownSite) -> bool:
    return "".join(edit.before.split()) == "".join(edit.after.split())


def _takes_back(edit: WaitingLine, site: ShownSite) -> bool:
    """Tell whether it would give back what an edit took, or take what an edit gave."""
    ours = _difference(edit.before, edit.after)
    for event in site.events:
        was, became = ("\n".join(each) for each in (event.before, event.after))
        if _difference(became, was) == ours and any(ours):
            return True
        if was.strip() and was.strip() == edit.after.strip():
            return True
        if len(event.before) == len(event.after) and _takes_back_a_line(edit, event):
            return True
    return False


def _takes_back_a_line(edit: WaitingLine, event: EditEvent) -> bool:
    """Tell whether a line of several that were changed would say again what it said."""
    goes, comes = (
        {each.strip() for each in text.split("\n")} for text in (edit.before, edit.after)
    )
    pairs = zip(event.before, event.after, strict=True)
    return any(
        was.strip() != became.strip() and became.strip() in goes - comes and was.strip() in comes
        for was, became in pairs
    )


def _is_unwanted(edit: WaitingLine, site: ShownSite) -> bool:
    ours = _difference(edit.before, edit.after)
    return any(_difference(*each) == ours for each in site.unwanted)


def _is_echo(edit: WaitingLine, site: ShownSite) -> bool:
    """Tell whether the lines that come stand there already, just above or below."""
    after = edit.after + "\n"
    start, old_end, new_end = common_ends(edit.before + "\n", after)
    if old_end > start:
        return False
    added = [each.strip() for each in after[start:new_end].split("\n") if each.strip()]
    if not added:
        return False
    below = [each.strip() for each in site.lines[edit.end : edit.end + len(added)]]
    above = [each.strip() for each in site.lines[max(0, edit.line - len(added)) : edit.line]]
    return added in (below, above)


def _breaks_syntax(edit: WaitingLine, site: ShownSite) -> bool:
    above, below = site.lines[: edit.line], site.lines[edit.end :]
    then = "\n".join(site.lines)
    now = "\n".join([*above, *edit.after.split("\n"), *below])
    trees = parse(site.language, then), parse(site.language, now)
    if trees[0] is None or trees[1] is None:
        unpaired = (balance(masked(text, site.language)) for text in (then, now))
        was, became = (sum(map(abs, each)) for each in unpaired)
        return became > was
    return len(trees[1].errors()) > len(trees[0].errors())


def _difference(before: str, after: str) -> tuple[str, str]:
    start, old_end, new_end = common_ends(before, after)
    return before[start:old_end].strip(), after[start:new_end].strip()


_FILTERS: tuple[tuple[Callable[[WaitingLine, ShownSite], bool], str], ...] = (
    (_is_nothing_new, "It changes nothing but blanks."),
    (_takes_back, "It takes back what was just changed."),
    (_is_unwanted, "It was refused or taken back before."),
    (_is_echo, "Its lines stand there already."),
    (_breaks_syntax, "It breaks the syntax."),
)
