"""The wait after a keystroke."""

from __future__ import annotations

import pytest

from glm_lsp.completion.debounce import LONGEST, SHORTEST, Debounce


def typing(interval: float, keys: int = 12) -> tuple[Debounce, float]:
    debounce, now = Debounce(), 10.0
    for _ in range(keys):
        debounce.keystroke(now)
        now += interval
    return debounce, now - interval


@pytest.mark.parametrize("interval", [0.08, 0.12, 0.2])
def test_the_wait_is_a_little_longer_than_the_time_between_keys(interval: float) -> None:
    """A hand that goes on typing keeps the request back; a pause lets it go soon."""
    debounce, now = typing(interval)
    assert interval * 1.02 < debounce.delay(now) < interval * 1.4


def test_the_wait_has_bounds() -> None:
    """Neither very fast nor very slow typing makes the wait unreasonable."""
    assert typing(0.01)[0].pause == SHORTEST
    assert typing(0.6)[0].pause == LONGEST


def test_time_that_passed_since_the_key_counts() -> None:
    """An editor that asks late is not made to wait again."""
    debounce, now = typing(0.1)
    assert debounce.delay(now + 0.2) == 0


def test_the_first_key_after_a_rest_does_not_wait() -> None:
    """After a second without a key the request goes out at once."""
    debounce, now = typing(0.1)
    debounce.keystroke(now + 1.5)
    assert debounce.delay(now + 1.5) == 0


def test_early_requests_that_foresee_nothing_are_given_up() -> None:
    """When early answers keep disagreeing with what is typed, the first key waits too."""
    debounce, now = typing(0.1)
    for _ in range(6):
        debounce.note_prediction(False)
    waits = []
    for _ in range(10):
        now += 2
        debounce.keystroke(now)
        waits.append(debounce.delay(now) > 0)
    assert waits.count(True) == 8  # Now and then it is tried again.


def test_a_fixed_wait_is_kept() -> None:
    """A wait that the user set holds for every key."""
    debounce = Debounce(fixed=0.4)
    debounce.keystroke(1.0)
    assert debounce.delay(1.0) == pytest.approx(0.4)
    assert debounce.delay(1.3) == pytest.approx(0.1)


def test_an_editor_that_waits_itself_is_not_made_to_wait_again() -> None:
    """Where several characters come with each request, the hand has paused already."""
    debounce, now = Debounce(), 10.0
    for _ in range(8):
        now += 0.5
        debounce.keystroke(now, characters=4)
    assert debounce.delay(now) == 0
    for _ in range(8):
        now += 0.1
        debounce.keystroke(now, characters=1)
    assert debounce.delay(now) > 0
