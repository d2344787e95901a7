"""What GLM is asked to change in a run, and its answer: files of Python in many shapes.

Each is made from segments, so that what was wanted is known without any diff. Two hunks always
have a line between them that occurs once, so there is one way to see them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from tests.editors.fuzz.oracle import Segment

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    Pairs = list[tuple[list[str], list[str]]]

FLAVOURS = ("plain", "plain", "plain", "crlf", "unfinished", "unicode", "tabs", "last")


@frozen
class Scenario:
    """One file, and the change that the answer makes in it.

    Attributes:
        segments: the file's lines, all ended by a line feed, before and as intended.
        target: the function that is rewritten: its first line and one past its last.
        answer: what GLM says.
    """

    shape: str
    flavour: str
    segments: tuple[Segment, ...]
    target: tuple[int, int]
    answer: str

    @property
    def file(self) -> bytes:
        """The file as it is on disk."""
        text = "".join(line for segment in self.segments for line in segment.before)
        if self.flavour == "unfinished":
            text = text.removesuffix("\n")
        if self.flavour == "crlf":
            text = text.replace("\n", "\r\n")
        return text.encode()


def make(dice: random.Random) -> Scenario:
    """Make up a scenario."""
    shape = dice.choice(list(SHAPES))
    flavour = dice.choice(FLAVOURS)
    pairs = _finish(dice, SHAPES[shape](dice), flavour)
    above = [f"# above {number}" for number in range(dice.choice((0, 1, 4, 12)))]
    below = [f"# below {number}" for number in range(dice.choice((1, 4, 12)))]
    if above:
        above += ["", ""]
    below = [] if flavour in ("last", "unfinished") else ["", "", *below]
    old = [line for before, _ in pairs for line in before]
    new = [line for _, after in pairs for line in after]
    pairs = [(above, above), *pairs, (below, below)]
    segments = tuple(
        Segment(_lines(before), _lines(after)) for before, after in pairs if before or after
    )
    answer = "```python\n" + "".join(_lines(new)) + "```"
    return Scenario(shape, flavour, segments, (len(above), len(above) + len(old)), answer)


def _finish(dice: random.Random, body: Pairs, flavour: str) -> Pairs:
    """Put a function around the body, and give it the flavour."""
    if flavour == "unicode":
        body = [
            ([_unicode(line) for line in before], [_unicode(line) for line in after])
            for before, after in body
        ]
    head = ["def run(value, items):"]
    ends_changed = flavour in ("last", "unfinished") and dice.random() < 0.6
    last = ["    return value  # old"] if ends_changed else ["    return value"]
    done = ["    return value or None"] if ends_changed else last
    # Neighbouring hunks are one.
    keep = ["    ready = bool(value)"]
    pairs: Pairs = [(head, head), *body, (keep, keep), (last, done)]
    if flavour == "tabs":
        pairs = [
            ([_tabs(line) for line in before], [_tabs(line) for line in after])
            for before, after in pairs
        ]
    return pairs


def _lines(lines: list[str]) -> tuple[str, ...]:
    return tuple(f"{line}\n" for line in lines)


def _unicode(line: str) -> str:
    return line.replace('"', '"é🙂', 1) if '"' in line else f"{line}  # 你好 🚀"


def _tabs(line: str) -> str:
    code = line.lstrip(" ")
    return "\t" * ((len(line) - len(code)) // 4) + code


def _kept(number: int) -> tuple[list[str], list[str]]:
    line = f"    step_{number} = value + {number}"
    return [line], [line]


def _old(dice: random.Random, number: int) -> str:
    return dice.choice(
        (
            f"    total = total + items[{number}]",
            f'    print("value %s" % value, {number})',
            f"    value = await_it(value, {number})",
            f"    if value == None or {number} == value: value = {number}",
        )
    )


def _new(line: str) -> str:
    """Rewrite a line within."""
    return (
        line.replace("total = total + ", "total += ")
        .replace('print("value %s" % value, ', 'print(f"value {value}", ')
        .replace("value = await_it(", "value = await call_it(")
        .replace("== None", "is None")
    )


def _within(dice: random.Random) -> Pairs:
    line = _old(dice, 1)
    return [_kept(0), ([line], [_new(line)]), _kept(1)]


def _several(dice: random.Random) -> Pairs:
    pairs = []
    for number in range(dice.randint(2, 9)):
        line = _old(dice, number)
        pairs += [_kept(number), ([line], [_new(line)])]
    return pairs


def _insertion(dice: random.Random) -> Pairs:
    pairs = [_kept(0)]
    for number in range(1, dice.randint(2, 4)):
        lines = [f"    check(value, {number}, {n})" for n in range(dice.randint(1, 12))]
        pairs += [([], lines), _kept(number)]
    return pairs


def _removal(dice: random.Random) -> Pairs:
    pairs = [_kept(0), _kept(10), _kept(11), _kept(12)]
    for number in range(1, dice.randint(2, 4)):
        lines = [f"    print('debug', value, {n})" for n in range(dice.randint(1, 3))]
        pairs += [(lines, []), _kept(number), _kept(number + 20), _kept(number + 30)]
    return pairs


def _whole(dice: random.Random) -> Pairs:
    old = [_old(dice, number) for number in range(dice.randint(2, 10))]
    new = [_new(line) for line in old]
    if dice.random() < 0.5:
        new = [line for one in new for line in (one, *dice.choice(([], ["    tick(value)"])))]
    return [(old, new)]


def _equal(dice: random.Random) -> Pairs:
    line, new = "    log(value)", "    log.debug(value)"
    way = dice.choice(("one", "both", "second", "fewer", "more"))
    pair: dict[str, tuple[list[str], list[str]]] = {
        "one": ([line, line], [new, line]),
        "second": ([line, line], [line, new]),
        "both": ([line, line], [new, new]),
        "fewer": ([line, line], [line]),
        "more": ([line, line], [line, line, line]),
    }
    return [_kept(0), pair[way], _kept(1), *([pair[way]] if dice.random() < 0.3 else [])]


def _mixture(dice: random.Random) -> Pairs:
    parts = dice.sample([_within, _removal, _insertion, _several], 3)
    pairs: Pairs = []
    for index, part in enumerate(parts):
        line = [f"    part_{index} = value"]
        pairs += [*part(dice), (line, line)]
    return pairs


SHAPES: dict[str, Callable[[random.Random], Pairs]] = {
    "within": _within,
    "several": _several,
    "insertion": _insertion,
    "removal": _removal,
    "whole": _whole,
    "equal": _equal,
    "mixture": _mixture,
}
