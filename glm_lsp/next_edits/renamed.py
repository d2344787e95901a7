"""A name that was given up: where it was bound it is another now, and its uses wait.

Invariant: only uses that nothing binds any more are found: within the function whose parameter or
variable it was, else in the whole document; a member's only behind a dot, others never there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.next_edits.patterns import TOKEN, are_akin, renamed
from glm_lsp.next_edits.scopes import block, depth, has, header
from glm_lsp.next_edits.waiting_line import WaitingLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glm_lsp.next_edits.history import ChangedLine

_DEFINING = (
    "def class fn func function struct enum type interface trait module namespace record sub macro"
    " object union"
).split()
_DEFINED = re.compile(r"\s*(?:[{:(<\[=;]|\Z|extends\b|implements\b|where\b|struct\b|interface\b)")
_BINDING = "let const var val mut static final auto local for as catch".split()
_IMPORTS = re.compile(r"\s*(?:import|from|use|using|require|#\s*include)\b")
_CLASS = re.compile(r"\b(?:class|struct|impl|interface|trait|object|enum|module|record)\b")
_MEMBER = re.compile(r"(?:(?:\.|::|@|\?\.)\s*|->)\Z")
_ASSIGNED = re.compile(r"\s*(?:,[\w\s,*]+)?(?::[^=]*)?(?::=|=(?!=))|\s*:")


def renamed_away(
    lines: Sequence[str], code: Sequence[str], changes: Sequence[ChangedLine]
) -> Iterator[WaitingLine]:
    """Yield the uses of a name whose last binding was renamed, when one was renamed just now."""
    last = max((change.moment for change in changes), default=0)
    recent = {renamed(each.before, each.after) for each in changes if each.moment == last}
    for change in changes:
        names = renamed(change.before, change.after)
        if names is None or names not in recent or not change.alone:
            continue
        if not _IMPORTS.match(change.before):
            yield from _uses(lines, code, changes, change, *names)


def _uses(
    lines: Sequence[str],
    code: Sequence[str],
    changes: Sequence[ChangedLine],
    change: ChangedLine,
    old: str,
    new: str,
) -> Iterator[WaitingLine]:
    bound = binding(change.before, old)
    if not bound or not are_akin(old, new) or old.strip("_") == new.strip("_"):
        return  # Quite another name, or one that something public takes the place of.
    first, end = (0, len(lines)) if bound == "member" else _known_in(code, change.line, bound)
    within = range(first, end)
    ours = {each.line for each in changes if renamed(each.before, each.after) == (old, new)}
    if any(has(code[n], new) for n in within if n not in ours):
        return  # It means something else already.
    member = bound == "member" or (bound == "definition" and is_in_class(code, change.line))
    uses = [n for n in within if n not in ours and has(code[n], old)]
    others = ("definition", "member") if member else ("definition", "variable", "parameter")
    if any(binding(lines[n], old) in others for n in uses):
        return  # Something else has that name as well.
    for number in uses:
        after = _replaced(lines[number], code[number], old, new, member=member)
        if after != lines[number]:
            yield WaitingLine(number, lines[number], after, old, new, len(ours))


def binding(line: str, name: str) -> str:
    """Return how a line binds a name: as a "definition", "member", "parameter", "variable"; ""."""
    for match in TOKEN.finditer(line):
        if match.group() != name:
            continue
        before, behind = line[: match.start()], line[match.end() :]
        word = next(reversed(TOKEN.findall(before)), "")
        if word in _DEFINING and _DEFINED.match(behind):
            return "definition"
        if _MEMBER.search(before):
            target = re.fullmatch(r"\s*(?:self|this|cls)\s*(?:\.|->)\s*", before)
            if target and _ASSIGNED.match(behind):
                return "member"
            continue
        if re.search(r"\b(?:def|fn|func|function|sub)\b", before) and before.count("("):
            return "parameter" if before.count("(") > before.count(")") else ""
        if word in _BINDING:
            return "variable"
        if not before.strip() and _ASSIGNED.match(behind):
            return "variable"
    return ""


def _known_in(code: Sequence[str], line: int, bound: str) -> tuple[int, int]:
    """Return the lines in which what a line binds is known."""
    if bound == "definition":
        return 0, len(code)
    at = line if bound == "parameter" else header(code, line)
    return (0, len(code)) if at is None else block(code, at)


def is_in_class(code: Sequence[str], line: int) -> bool:
    """Tell whether the block right around a line is a class's."""
    column = depth(code[line])
    around = (code[at] for at in range(line - 1, -1, -1) if code[at].strip())
    return _CLASS.search(next((each for each in around if depth(each) < column), "")) is not None


def _replaced(line: str, code: str, old: str, new: str, *, member: bool) -> str:
    """Return a line with a name replaced where it is used, and is not a keyword or text."""
    found: list[str] = []
    at = 0
    for match in TOKEN.finditer(code):
        if match.group() != old or line[slice(*match.span())] != old:
            continue
        dotted = _MEMBER.search(line[: match.start()]) is not None
        keyword = (
            not member and re.match(r"\s*=(?!=)", line[match.end() :]) and _is_open(code, match)
        )
        if dotted == member and not keyword:
            found += [line[at : match.start()], new]
            at = match.end()
    return "".join([*found, line[at:]])


def _is_open(code: str, match: re.Match[str]) -> bool:
    before = code[: match.start()]
    return before.count("(") > before.count(")")
