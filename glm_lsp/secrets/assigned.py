"""Secrets that only their names give away: `DB_PASSWORD = "…"`, and passwords in addresses.

Invariant: the value has to be random itself: names, words, digests without such a name, calls
and templates are none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.secrets.chance import is_random, is_uuid

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = (
    "secret",
    "passw",
    "passphrase",
    "pwd",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "access_key",
    "access-key",
    "accountkey",
    "account_key",
    "privatekey",
    "private_key",
    "encryptionkey",
    "encryption_key",
    "signingkey",
    "signing_key",
    "masterkey",
    "master_key",
    "authkey",
    "auth_key",
    "credential",
    "bearer ",
    "basic ",
)
_QUOTES = "\"'`"
# The rest of a name, what may stand between it and a value, and the value to its end.
_ASSIGNED = re.compile(
    r"""
    (?P<tail>[\w.-]{0,40}) ["'`\])]{0,2} [ \t]{0,8}
    (?: : [ \t]? & ? (?:str|String|string|bytes|'static[ ]str) [ \t]{0,4} )?
    (?: => | := | ==? | : | , ) [ \t]{0,8}
    (?: [rbfuL@]{0,2} (?P<quote>["'`]) )? (?P<value>[^\s"'`<>(){}\[\],;\\]{16,512})
    """,
    re.VERBOSE,
)
_HEADER = re.compile(r"""(?P<tail>)(?P<quote>)(?P<value>[A-Za-z0-9+/=_.-]{20,512})""")
_ADDRESS = re.compile(r"://([^\s:/@\"'<>{}]{0,64}):([^\s:,/@\"'<>{}$%*\\]{8,128})@")
_HARMLESS = re.compile(
    r"(?:next|page|change|paging|pagination|continuation|update|upload|workunit|public|publickey|sync|lock"
    r"|cancel|request|idempotency|reply|queue|sequence)[_-]?\Z"
)
"""What stands before `token` in names of places in a list, of versions and the like."""
_ABOUT = re.compile(
    r"(?:Id|ID|Name|Arn|U[Rr][IiLl]|Type|Used|Date|Time|Path|File|Class|Field|Header|Version|At"
    r"|Prefix|[Mm]anager)\Z|(?i:[_-](?:id|name|arn|ur[il]|type|used|date|time|path|file|class|field"
    r"|header|version|at|prefix)\Z)"
)
"""How names end that say something about a secret, and do not hold it."""
_LEAST = 16  # Characters of a value.
_REFERENCE = re.compile(
    r"[A-Za-z_$][\w$]*(?:(?:\.|::|->)[A-Za-z_$][\w$]*)*\Z|\.{0,2}/[\w.-]+/|[.~]|[A-Za-z]+://"
)


def named_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of values that stand behind a name of a secret, in any order."""
    lower = text.lower()
    if len(lower) != len(text):  # A letter whose small form is two: places would differ.
        lower = text
    for name in _NAMES:
        at = lower.find(name)
        while at >= 0:
            behind = at + len(name)
            found = (_HEADER if name.endswith(" ") else _ASSIGNED).match(text, behind)
            if found is not None:
                end = _end(found)
                if end and not (name == "token" and _is_harmless(lower, at, found["value"])):
                    yield found.start("value"), end
                behind = found.end()  # So that no value is read twice.
            at = lower.find(name, behind)


def passwords_in_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of passwords in addresses such as `https://user:…@host`."""
    if "://" in text:
        for found in _ADDRESS.finditer(text):
            if _is_password(found[2]):
                yield found.span(2)


def _end(found: re.Match[str]) -> int:
    """Return where a secret ends that may stand behind a name; 0 when there is none."""
    value = found["value"]
    if _ABOUT.search(found["tail"]):
        return 0
    if not found["quote"]:
        if "=" in found[0][: found.start("value") - found.start()]:
            value = value.partition("&")[0]  # In an address another name follows.
        # `token = tokens.next_of_kind` reads another name; a random one is one word.
        if "," in found[0] or (_REFERENCE.match(value) and not value.isalnum()):
            return 0
    secret = len(value) >= _LEAST and is_random(value)
    return found.start("value") + len(value) if secret else 0


def _is_harmless(lower: str, at: int, value: str) -> bool:
    """Tell whether a token is none that opens anything: a place in a list, an id of a request."""
    named = _HARMLESS.search(lower, max(0, at - 20), at)
    return named is not None or is_uuid(value)


def _is_password(text: str) -> bool:
    kinds = (str.islower, str.isupper, str.isdigit)
    several = sum(any(map(kind, text)) for kind in kinds) >= 2
    return several and len(set(text)) >= 6 and is_random(text + "0")
