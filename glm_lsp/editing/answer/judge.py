r"""Judges a file after a change by what the action promised.

Invariant: only what the change brought is found at fault, never what was there before; a
file without a grammar is judged by its characters and lines alone. A fault is one or two
sentences for the model.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from glm_lsp.characters import beginning, fresh
from glm_lsp.editing.answer.elision import is_elision
from glm_lsp.editing.answer.lines import cut, filled, plain, unix
from glm_lsp.languages import language_named
from glm_lsp.text import Text, common_ends

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glm_lsp.editing.answer.values import Promise, Tree

_MARKS = re.compile(r"(?:<{7}|>{7}|={7}|\|{7})(?: |$)|`{3,}|@@ -\d|\+\+\+ |--- a/")
_STUB = re.compile(
    r"(?:pass|\.\.\.|return;?|(?:todo|unimplemented)!\(.*\);?|raise NotImplementedError\b.*"
    r"|throw new Error\(.*not implemented.*\);?|panic\(.*(?:todo|implement).*\))$",
    re.IGNORECASE,
)
_END = re.compile(r"\r\n|\r|\n")
_Name = str | tuple[tuple[str, ...], str]
_MOST_SHOWN = 5
_FEW = 6
_STAYS = 0.4


def judge(promise: Promise, before: str, after: str) -> str | None:
    """Return what is wrong with a file after a change, None when nothing is.

    Args:
        promise: what the action said.
        before: the file's text without the change.
        after: its text with it.
    """
    if before == after:
        return None
    for check in _CHECKS:
        fault = check(promise, before, after)
        if fault is not None:
            return fault
    return None


def _characters(_promise: Promise, before: str, after: str) -> str | None:
    """No character that nobody sees may come in, and the ends stay what they are."""
    if before.startswith("\ufeff") != after.startswith("\ufeff"):
        return "The byte order mark at the start of the file must stay as it is."
    ends = set(_END.findall(before)) or {"\n", "\r\n"}
    unseen = [char for char in fresh(before, after) if char != "U+000D" or "\r" not in ends]
    if unseen:
        shown = ", ".join(unseen[:_MOST_SHOWN])
        return f"It holds characters that nobody sees, and that the file does not have: {shown}."
    if not set(_END.findall(after)) <= ends:
        return "Its line ends are not the file's."
    return None


def _leftovers(promise: Promise, before: str, after: str) -> str | None:
    """Nothing may stand in the file that belongs to an answer and not to code."""
    _, new = _changed_lines(before, after)
    own = {plain(line) for line in cut(before)}
    stub = language_named(promise.grammar.language).stub
    for line in new:
        if plain(line) in own:
            continue
        if is_elision(line) and line.strip() != stub:
            return f"It leaves out code: `{line.strip()[:60]}` stands for lines that are missing."
        if _MARKS.match(line.strip()) and promise.grammar.known:
            return f"It holds marks that are no code: `{line.strip()[:60]}`."
    return None


def _bodies(promise: Promise, before: str, after: str) -> str | None:
    """A definition has a body, where the grammar does without."""
    end = language_named(promise.grammar.language).bare_end
    empty = [
        [d.name for d in promise.grammar.definitions(unix(text)) if lines[d.last].endswith(end)]
        for text in (before, after)
        if (lines := [line.rstrip() for line in [*cut(text), ""]])
    ]
    if not end or empty[0] or not empty[1]:
        return None
    return f"`{empty[1][0]}` has no body: write all of its lines."


def _syntax(promise: Promise, before: str, after: str) -> str | None:
    return find_fault(promise.grammar.parse, before, after)


def _names(promise: Promise, before: str, after: str) -> str | None:
    """What the file defines stays defined, unless the user asked for something else."""
    then, now = _defined(promise, before), _defined(promise, after)
    lost = _lost([name for _, name, _ in then], [name for _, name, _ in now], promise)
    lost = lost or _lost([one[:2] for one in then], [one[:2] for one in now], promise)
    if lost and not promise.frees:
        shown = ", ".join(f"`{name}`" for name in sorted(lost)[:_MOST_SHOWN])
        return f"It does not define {shown} any more: keep the names of what the target defines."
    fresh = Counter(now) - Counter(then)
    twice = [one[1] for one in fresh if one[2] and one in then]
    if twice and not language_named(promise.grammar.language).overloads:
        return f"It defines `{twice[0]}` twice."
    return None


def _lost(then: Sequence[_Name], now: Sequence[_Name], promise: Promise) -> set[str]:
    """Return the names that are gone, and that neither the user nor a problem speaks of."""
    said = " ".join([promise.instruction, *promise.problems])
    gone = {one if isinstance(one, str) else one[1] for one in set(then) - set(now)}
    return {name for name in gone if name and not re.search(rf"\b{re.escape(name)}\b", said)}


def _defined(promise: Promise, text: str) -> list[tuple[tuple[str, ...], str, bool]]:
    """Return the path and name of what a text defines, and whether it stands there plainly."""
    return [
        ((*d.path, _realm(d.kind)), d.name, d.plain)
        for d in promise.grammar.definitions(unix(text))
        if not d.local
    ]


def _realm(kind: str) -> str:
    """Return what sets apart two definitions of one name: a type from its code, receivers."""
    return "impl" if kind == "impl_item" else kind.partition(":")[2]


def _exports(promise: Promise, before: str, after: str) -> str | None:
    """What other files may use stays theirs to use."""
    public = [
        {d.name for d in promise.grammar.definitions(unix(text)) if d.public}
        for text in (before, after)
    ]
    lost = {name for name in public[0] - public[1] if name not in promise.instruction}
    if not lost or re.search(
        r"\b(?:export|public|private|pub)\b|导出|公开|私有", promise.instruction
    ):
        return None
    return f"It does not export `{min(lost)}` any more: keep `export`, `pub` and the like."


def _loss(promise: Promise, before: str, after: str) -> str | None:
    """Most lines stay, unless the user asked for a rewrite; none becomes an empty body."""
    old, new = _changed_lines(before, after)
    ours = [plain(old[i]) for i in filled(old)]
    theirs = [plain(new[i]) for i in filled(new)]
    empty = theirs and all(_STUB.match(new[i].strip()) for i in filled(new))
    if empty and len(ours) > 1 and not promise.frees:
        return "It leaves nothing but an empty body: write the code itself."
    if not promise.careful or promise.part:
        return None
    left = sum((Counter(ours) & Counter(theirs)).values())
    if len(ours) >= _FEW and left < _STAYS * len(ours) and len(theirs) < len(ours) / 2:
        return f"It loses {len(ours) - len(theirs)} lines of the target: keep what need not change."
    return None


def _code(promise: Promise, before: str, after: str) -> str | None:
    """Documenting changes comments only."""
    if not promise.comments_only:
        return None
    old, new = promise.grammar.code(before), promise.grammar.code(after)
    if old is None or new is None:
        return None
    old, new = [[t for t in tokens if t not in ("pass", ";", "\n")] for tokens in (old, new)]
    if old == new:
        return None
    at = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
    near = " ".join(new[max(0, at - 3) : at + 3])[:60]
    return f"It changes code near `{near}`: documenting adds comments and changes nothing else."


def _asked(promise: Promise, before: str, after: str) -> str | None:
    """The comment that asked for the change goes with it."""
    if promise.gone and after.count(promise.gone) >= before.count(promise.gone):
        return f"The comment that asked for it is still there: leave out `{promise.gone[:60]}`."
    return None


def _changed_lines(before: str, after: str) -> tuple[Sequence[str], Sequence[str]]:
    """Return the lines of both between those that both begin and end with."""
    old, new = cut(before), cut(after)
    start, old_end, new_end = common_ends(old, new)
    return old[start:old_end], new[start:new_end]


_CHECKS: tuple[Callable[[Promise, str, str], str | None], ...] = (
    _characters,
    _leftovers,
    _syntax,
    _bodies,
    _names,
    _exports,
    _loss,
    _code,
    _asked,
)


_MOST = 80
_MUCH = 40
"""Characters in error that a broken file may gain: parsers go on from errors in many ways."""


def find_fault(parse: Callable[[str], Tree | None], before: str, after: str) -> str | None:
    """Return a sentence about what a change breaks, in words for the model; None if nothing.

    Args:
        parse: returns the tree of a text, None when there is no grammar for it.
        before: the text without the change.
        after: the text with it.
    """
    if before == after:
        return None
    then = parse(before)
    now = parse(after) if then is not None else None
    if then is None or now is None or not now.has_error:
        return None
    places = now.errors()
    if then.has_error:
        worse = sum(map(len, places)) - sum(map(len, then.errors()))
        if worse < _MUCH or len(places) <= len(then.errors()):
            return None
    if not places:
        return "With this change the file does not parse any more."
    text = Text.of(after)
    line, _ = text.position(min(places[0].start, len(text)))
    shown = text.line(line).strip()
    shown = shown if len(shown) <= _MOST else beginning(shown, _MOST - 1) + "…"
    return (
        f"With this change the file does not parse any more: the first error is at line {line + 1}"
        f" of the file, `{shown}`. Brackets or parts may be missing, or there are too many."
    )
