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
eyJ          (?<![_-])eyJ[A-Za-z0-9_-]{10,9000}\.eyJ[A-Za-z0-9_-]{8,64000}\.[A-Za-z0-9_-]{16,9000}
eyJ          (?<![_-])eyJ[A-Za-z0-9_-]{10,9000}(?:\.[A-Za-z0-9_-]{0,64000}){3}\.[A-Za-z0-9_-]{16,90}
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
sig=         sig=([A-Za-z0-9%+/]{43,60}(?:=|%3[Dd]))
8Q~          [A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])
hookb2/      /webhookb2/[0-9a-f@-]{3,80}/IncomingWebhook/([0-9a-f]{32}[0-9a-f/-]{0,40})
secret_      secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])
SK           SK[0-9a-f]{32}(?![A-Za-z0-9])
key-         key-[0-9a-f]{32}(?![A-Za-z0-9])
1//          1//0[A-Za-z0-9_-]{40,}
AQ.          AQ\.[A-Za-z0-9_-]{40,}
sbp_         sbp_[0-9a-f]{40}
sb_secret_   sb_secret_[A-Za-z0-9_-]{22,}
sntry        sntry[su]_[A-Za-z0-9+/=_]{40,}
glptt-       glptt-[0-9a-f]{40}
glcbt-       glcbt-[A-Za-z0-9_-]{20,}
glft-        glft-[A-Za-z0-9_-]{20,}
glsoat-      glsoat-[A-Za-z0-9_-]{20,}
glagent-     glagent-[A-Za-z0-9_-]{40,}
PMAK-        PMAK-[0-9a-f]{24}-[0-9a-f]{34}
NRAK-        NRAK-[A-Z0-9]{27}
pul-         pul-[0-9a-f]{40}
.atlasv1.    [A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}
pat          pat[A-Za-z0-9]{14}\.[0-9a-f]{64}
ATBB         ATBB[A-Za-z0-9]{32}(?![A-Za-z0-9])
pscale_      pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_=-]{32,}
sq0          sq0(?:csp|atp)-[A-Za-z0-9_-]{22,}
LTAI         LTAI[A-Za-z0-9]{12,20}(?![A-Za-z0-9])
glc_         glc_[A-Za-z0-9+/=]{40,}
EAAC         EAAC[A-Za-z0-9]{80,}
lin_oauth_   lin_oauth_[A-Za-z0-9]{40,}
MII          MII[A-Za-z0-9]{2,6}IBA(?:DANBgkqhkiG9w0BAQEFAASC|AKC|AKB)[A-Za-z0-9+/=]{60,}
MIGHAgEA     MIGHAgEAMBMGByqGSM49[A-Za-z0-9+/=]{60,}
MC4CAQAw     MC4CAQAwBQYDK2VwBCIEI[A-Za-z0-9+/=]{40,}
"""

# What may stand before a key: the end of a word may not, but for an escape's.
_BEFORE = ("(?<![A-Za-z0-9]{})", r"(?<=\\[nrt0]{})", "(?<=%[0-9A-Fa-f]{{2}}{})",
           r"(?<=\\x[0-9A-Fa-f]{{2}}{})", r"(?<=\\u[0-9A-Fa-f]{{4}}{})")  # fmt: skip
_MOST = 300
_REST = re.compile(r"[A-Za-z0-9_+/=.-]*")
_RUN = re.compile(r"[A-Za-z0-9_.+/=%:@~-]{16,}")
_JWK = re.compile(r"""["'](?:d|p|q|k)["']\s{0,4}:\s{0,4}["']([A-Za-z0-9_-]{20,})""")
_TAILS = re.compile(r"\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}(?![A-Za-z0-9_-])")
_HEAD = re.compile(r"(?<![A-Za-z0-9_-])[MNO][A-Za-z0-9_-]{23,27}\Z")
_JOINT = re.compile(r"""(["'])(?=[\s+.&\\])\s{0,60}(?:[+.&\\]\s{0,60})?[rbfuL]?\1""")
_LEAST = 8  # Characters of such a piece.
_NEAR = 120  # Characters around a joint in which a key is looked for.
_DOTTED = re.compile(r"\.[A-Za-z0-9]{16}(?![A-Za-z0-9])")
_HEX = re.compile(r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))[0-9a-f]{32}\Z")


def known_keys(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of keys that are known by their shape, in any order."""
    runs = " ".join(_RUN.findall(text))  # Little of a text is in them, and all keys are.
    for beginning, shape in _compiled():
        if beginning not in runs:
            continue
        for found in shape.finditer(text):
            start, end = found.span(found.re.groups)
            if is_random(text[start:end], sure=True):
                if end - start >= _MOST and (rest := _REST.match(text, end)):
                    end = rest.end()
                yield start, end
    yield from _known_by_their_parts(text)


def _known_by_their_parts(text: str) -> Iterator[tuple[int, int]]:
    if '"kty"' in text:
        for found in _JWK.finditer(text):
            if is_random(found[1], sure=True):
                yield found.span(1)
    # A Discord bot's: its head is looked for once its tail is found.
    for found in _TAILS.finditer(text):
        head = _HEAD.search(text, max(0, found.start() - 29), found.start())
        if head is not None and is_random(found[0][8:], sure=True):
            yield head.start(), found.end()
    # The keys of GLM's own services: an id of 32 hexadecimal digits, a dot, and 16 characters.
    for found in _DOTTED.finditer(text):
        start = found.start() - 32
        hexadecimal = start >= 0 and _HEX.match(text, start, found.start())
        if hexadecimal and is_random(text[found.start() + 1 : found.end()], sure=True):
            yield start, found.end()


def joined_keys(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of keys that are put together from texts in quotes, piece by piece."""
    joints = [found.span() for found in _JOINT.finditer(text)]
    while joints:
        count = 0
        pieces, places = [], []
        at = max(0, joints[0][0] - _NEAR)
        for first, last in joints:
            if first - at > _NEAR and count:
                break
            count += 1
            pieces.append(text[at:first])
            places.append(at)
            at = last
        pieces.append(text[at : at + _NEAR])
        places.append(at)
        del joints[:count]
        yield from _apart(pieces, places)


def _apart(pieces: list[str], places: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the spans of keys in joined pieces, each where it stands in the whole text."""
    for start, end in known_keys("".join(pieces)):
        before = 0
        for piece, place in zip(pieces, places, strict=True):
            first, last = max(start, before), min(end, before + len(piece))
            if last - first >= _LEAST and (first, last) != (start, end):
                yield place + first - before, place + last - before
            before += len(piece)


@lru_cache(maxsize=1)
def _compiled() -> list[tuple[str, re.Pattern[str]]]:
    pairs = (line.split(maxsplit=1) for line in _SHAPES.strip().splitlines())
    # Bounded, so that many beginnings in one long word are not each read to its end.
    return [(begin, _shape(begin, shape.replace(",}", f",{_MOST}}}"))) for begin, shape in pairs]


def _shape(beginning: str, shape: str) -> re.Pattern[str]:
    """Return a pattern that is looked for by its first letters, where it has such."""
    literal = re.escape(beginning)
    rest = shape[len(beginning) :] if shape.startswith(beginning) and "." not in beginning else ""
    known = literal if rest else ""
    before = "|".join(each.format(known) for each in _BEFORE)
    return re.compile(f"{known}(?:{before}){rest or shape}")
