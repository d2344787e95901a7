"""How many tokens a text has, before a service counts them.

Invariant: an estimate needs no tokenizer and no network; it starts cautious, and comes
nearer to the truth with every usage a service reports.
"""

from __future__ import annotations

_START = 3.0  # Characters per token of code, on the cautious side for GLM's vocabulary.
_WEIGHT = 20_000  # The characters that this first guess counts for.
_MEMORY = 400_000  # Older characters than these fade.


class Estimates:
    """Characters per token by model, learnt from what services report."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, float]] = {}

    def tokens(self, size: int, model: str) -> int:
        """Estimate the tokens of `size` characters, at least 1 for any text."""
        return max(round(size / self.ratio(model)), 1) if size else 0

    def ratio(self, model: str) -> float:
        """Return the estimated characters per token."""
        size, tokens = self._seen.get(model, (0.0, 0.0))
        return (_WEIGHT + size) / (_WEIGHT / _START + tokens)

    def learn(self, model: str, size: int, tokens: int) -> None:
        """Take a prompt of `size` characters into account that had so many tokens."""
        # A chat template adds tokens of its own: what is far off says nothing about text.
        if size < 200 or tokens <= 0 or not 0.5 <= size / tokens <= 12:
            return
        seen_size, seen_tokens = self._seen.get(model, (0.0, 0.0))
        fade = min(1.0, _MEMORY / (seen_size + size))
        self._seen[model] = ((seen_size + size) * fade, (seen_tokens + tokens) * fade)
