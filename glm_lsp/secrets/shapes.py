"""The shapes of keys that services hand out, each known by its beginning.

Invariant: a shape is exact (beginning, alphabet, length), and what it finds has the entropy of
a key: `sk-xxxxxxxx`, `AKIA…EXAMPLE` and names of things that only begin like one are none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from glm_lsp.secrets.chance import is_random

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHAPES = r"""
sk-          sk-(?:ant|proj|or|svcacct|admin)-[A-Za-z0-9_-]{20,}
sk-          sk-(?:[a-z0-9]{1,12}-){0,3}[A-Za-z0-9]{20,}[A-Za-z0-9_-]{0,200}
AKIA         AKIA[A-Z2-7]{16}(?![A-Za-z0-9])
ASIA         ASIA[A-Z2-7]{16}(?![A-Za-z0-9])
ghp_         ghp_[A-Za-z0-9]{36,}
gho_         gho_[A-Za-z0-9]{36,}
ghu_         ghu_[A-Za-z0-9]{36,}
ghs_         ghs_[A-Za-z0-9]{36,}
ghr_         ghr_[A-Za-z0-9]{36,}
github_pat_  github_pat_[A-Za-z0-9_]{50,}
glpat-       glpat-[A-Za-z0-9_-]{20,}(?:\.[a-z0-9]{2}\.[a-z0-9]{4,16})?
gldt-        gldt-[A-Za-z0-9_-]{20,}
glrt-        glrt-[A-Za-z0-9_-]{20,}
glsa_        glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}
xox          xox[abeoprs]-[A-Za-z0-9-]{20,}
xapp-        xapp-[0-9]-[A-Za-z0-9-]{20,}
slack.com/   hooks\.slack\.com/services/(T[A-Za-z0-9]{7,12}/B[A-Za-z0-9]{7,12}/[A-Za-z0-9]{20,})
/webhooks/   /api/webhooks/([0-9]{15,20}/[A-Za-z0-9_-]{50,})
AIza         AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])
GOCSPX-      GOCSPX-[A-Za-z0-9_-]{28}
ya29.        ya29\.[A-Za-z0-9_-]{30,}
k_live_      [prs]k_live_[A-Za-z0-9]{16,}
k_test_      [rs]k_test_[A-Za-z0-9]{16,}
whsec_       whsec_[A-Za-z0-9+/=]{24,}
npm_         npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])
pypi-Ag      pypi-Ag[A-Za-z0-9_-]{50,}
SG.          SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}
hf_          hf_[A-Za-z0-9]{34}(?![A-Za-z0-9])
p_v1_        do[opr]_v1_[0-9a-f]{64}
:AA          [0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])
eyJ          (?<![_-])eyJ[A-Za-z0-9_-]{10,900}\.eyJ[A-Za-z0-9_-]{8,3000}\.[A-Za-z0-9_-]{16,900}
AGE-SECRET   AGE-SECRET-KEY-1[A-Z0-9]{58}
shpat_       shpat_[0-9a-f]{32}
shpss_       shpss_[0-9a-f]{32}
dckr_        dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,}
lin_api_     lin_api_[A-Za-z0-9]{40}
ntn_         ntn_[A-Za-z0-9]{43,}
figd_        figd_[A-Za-z0-9_-]{40,}
gsk_         gsk_[A-Za-z0-9]{50,}
xai-         xai-[A-Za-z0-9]{70,}
pplx-        pplx-[A-Za-z0-9]{40,}
r8_          r8_[A-Za-z0-9]{37}(?![A-Za-z0-9])
nvapi-       nvapi-[A-Za-z0-9_-]{60,}
tskey-       tskey-[a-z]+-[A-Za-z0-9]{10,}-[A-Za-z0-9]{20,}
hvs.         hvs\.[A-Za-z0-9_-]{24,}
dp.pt.       dp\.pt\.[A-Za-z0-9]{40,}
dapi         dapi[0-9a-f]{32}(?![0-9a-f])
rubygems_    rubygems_[0-9a-f]{48}
ATATT3       ATATT3[A-Za-z0-9_=-]{100,}
AccountKey=  AccountKey=([A-Za-z0-9+/]{86}==)
"""

_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"  # Not in a word; an escape is no letter.
_DOTTED = re.compile(r"\.[A-Za-z0-9]{16}(?![A-Za-z0-9])")
_HEX = re.compile(_START + r"[0-9a-f]{32}\Z")


def known_keys(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of keys that are known by their shape, in any order."""
    for beginning, shape in _compiled():
        if beginning not in text:
            continue
        for found in shape.finditer(text):
            start, end = found.span(found.re.groups)
            if is_random(text[start:end], sure=True):
                yield start, end
    # The keys of GLM's own services: an id of 32 hexadecimal digits, a dot, and 16 characters.
    for found in _DOTTED.finditer(text):
        start = found.start() - 32
        hexadecimal = start >= 0 and _HEX.match(text, start, found.start())
        if hexadecimal and is_random(text[found.start() + 1 : found.end()], sure=True):
            yield start, found.end()


@lru_cache(maxsize=1)
def _compiled() -> list[tuple[str, re.Pattern[str]]]:
    pairs = (line.split(maxsplit=1) for line in _SHAPES.strip().splitlines())
    # Bounded, so that many beginnings in one long word are not each read to its end.
    return [(begin, re.compile(_START + shape.replace(",}", ",300}"))) for begin, shape in pairs]
