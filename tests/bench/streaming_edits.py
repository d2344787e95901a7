"""What streamed edits rewrite, and what they cost.

    python -m tests.bench.streaming_edits [pairs] [cost] [loop]

pairs  functions that changed between two releases of packages on PyPI (fetched now, kept in
       `.cache/`), streamed line by line: lines rewritten that a full diff keeps, and the size
       of all edits against that of one full diff at the end
cost   a replacement of 5,000 lines, streamed token by token through reader, diff and session,
       against one diff of the two finished texts by the same code, in the same run; and the
       last tenth of the tokens against the first. (What decides on the whole answer in the end
       is not on the event loop.)
loop   what following a report of the editor costs on the event loop, with ten kept changes of
       forty hunks each in the document
"""

from __future__ import annotations

import copy
import gc
import random
import re
import statistics
import sys
import time
from typing import TYPE_CHECKING

from glm_lsp.context.outline import Grammar
from glm_lsp.editing.answer import IncrementalReader, Promise, Site
from glm_lsp.editing.diff import StreamingDiff
from glm_lsp.editing.lcs import common_pairs
from glm_lsp.editing.lines import contents
from glm_lsp.editing.live.session import EditSession
from glm_lsp.editing.partners import refine
from glm_lsp.text import Change, Snapshot, Span, Text
from tests.bench.pairs import RELEASES, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glm_lsp.editing.lines import LineEdit

_LINES = 5_000
_ROUNDS = 5
_LOOP = 5e-3  # Seconds that one report may hold up the event loop.


def measure_pairs() -> bool:
    """Print what streaming rewrites; tell whether it keeps to the promise."""
    found = pairs()
    rewritten = kept = size = full_size = early = total = 0
    for pair in found:
        old, new = pair.before.split("\n"), pair.after.split("\n")
        difference = StreamingDiff(old)
        edits = [edit for line in new[:-1] for edit in difference.feed(line + "\n")]
        early += len(edits)
        edits += [*difference.feed(new[-1]), *difference.finish()]
        total += len(edits)
        most = len(common_pairs(old, new))
        kept += most
        rewritten += max(0, most - len(old) + sum(edit.end - edit.first for edit in edits))
        size += _sent(pair.before, new)
        full_size += _size(_session(pair.before, _full_diff(old, new)).send())
    print(f"{len(found)} pairs of {len(RELEASES)} packages, {kept} lines that stayed")
    print(f"  unchanged lines rewritten   {rewritten}")
    print(f"  edits / edits of full diff  {size / full_size:.3f}")
    print(f"  edits before the last line  {early / total:.0%}")
    return len(found) >= 300 and rewritten == 0 and size <= 1.2 * full_size


def _full_diff(old: list[str], new: list[str]) -> list[LineEdit]:
    """Return the edits between two finished texts; as many lines as possible stay untouched."""
    edits: list[LineEdit] = []
    done_old = done_new = 0
    for i, j in [*common_pairs(old, new), (len(old), len(new))]:
        edits += refine(done_old, old[done_old:i], new[done_new:j])
        done_old, done_new = i + 1, j + 1
    return edits


def _session(before: str, edits: list[LineEdit]) -> EditSession:
    session = EditSession(Snapshot("file:///pair.py", 1, "python", Text.of(before)))
    session.add(edits)
    return session


def _size(changes: list[Change]) -> int:
    return sum(len(change.span) + len(change.text) for change in changes)


def _sent(before: str, new: list[str]) -> int:
    """Return the characters removed and written by all edits of a replacement, line by line."""
    session = _session(before, [])
    difference = StreamingDiff(before.split("\n"))
    size = 0

    def apply(edits: list[LineEdit]) -> int:
        session.add(edits)
        changes = session.send()[::-1]
        session.observe(session.text.apply(changes), changes)
        return _size(changes)

    for line in new[:-1]:
        if edits := difference.feed(line + "\n"):
            size += apply(edits)
    size += apply([*difference.feed(new[-1]), *difference.finish()])
    assert str(session.text).split("\n") == new
    return size


def measure_cost() -> bool:
    """Print what streaming costs; tell whether it keeps to the promise."""
    before, after = _source(_LINES)
    tokens = re.findall(r"\s*\w+|\s*[^\w\s]|\s+", f"```python\n{after}```\n")
    whole: list[float] = []
    streamed: list[float] = []
    tenths: list[list[float]] = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        _full_diff(before.split("\n"), after.split("\n"))
        whole.append(time.process_time() - start)
        times = _stream(before, after, tokens)
        streamed.append(sum(times))
        tenths.append(times)
    ratio = statistics.median(streamed) / statistics.median(whole)
    per = [statistics.median(column) for column in zip(*tenths, strict=True)]
    print(f"{_LINES} lines, {len(tokens)} tokens, median of {_ROUNDS} rounds")
    print(f"  one diff of the finished texts    {statistics.median(whole) * 1e3:.0f} ms")
    print(f"  reader, diff and session, stream  {statistics.median(streamed) * 1e3:.0f} ms")
    print(f"  ratio                             {ratio:.2f}")
    print(f"  last tenth / first tenth          {per[-1] / per[0]:.2f}")
    return ratio <= 3 and per[-1] <= 1.5 * per[0]


def _stream(before: str, after: str, tokens: list[str]) -> list[float]:
    """Stream a reply; return the seconds that each tenth of its tokens took.

    The texts that the editor reports come from a run before: the mirror is not measured.
    """
    mirrored: list[Text] = []
    for measured in (False, True):
        session = EditSession(Snapshot("file:///big.py", 1, "python", Text.of(before)))
        site = Site.of(before, Span(0, len(before)), Promise(Grammar("python")))
        parser, difference = IncrementalReader(site), StreamingDiff(before.split("\n"))
        reports = iter(mirrored) if measured else None
        times: list[float] = []
        step = -(-len(tokens) // 10)
        gc.collect()
        for first in range(0, len(tokens), step):
            start = time.process_time()
            for token in tokens[first : first + step]:
                if piece := parser.feed(token):
                    _apply(session, difference.feed(piece), reports, mirrored)
            if first + step >= len(tokens):
                _apply(session, difference.finish(), reports, mirrored)
            times.append(time.process_time() - start)
        assert str(session.text) == after
    return times


def _apply(
    session: EditSession,
    edits: list[LineEdit],
    reports: Iterator[Text] | None,
    mirrored: list[Text],
) -> None:
    """Bring line edits into the document as an editor would that acknowledges at once."""
    if not edits:
        return
    session.add(edits)
    changes = session.send(awaited=True)[::-1]
    if reports is None:
        mirrored.append(session.text.apply(changes))
    after = mirrored[-1] if reports is None else next(reports)
    version = session.landed + 2
    session.observe(after, changes, version)
    session.answered(True, version)


def measure_loop() -> bool:
    """Print what following reports costs with ten kept changes; tell whether it is little."""
    before, _ = _source(_LINES)
    text = Text.of(before)
    kept: list[EditSession] = []
    for number in range(10):
        session = EditSession(Snapshot("file:///big.py", 1, "python", text))
        first = 400 * number
        lines = contents(text, first, first + 200)
        difference = StreamingDiff(lines, first)
        new = [
            line.replace("strict", "exact") if n % 5 == 0 else line for n, line in enumerate(lines)
        ]
        session.add([*difference.feed("\n".join(new)), *difference.finish()])
        session.close()
        changes = session.send()[::-1]
        text = text.apply(changes)
        kept.append(session)
        for each in kept:
            each.observe(text, changes)
    assert all(len(session.hunks()) == 40 for session in kept)
    away, inside = text.line_start(4_500), text.line_start(1_500)
    reports = {
        "one character": [Change(Span(away, away), "x")],
        "a paste of 15,000 characters": [Change(Span(away, away), "x = 1  # pasted\n" * 938)],
        "the same into a kept change": [Change(Span(inside, inside), "x = 1  # pasted\n" * 938)],
        "a replaced word": [Change(Span(away, away + 9), "word")],
        "2,000 lines replaced": [Change(Span(inside, away), "y = 2\n" * 2_000)],
        "the whole text replaced": [
            Change(Span(0, len(text)), str(text).replace("value", "number"))
        ],
    }
    slowest = 0.0
    for name, changes in reports.items():
        after, times = text.apply(changes), []
        for _ in range(_ROUNDS):
            copies = copy.deepcopy(kept)
            start = time.process_time()
            for session in copies:
                session.observe(after, changes)
            times.append(time.process_time() - start)
        slowest = max(slowest, statistics.median(times))
        print(f"  {name:30}  {statistics.median(times) * 1e3:.2f} ms")
    return slowest < _LOOP


def _source(count: int) -> tuple[str, str]:
    """Make a source of that many lines, and one in which a fifth of them changed."""
    rng = random.Random(4)  # noqa: S311  # It has to be the same each time.
    names = [f"{a}_{b}" for a in ("read", "make", "send") for b in ("item", "row", "page", "key")]
    old: list[str] = []
    new: list[str] = []
    for number in range(count):
        one, two = rng.choice(names), rng.choice(names)
        line = f"    value_{number} = {one}({two}, limit={number % 90}, strict=True)\n"
        old.append(line)
        fate = rng.random()
        if fate < 0.10:
            new.append(line.replace("strict=True", "strict=False").replace(one, two))
        elif fate < 0.15:
            new += [line, f"    check(value_{number})\n"]
        elif fate >= 0.20:
            new.append(line)
    return "".join(old), "".join(new)


def main(arguments: list[str]) -> int:
    """Run what was named, else everything."""
    measures = {"pairs": measure_pairs, "cost": measure_cost, "loop": measure_loop}
    results = [measures[name]() for name in arguments or measures]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
