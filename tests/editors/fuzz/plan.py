"""What happens in one run: the same seed plans the same one."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from tests.editors.fuzz import scenarios, typist
from tests.editors.fuzz.oracle import Segment
from tests.editors.fuzz.scenarios import Scenario
from tests.gateway import Gate, Pause, Reply, chat_stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.editors.fuzz.typist import Stroke
    from tests.gateway import Step


@frozen
class Plan:
    """What happens in one run."""

    scenario: Scenario
    strokes: Sequence[Stroke]
    pace: float
    """Seconds between two keys."""
    reply: Reply
    delay: float
    """Seconds from the command to the first key."""
    ending: str = "undo"
    """What the user does at the end: "u" until all is as it was, or "undo": `:Glm undo`."""
    until: str = ""
    """What must be in the text before the first key. Gates open after the last."""
    after_edit: bool = False
    """Whether the first key waits for GLM's first edit."""


def plan(seed: int) -> Plan:
    """Make up a run; the same seed makes the same one."""
    dice = random.Random(seed)  # noqa: S311
    scenario = scenarios.make(dice)
    return Plan(
        scenario,
        typist.make(dice, scenario),
        pace=dice.choice((0.0, 0.002, 0.01)),
        reply=streamed(dice, scenario.answer, (0.1, 0.4, 0.8, 1.2)),
        delay=dice.random() * dice.choice((0.0, 0.05, 0.2)),
        ending=dice.choice(("u", "undo")),
        after_edit=dice.random() < 0.5,
    )


def streamed(dice: random.Random, answer: str, seconds: Sequence[float]) -> Reply:
    """Return the answer as a stream of one of those lengths, in pieces that come as they like."""
    reply = chat_stream(answer, chunk=dice.choice((3, 7, 16, 40)))
    longest = 2 * dice.choice(seconds) / len(reply.steps)
    steps: list[Step] = []
    for step in reply.steps:
        steps += [Pause(dice.random() * longest), step]
    return evolve(reply, steps=steps)


def named(change: Sequence[tuple[str, ...]], when: str) -> tuple[Scenario, Reply]:
    """Return the change of stretches (before, after), and its answer, which waits at some words."""
    segments = tuple(Segment(_lines(part[0]), _lines(part[-1])) for part in change)
    lines = sum(len(segment.before) for segment in segments)
    answer = "```python\n" + "".join(part[-1] for part in change) + "```"
    reply = chat_stream(answer, chunk=1).before(answer.index(when), Gate())
    return Scenario("named", "plain", segments, (0, lines), answer), reply


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.splitlines(keepends=True))
