"""How long to wait for a service, and how often to ask it again."""

from __future__ import annotations

from attrs import frozen


@frozen
class Timeouts:
    """All times are in seconds.

    Attributes:
        connect: for a connection.
        token: for the first token, and from each to the next.
        tail: for what follows a complete answer (usage, the end mark), and for the rest of an
            error that has begun.
        attempts: how often a request is sent at most that somebody waits for.
        first_wait: before the second attempt; later waits double.
        longest_wait: the longest wait; a service that asks for more is not asked again.
        patience: for a service that is busy, all waits together, where somebody sees them.
        patient_attempts: how often a request is sent at most in that time.
    """

    connect: float = 8.0
    token: float = 60.0
    tail: float = 2.0
    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 8.0
    patience: float = 120.0
    patient_attempts: int = 12
