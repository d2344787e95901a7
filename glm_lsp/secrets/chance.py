"""Whether a text is random, as keys are, or made of words and numbers, as names are.

Invariant: a verdict depends on the text alone.
"""

from __future__ import annotations

import math
import re
from collections import Counter

_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_FILLER = re.compile(
    r"example|placeholder|change.?me|dummy|sample|your|redacted|xxxx|\*{3}|\.{3}|abcdef|12345678"
    r"|qwerty|lorem|insert|replace|deadbeef|fake|mock|abc123|0{6}|foobar|secret|passw|token"
    r"|invalid|undefined|default|not.?a.?real|hunter2",
    re.IGNORECASE,
)
_SURE_FILLER = re.compile(
    r"example|placeholder|xxxx|x{4}|\*{3}|abcdefgh|123456789|0{8}|redacted|your", re.IGNORECASE
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CONSONANTS = re.compile(r"[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ]{5}")
_LOOKED_AT = 200  # Characters.
_SHORT_PIECES = 3.0  # Characters of a word or a number, on average.
_WORDED = 0.5  # The share of a text that can be said.
_LEAST_HEX = 32  # Shorter ones are digests, addresses, colours, versions.
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


def is_random(text: str, *, sure: bool = False) -> bool:
    """Tell whether a text looks random; `sure`: its beginning already says that it is a key."""
    text = text[:_LOOKED_AT]
    if (_SURE_FILLER if sure else _FILLER).search(text):
        return False
    bits, least = entropy(text), _bits_for(text)
    if sure:
        plain = text.islower() or (is_worded(text) and not text.isupper())
        return bits >= least - 0.4 and (any(map(str.isdigit, text)) or not plain)
    if _HEX.fullmatch(text) or _UUID.fullmatch(text):
        return len(text) >= _LEAST_HEX and bits >= least and _is_mixed(text)
    return bits >= least and _is_mixed(text) and not is_worded(text)


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID, also in its longer form."""
    return _UUID.fullmatch(text.removeprefix("urn:uuid:")) is not None


def entropy(text: str) -> float:
    """Return the bits of information in each character, by how often each occurs."""
    count = len(text)
    return -sum(n / count * math.log2(n / count) for n in Counter(text).values())


def is_worded(text: str) -> bool:
    """Tell whether a text is made of words and numbers, in any of the ways to join them."""
    pieces = _WORDS.findall(text)
    signs = sum(map(str.isalnum, text))
    if not signs or signs / max(1, len(pieces)) <= _SHORT_PIECES:
        return not signs
    said = sum(len(piece) for piece in pieces if piece.isdigit() or _can_be_said(piece))
    return said >= _WORDED * signs


def _can_be_said(piece: str) -> bool:
    """Tell whether letters may be a word: enough vowels, and not many consonants in a row."""
    vowels = sum(letter in "aeiouyAEIOUY" for letter in piece)
    return len(piece) >= 3 and vowels >= len(piece) / 4 and not _CONSONANTS.search(piece)


def _is_mixed(text: str) -> bool:
    """Tell whether letters and digits are mixed, or small and capital letters as in no name."""
    if any(map(str.isdigit, text)):
        return any(map(str.isalpha, text))
    both = any(map(str.islower, text)) and any(map(str.isupper, text))
    return both and len(text) / max(1, len(_WORDS.findall(text))) <= _SHORT_PIECES


def _bits_for(text: str) -> float:
    """Return the entropy that a random text of this length and alphabet nearly always has."""
    if _HEX.fullmatch(text) or _UUID.fullmatch(text):
        return 3.0 if len(text) >= 32 else 2.9
    return min(4.0, math.log2(len(text)) * 0.75)
