"""What happens in one run: the same seed plans the same one."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from tests.editors.fuzz import scenarios, typist
from tests.gateway import Pause, Reply, chat_stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.editors.fuzz.scenarios import Scenario
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
        reply=_streamed(dice, scenario.answer),
        delay=dice.random() * dice.choice((0.0, 0.05, 0.2)),
        ending=dice.choice(("u", "undo")),
        after_edit=dice.random() < 0.5,
    )


def _streamed(dice: random.Random, answer: str) -> Reply:
    """Return the answer as a stream of up to a second, in pieces that come as they like."""
    reply = chat_stream(answer, chunk=dice.choice((3, 7, 16, 40)))
    longest = 2 * dice.choice((0.1, 0.4, 0.8, 1.2)) / len(reply.steps)
    steps: list[Step] = []
    for step in reply.steps:
        steps += [Pause(dice.random() * longest), step]
    return evolve(reply, steps=steps)
