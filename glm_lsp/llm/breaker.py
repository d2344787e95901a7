"""Knows when not to ask: a service that is down, a balance or a plan at its end.

Invariants: a completion is never sent to a service known to be down or unpaid; what a user
asks for by name always is, for it may be mended by now, and its success mends all. The error
given meanwhile is the one the service gave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.errors import (
    AuthenticationError,
    GlmError,
    QuotaError,
    RateLimitError,
    UnavailableError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_FAILURES = 3  # In a row, before a service counts as down.
_FIRST_PAUSE = 15.0  # Seconds; doubles with every failed trial.
_LONGEST_PAUSE = 300.0


class CircuitBreaker:
    """The memory of one service's failures."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._pause = _FIRST_PAUSE
        self._until = 0.0
        self._error: GlmError | None = None
        self._trial = False

    def check(self, *, interactive: bool) -> None:
        """Let a request pass, or refuse it.

        Raises:
            GlmError: the service is down or unpaid, and this is not the trial.
        """
        if self._error is None or interactive:
            return
        if self._clock() < self._until:
            raise self._error.with_traceback(None)
        self._until = self._clock() + self._pause  # This request is the trial.
        self._trial = True

    def succeeded(self) -> None:
        """Note an answer."""
        self._failures, self._pause, self._error = 0, _FIRST_PAUSE, None
        self._trial = False

    def abandoned(self) -> None:
        """Note that nobody waited for the answer: if it was the trial, the next one is."""
        if self._trial:
            self._until, self._trial = self._clock(), False

    def failed(self, error: GlmError) -> None:
        """Note a failure."""
        if isinstance(error, QuotaError | AuthenticationError):
            self._open(error, _LONGEST_PAUSE)
        elif isinstance(error, RateLimitError):
            self._open(error, min(error.retry_after or 0.0, _LONGEST_PAUSE))
        elif isinstance(error, UnavailableError | UnreachableError):
            self._failures += 1
            if self._failures >= _FAILURES:
                self._open(error, self._pause)
                self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _open(self, error: GlmError, pause: float) -> None:
        self._error = error
        self._trial = False
        self._until = self._clock() + pause
