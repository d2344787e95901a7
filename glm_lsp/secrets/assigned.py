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
    'authorization"',
    "authorization'",
    "x-auth",
    '"auth"',
    "_pass",
    "\u5bc6\u7801",
    "\u5bc6\u94a5",
    "authorization: ",
    "bearer ",
    "basic ",
    "sessionid=",
    "sessid=",
)
# The rest of a name, what may stand between it and a value, and the value to its end: what
# assigns, compares or falls back; the words of a list of pairs; a blank, as on a command line.
_ASSIGNED = re.compile(
    r"""
    (?P<tail>[\w.-]{0,40}) ["'`\])}]{0,3}
    (?: [ \t]{0,8} : [ \t]? & ? (?:str|String|string|bytes|'static[ ]str) )?
    (?P<between>
        [ \t]{0,8} [,;{]? \s{0,40} ["']? (?:value|default) ["']? [ \t]{0,4} [=:] [ \t]{0,4}
      | [ \t]{0,8} (?: => | := | [?+]?={1,3} | %3[Dd] | [:>] | \|\| | \?\? | or(?=[ ]) )
        [ \t]{0,8} (?: [|>(\\]? [+-]? [ \t]{0,4} \r? \n [ \t]{0,40} )?
        (?: (?:[A-Za-z_][\w.]{0,30})? [(\[{] \s{0,40} (?=["'`]) )?
      | [ \t]{0,8} , \s{0,40}
      | [ \t]{1,8}
    )
    (?: [rbfuL@]{0,2} (?P<quote>["'`])
        (?P<quoted> (?: (?!(?P=quote)) (?: [^\s\\] | \\[^\snrt] ) )* )
      | (?P<bare> [^\s"'`<>(){}\[\],;\\]{16,} ) )
    """,
    re.VERBOSE,
)
_NEXT = re.compile(
    r"""["'`] (?P<between>[\s+.,&\\]{1,60}) [rbfuL]? (?P<quote>["'`]) (?P<quoted>[^\s"'`\\]*)""",
    re.VERBOSE,
)
"""Another text in quotes, joined to the last one or listed with it."""
_MOST_JOINED = 16
_PLAIN = re.compile(r"[^\s\"'`<>(){}\[\],;\\]*")
_PREFIXED = re.compile(r"(?:[A-Za-z]{2,12}[_-]){1,3}(?=[A-Za-z0-9+/=]{20})")
_HEADER = re.compile(r"[A-Za-z0-9+/=_.-]{20,}")
_ADDRESS = re.compile(
    r"://[^\s:/@\"'<>{}]{0,64}:"
    r"((?:[^\s:,/@\"'<>{}$%*\\]|%[0-9A-Fa-f]{2}|(?<!:)[$*]){8,256})@"
)
_USER = re.compile(r"://([A-Za-z0-9_-]{20,256})(?::[\w-]{0,20})?@")
_LOGIN = re.compile(r"(?:-u|--user)[ =][\"']?[^\s:\"'@/<>{}$]{1,64}:([^\s\"'<>{}$]{8,128})")
_HARMLESS = re.compile(
    r"(?:next|starting|page|change|paging|pagination|continuation|update|upload|workunit|public|publickey|sync|lock"
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
_LOOKED_AT = 400  # Characters of a value.
_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_SIGNS = "()[]{}<>,;"
_PATTERN = re.compile(
    r"\(\?|\[\^|\.[*+]|%\(|\$[({]|\{\{|[A-Z0-9]-[A-Z0-9][^\]]{0,40}\]", re.IGNORECASE
)
_CODE = re.compile(r"[=!]==|=>|\)[(){}]")
"""What stands between two texts in quotes, and in no random value."""
_REFERENCE = re.compile(
    r"[A-Za-z_$][\w$]*(?:(?:\.|::|->)[A-Za-z_$][\w$]*)*\Z|\.{0,2}/[\w.-]+/|os\.environ/|[.~]|[A-Za-z]+://"
)


def named_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of values that stand behind a name of a secret, in any order."""
    # The one letter whose small form is two: places would differ.
    lower = text.replace("\u0130", "I").lower()
    for name in _NAMES:
        at = lower.find(name)
        while at >= 0:
            behind = at + len(name)
            if name.endswith((" ", "=")):
                if (header := _HEADER.match(text, behind)) and is_random(header[0]):
                    yield header.span()
            elif found := _ASSIGNED.match(text, behind):
                harmless = name == "token" and _is_harmless(lower, at, _value(found))
                if not harmless and not _ABOUT.search(found["tail"]):
                    yield from _values(text, found)
                # No long value is read twice.
                inner = found.end() - found.end("between") < 200 and name in _value(found).lower()
                behind = found.end("between") if inner else found.end()
            at = lower.find(name, behind)


def passwords_in_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of passwords and tokens in addresses such as `https://user:…@host`."""
    if "://" in text:
        for found in _ADDRESS.finditer(text):
            if _is_password(found[1]):
                yield found.span(1)
        for found in _USER.finditer(text):
            if is_random(found[1]):
                yield found.span(1)
    if "-u" in text:  # In both of its spellings.
        for found in _LOGIN.finditer(text):
            if _is_password(found[1]):
                yield found.span(1)


def _value(found: re.Match[str]) -> str:
    return found["quoted"] or found["bare"] or ""


def _values(text: str, found: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the spans of the secrets that a match holds or begins."""
    if not found["quote"]:
        value = found["bare"]
        if "=" in found["between"] or "%" in found["between"]:
            value = value.partition("&")[0]  # In an address another name follows.
        # `token = tokens.next_of_kind` reads another name; a random one is one word.
        another = _REFERENCE.match(value) and not value.isalnum()
        if "," not in found["between"] and not another and _is_secret(value):
            yield found.start("bare"), found.start("bare") + len(value)
        return
    following: re.Match[str] | None = found
    for _ in range(_MOST_JOINED):
        if following is None:
            return
        start, value = following.start("quoted"), following["quoted"]
        plain = _PLAIN.match(value)
        whole = value if _is_no_code(value) else plain[0] if plain else ""
        is_one = _is_secret(whole)
        if is_one:
            yield start, start + len(whole)
        following = _NEXT.match(text, following.end())
        if following is not None and "," in following["between"] and not is_one:
            return


def _is_secret(value: str) -> bool:
    if len(value) < _LEAST or _CODE.search(value):
        return False
    prefix = _PREFIXED.match(value)
    return is_random(value) or (prefix is not None and is_random(value[prefix.end() :]))


def _is_no_code(text: str) -> bool:
    """Tell whether a text has no brackets, or such as no pattern and no template has."""
    text = text[:_LOOKED_AT]
    if _PATTERN.search(text):
        return False
    opened: list[str] = []
    for char in text:
        if char in "([{<":
            opened.append(char)
        elif char in ")]}>" and (not opened or _PAIRS[opened.pop()] != char):
            return True
    return bool(opened) or not any(char in _SIGNS for char in text)


def _is_harmless(lower: str, at: int, value: str) -> bool:
    """Tell whether a token is none that opens anything: a place in a list, an id of a request."""
    named = _HARMLESS.search(lower, max(0, at - 20), at)
    return named is not None or is_uuid(value)


def _is_password(text: str) -> bool:
    kinds = (str.islower, str.isupper, str.isdigit)
    several = sum(any(map(kind, text)) for kind in kinds) >= 2
    return several and len(set(text)) >= 6 and is_random(text + "0")
