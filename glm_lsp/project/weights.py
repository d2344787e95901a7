"""What each sign that a name will be used is worth.

Written by `python -m tests.bench.context.fit`, on packages that it fetches. Where `trees.json`
is of use, it orders the names that these find.
"""

from __future__ import annotations

WEIGHTS = {
    "base": 0.413, "called": 0.696, "class": -0.475, "field": -0.139, "first": 0.373,
    "folder": -0.040, "function": -0.005, "guessed": 0.415, "imported": 0.637,
    "imported rank": 0.466, "imported_name": 1.255, "many": -0.207,
    "near": 3.949, "near rank": 1.181, "own": -0.532, "own rank": -3.503,
    "own_definition": 1.713, "own_near": 0.776, "own_near rank": 5.403, "parameter": -0.129,
    "parts": 1.199, "parts rank": 1.406, "popular": -0.033,
    "private": 0.069, "rarity": -1.233, "scope": -0.351, "twin": -0.450, "twin rank": 1.394,
    "typed": 0.839, "wide": -0.363, "wide rank": 1.030,
}  # fmt: skip
