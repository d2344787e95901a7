"""Judges a change that streamed into a text while a user typed: pure, for any editor.

It is told what was there, what was wanted, every change with who made it, and what the user
read; it replays them character by character (`ownership`) and says what was wrong. It shares
no thought with the server: it never guesses whose a change was.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import cache
from typing import TYPE_CHECKING, Literal

from attrs import evolve, frozen

from tests.editors.fuzz.changes import Change, split_lines
from tests.editors.fuzz.ownership import Ownership

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.editors.fuzz.pieces import Line

Kind = Literal[
    "replay",  # The log does not lead to the text: the recorder's fault.
    "swallowed",  # The user typed it, and it never came into the text.
    "lost",  # GLM removed what the user typed.
    "touched",  # GLM changed a line that the user had touched.
    "mixed",  # A line is partly old and partly new.
    "half",  # A hunk is half in.
    "scrambled",  # What is not the user's is neither old nor new.
    "silent",  # Something was left out, and the user was told nothing.
    "endless",  # It did not end, or made far more edits than it has lines.
    "late",  # Something was changed after it had ended.
    "undo",  # An undo did not lead back exactly.
    "withheld",  # A hunk that the user did not touch was left out, with a sentence.
    "unclear",  # What became of each hunk was not judged: the user undid or moved GLM's lines.
]
SOFT: frozenset[Kind] = frozenset(["withheld", "unclear"])
"""Kinds that are counted, and are no fault: the guard may refuse what the user broke."""


@frozen
class Problem:
    """What was wrong."""

    kind: Kind
    what: str


@frozen
class Segment:
    """Whole lines that stay (`before` is `after`), or one hunk of the intended change."""

    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def is_hunk(self) -> bool:
        """Whether something changes here."""
        return self.before != self.after


@frozen
class Course:
    """One job from its command to its end.

    Attributes:
        segments: the whole text, before and as intended; two hunks are never neighbours.
        log: every change of the text.
        final: the text in the editor after them.
        sentences: what the user was shown.
        ended: whether the job ended in time.
        requests: how many edits the server sent, refused ones included.
        typed: what must stand in what the user put in, in this order or not.
        rejected: whether the change was taken back at the end ("Undo").
    """

    segments: Sequence[Segment]
    log: Sequence[Change]
    final: str
    sentences: Sequence[str] = ()
    ended: bool = True
    requests: int = 0
    typed: Sequence[str] = ()
    rejected: bool = False

    @property
    def original(self) -> str:
        """The text before."""
        return "".join(line for segment in self.segments for line in segment.before)

    @property
    def intended(self) -> str:
        """The text that was wanted, had nobody typed."""
        return "".join(line for segment in self.segments for line in segment.after)


def judge(course: Course) -> list[Problem]:
    """Return what was wrong, the worst first; nothing when all is as promised."""
    lines = [(line, s.is_hunk) for s in course.segments for line in (*s.before, *s.after)]
    changing = frozenset(line for line, changes in lines if changes)
    owned = Ownership(course.original, frozenset(line for line, _ in lines), changing)
    try:
        problems = _replay(course, owned)
    except ValueError as error:
        return [Problem("replay", str(error))]
    if owned.text != course.final:
        return [Problem("replay", f"{owned.text!r} is not {course.final!r}")]
    problems += [Problem("lost", repr(text)) for text in owned.lost]
    problems += _swallowed(course, owned.texts)
    problems += _mixed(course, owned.lines(), "at the end")
    problems += _unbounded(course)
    stopped = owned.undone or any("undid" in sentence for sentence in course.sentences)
    if stopped or owned.ambiguous:
        return [*problems, Problem("unclear", "undone" if stopped else "moved")]
    return problems + _completeness(course, owned)


def _replay(course: Course, owned: Ownership) -> list[Problem]:
    """Follow the log, and watch what each change does to lines that another hand touched."""
    problems = []
    for change in course.log:
        lines = owned.touched_by(change)
        if change.who == "glm":
            problems += [Problem("touched", repr(line.text)) for line in lines if line.touched]
        elif change.who == "user":  # What an undo goes through is not what the user came to.
            problems += _mixed(course, lines, "when the user came")
        owned.apply(change)
    return problems


def _mixed(course: Course, lines: Sequence[Line], when: str) -> list[Problem]:
    known = {line.rstrip("\n") for s in course.segments for line in (*s.before, *s.after)}
    return [
        Problem("mixed", f"{when}: {line.text!r}")
        for line in lines
        if line.handled and not line.touched
        if line.text.rstrip("\n") not in known and line.text.strip()
    ]


def _swallowed(course: Course, texts: Sequence[str]) -> list[Problem]:
    """Find what the user typed and what never stood in the text, at one cursor or at several."""
    users = "".join(change.new for change in course.log if change.who != "glm")
    missing = [token for token in course.typed if token not in users]
    return [Problem("swallowed", t) for t in missing if not any(t in text for text in texts)]


def _unbounded(course: Course) -> list[Problem]:
    """Judge the number of edits by the lines to be changed, there and back, and the user's."""
    made = len({change.request for change in course.log if change.who == "glm"})
    lines = sum(len(s.before) + len(s.after) for s in course.segments if s.is_hunk)
    users = sum(change.who != "glm" for change in course.log)
    found = []
    if not course.ended:
        found.append(Problem("endless", f"not ended after {course.requests} edits"))
    if made > 3 * lines + 12:
        found.append(Problem("endless", f"{made} edits for {lines} lines"))
    if course.requests > 3 * lines + 24 + 2 * users:
        found.append(Problem("endless", f"{course.requests} edits sent for {lines} lines"))
    return found


@frozen
class _Fate:
    """What became of a hunk, and its lines as they are without the user."""

    segment: Segment
    state: Literal["in", "out", "part"]
    lines: Sequence[Line]
    touched: bool


def _completeness(course: Course, owned: Ownership) -> list[Problem]:
    lines = owned.without_user()
    fates = _fates(course, lines)
    texts = [line.text for line in lines]
    if course.rejected and _put_back_around(lines, split_lines(course.original)):
        return []
    if fates is None:
        return [Problem("scrambled", f"without the user: {''.join(texts)!r}")]
    problems = [Problem("half", _shown(fate)) for fate in fates if _is_half(fate)]
    wanted = "out" if course.rejected else "in"
    missing = [fate for fate in fates if fate.state != wanted]
    if missing and not course.sentences:
        return [*problems, *(Problem("silent", f"{f.state}: {_shown(f)}") for f in missing)]
    untouched = [fate for fate in missing if not fate.touched]
    kind: Kind = "undo" if course.rejected else "withheld"
    return problems + [Problem(kind, f"{fate.state}: {_shown(fate)}") for fate in untouched]


def _put_back_around(lines: Sequence[Line], original: Sequence[str]) -> bool:
    """Tell whether the original lines are there, in another order only where the user took some.

    Where he joined lines over a gap, or deleted all around, what was in it has no place.
    """
    texts = [line.text for line in lines]
    if sorted(texts) != sorted(original):
        return False
    codes = SequenceMatcher(None, texts, original, autojunk=False).get_opcodes()
    moved = [at for tag, first, end, _, _ in codes if tag != "equal" for at in (first, end)]
    return not moved or any(line.gone for line in lines[max(min(moved) - 1, 0) : max(moved) + 1])


def _is_half(fate: _Fate) -> bool:
    """Tell whether lines that the user did not touch are in while others of the hunk are not."""
    if fate.state != "part":
        return False
    if not fate.touched:
        return True
    if set(fate.segment.before) & set(fate.segment.after):
        return (
            False  # A line of it stays: which, and so what the hunks are, can be seen in two ways.
        )
    only_new = [line for line in fate.segment.after if line not in fate.segment.before]
    only_old = [line for line in fate.segment.before if line not in fate.segment.after]
    have = [line.text for line in fate.lines]
    new = [line for line in fate.lines if line.text in only_new]
    gone = [line for line in only_old if line not in have]
    return any(not line.touched for line in new) or bool(gone and not any(x.touched for x in new))


def _shown(fate: _Fate) -> str:
    is_now = "".join(line.text for line in fate.lines)
    return f"{''.join(fate.segment.before)!r} -> {''.join(fate.segment.after)!r} is {is_now!r}"


def _fates(course: Course, lines: Sequence[Line]) -> list[_Fate] | None:
    """Find each hunk in the text without the user; None when it is no such text.

    What stays must be there. A hunk that is neither in nor out is taken for whatever stands
    between, and as few are taken so as possible.
    """
    texts = tuple(line.text for line in lines)
    segments = tuple(course.segments)
    ways = _ways(segments, texts, first="before" if course.rejected else "after")
    if ways is None:
        return None
    fates, at = [], 0
    for segment, (state, count) in zip(segments, ways, strict=True):
        if segment.is_hunk:
            near = lines[max(at - 1, 0) : at + count + 1]
            touched = any(line.near for line in near)
            fates.append(_Fate(segment, state, lines[at : at + count], touched))
        at += count
    return fates


_Way = tuple[Literal["in", "out", "part"], int]


def _ways(
    segments: tuple[Segment, ...], texts: tuple[str, ...], first: Literal["before", "after"]
) -> list[_Way] | None:
    @cache
    def best(index: int, at: int) -> tuple[int, list[_Way]] | None:
        if index == len(segments):
            return (0, []) if at == len(texts) else None
        segment, found = segments[index], []
        states: list[tuple[int, _Way]] = [
            (first != "after", ("in", len(segment.after))),
            (first != "before", ("out", len(segment.before))),
        ]
        for cost, (state, count) in states:
            wanted = segment.after if state == "in" else segment.before
            if texts[at : at + count] == wanted and (rest := best(index + 1, at + count)):
                found.append((rest[0] + cost, [(state, count), *rest[1]]))
        if segment.is_hunk and (not found or min(cost for cost, _ in found) >= _PART):
            counts = range(len(texts) - at + 1)
            rests = ((count, best(index + 1, at + count)) for count in counts)
            found += [(r[0] + _PART, [("part", n), *r[1]]) for n, r in rests if r]
        return min(found, key=lambda way: way[0]) if found else None

    way = best(0, 0)
    return way[1] if way else None


_PART = 1000


def with_final_newline(course: Course) -> Course:
    """Return the course with a text whose last line has an end, as Neovim's lines have."""
    *head, last = course.segments

    def ended(lines: tuple[str, ...]) -> tuple[str, ...]:
        return (*lines[:-1], lines[-1].rstrip("\n") + "\n") if lines else lines

    return evolve(course, segments=[*head, Segment(ended(last.before), ended(last.after))])
