"""Cuts an answer at a stop text where the service cannot, or will not, do it itself.

Invariant: the text passed on is the text that came, up to the first occurrence of the stop;
no more is held back than what may be the beginning of one.
"""

from __future__ import annotations


class StopCutter:
    """Passes text on until the stop is seen; then `stopped` is true."""

    def __init__(self, stop: str) -> None:
        self._stop = stop
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """Return what can be passed on after a further piece."""
        if self.stopped:
            return ""
        text = self._held + text
        found = text.find(self._stop)
        if found >= 0:
            self.stopped, self._held = True, ""
            return text[:found]
        keep = next(
            (n for n in range(min(len(self._stop) - 1, len(text)), 0, -1) if self._begins(text, n)),
            0,
        )
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def rest(self) -> str:
        """Return what was held back when the answer ended without the stop."""
        held, self._held = self._held, ""
        return held

    def _begins(self, text: str, size: int) -> bool:
        return self._stop.startswith(text[len(text) - size :])
