"""The model and the user's wishes, as they shape a question: what fits into it.

Invariant: `context.maxTokens` bounds the code that is sent along, wherever it is from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.prompts.actions import HouseRules

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.llm.catalogue import ModelInfo
    from glm_lsp.settings import Settings, Thinking

CHARACTERS_PER_TOKEN = 3.0
"""A cautious rule of thumb for code; real tokenisers give 3 to 4."""

_SMALL_WINDOW = 10_000
"""Tokens. A model with less gets the brief prompt."""

_MOST_TOKENS = 24_000
"""Of code around the target, unless the user says otherwise."""

_MOST_ELSEWHERE = 24_000
"""Characters of other places of the workspace, and a third at most of what may be sent along."""


@frozen
class ModelProfile:
    """The model and the user's wishes that shape a question.

    Attributes:
        window: the model's context window in tokens.
        max_output: the most tokens it answers with.
        max_context: the most tokens of code to send along, None for a share of the window.
        house_rules: standing instructions, from the settings and AGENTS.md.
        characters_per_token: how long a token of code is for this model.
    """

    model: str
    window: int
    max_output: int
    max_context: int | None = None
    thinking: Thinking = "auto"
    house_rules: HouseRules = field(factory=HouseRules, repr=False)
    roots: tuple[Path, ...] = ()
    characters_per_token: float = CHARACTERS_PER_TOKEN

    @property
    def brief(self) -> bool:
        """Whether the question is asked in few words, without what stands around the code."""
        return self.window < _SMALL_WINDOW

    def budget(self, code: str) -> int:
        """Return how many characters may surround the code: a quarter of the window at most."""
        if self.brief:
            return 0
        tokens = self.window // 4 if self.max_context is None else self.max_context
        tokens = min(tokens, _MOST_TOKENS if self.max_context is None else tokens)
        return max(0, int(tokens * self.characters_per_token) - len(code))

    def elsewhere(self, code: str) -> int:
        """Return how many of these may be from other places of the workspace."""
        return min(_MOST_ELSEWHERE, self.budget(code) // 3)


def profile_of(
    model: ModelInfo,
    settings: Settings,
    house_rules: HouseRules,
    roots: tuple[Path, ...],
    characters_per_token: float = CHARACTERS_PER_TOKEN,
) -> ModelProfile:
    """Return what shapes a question to a model under some settings."""
    return ModelProfile(
        model=model.name,
        window=model.context,
        max_output=model.max_output,
        max_context=settings.context.max_tokens,
        thinking=settings.thinking,
        house_rules=house_rules,
        roots=roots,
        characters_per_token=characters_per_token,
    )
