"""What providers charge, by their own lists.

Invariant: no figure is a guess: what stands in no list has no price.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from attrs import field, frozen, validators

if TYPE_CHECKING:
    from collections.abc import Mapping

    from attrs import Attribute


def _is_price(_: object, attribute: Attribute[Any], value: float) -> None:
    if not 0 <= value < float("inf"):  # NaN is not.
        raise ValueError(attribute.name)


@frozen
class Price:
    """USD per 1M tokens; a ValueError for what is no price."""

    input: float = field(validator=_is_price)
    output: float = field(validator=_is_price)
    cached: float | None = field(default=None, validator=validators.optional(_is_price))


FREE = Price(0.0, 0.0, 0.0)

# Z.ai's list (docs.z.ai/guides/overview/pricing): input, output, cached.
ZAI: Mapping[str, Price] = MappingProxyType(
    {
        "glm-4.5": Price(0.60, 2.20, 0.11),
        "glm-4.5-air": Price(0.20, 1.10, 0.03),
        "glm-4.6": Price(0.60, 2.20, 0.11),
        "glm-4.7": Price(0.60, 2.20, 0.11),
        "glm-4.7-flash": FREE,
        "glm-4.7-flashx": Price(0.07, 0.40, 0.01),
        "glm-5": Price(1.00, 3.20, 0.20),
        "glm-5-turbo": Price(1.20, 4.00, 0.24),
        "glm-5.1": Price(1.40, 4.40, 0.26),
        "glm-5.2": Price(1.40, 4.40, 0.26),
        "glm-5.3": Price(1.40, 4.40, 0.26),
        "glm-5.3-flash": Price(0.15, 0.50, 0.03),
    }
)


def _per_1k(dollars: float) -> Price:
    """Return a flat price: RunAPI's list names one figure per 1K tokens."""
    return Price(input=dollars * 1000, output=dollars * 1000)


# RunAPI's list; it names no figure for the last two, which have Z.ai's.
RUNAPI: Mapping[str, Price] = MappingProxyType(
    {
        "glm-4.5": _per_1k(0.020),
        "glm-4.5-air": _per_1k(0.010),
        "glm-4.6": _per_1k(0.020),
        "glm-4.7": _per_1k(0.020),
        "glm-5": _per_1k(0.020),
        "glm-5-turbo": _per_1k(0.020),
        "glm-5.1": _per_1k(0.030),
        "glm-5.2": ZAI["glm-5.2"],
        "glm-5.3": ZAI["glm-5.3"],
    }
)
