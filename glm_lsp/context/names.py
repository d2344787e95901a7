"""Which files a document's URI may name, under all the disguises that editors and systems give.

Invariant: a name is never lost: what a URI says is read in every way that some editor means it,
with and without a query, and folded as a file system may fold it. Reading touches no file.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

_ROUNDS = 3  # An editor that wraps another's URI escapes it once more.
_LONGEST = 4_096  # No system has longer paths.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_QUOTED = re.compile(r"[^\"'{}&=,;<>|]+")
_STREAM = re.compile(r"::\$[A-Za-z_]+$")  # NTFS has a second name for what a file holds.
_KEPT = re.compile(r"(~|\.~\d+~|\.un~|\.(bak|backup|orig|save|old|tmp|sw[a-p]|rej|dpkg-\w+))$")


def names_of(uri: str) -> tuple[str, ...]:
    """Return the paths that a URI may mean, as they are written, `/` between their parts."""
    uri = uri if len(uri) <= 4 * _LONGEST else uri[-4 * _LONGEST :]  # The name is at its end.
    scheme = _SCHEME.match(uri)
    text = uri[scheme.end() :] if scheme is not None else uri
    readings = [text]
    for _ in range(_ROUNDS):
        text = unquote(text)
        readings.append(text)
    names: dict[str, None] = {}
    for reading in dict.fromkeys(readings):
        for part in _parts(reading[:_LONGEST]):
            names[_tidy(part)] = None
    names.pop("", None)
    return tuple(names)


def folded(name: str) -> tuple[str, ...]:
    """Return what a path comes to without case, accents, decoration and copies' endings."""
    # A start does without them.
    import unicodedata

    from glm_lsp import characters

    plain = unicodedata.normalize("NFKD", characters.without(name)).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c)).replace("\u0131", "i")
    folder, slash, last = plain.rpartition("/")
    lasts = [last]
    for part in (last, *last.split(":")):
        lasts += _undecorated(part)
    return tuple(dict.fromkeys(folder + slash + each for each in lasts if each))


@lru_cache(maxsize=256)
def path_of(uri: str) -> Path | None:
    """Return the local path of a `file:` URI, None for every other scheme.

    `#` and `?` are taken for part of the name: a file has no fragment and no query, and not
    every editor escapes them.
    """
    scheme, _, rest = uri.partition(":")
    if scheme.lower() != "file":
        return None
    host = ""
    if rest.startswith("//"):
        host, slash, rest = rest[2:].partition("/")
        rest = slash + rest
    if sys.platform == "win32":
        # It comes with an HTTP client, and Windows alone needs it.
        from urllib.request import url2pathname

        # From Python 3.14 on it refuses a host, and drops what follows `#` or `?`.
        path = url2pathname(rest.replace("#", "%23").replace("?", "%3F"))
    else:
        path = unquote(rest)
    return Path(f"//{host}{path}" if host and host != "localhost" else path)


def _parts(text: str) -> list[str]:
    """Return a reading itself, without its query and fragment, and what the query names."""
    found = [text]
    for mark in "?#":
        head, _, rest = text.partition(mark)
        if rest:
            found += [head, *_QUOTED.findall(rest)[:8]]
    return found


def _tidy(text: str) -> str:
    """Return a path with one kind of separator, without `.` and `..` and empty parts."""
    parts: list[str] = []
    for part in re.split(r"[/\\]|::|!/", _STREAM.sub("", text)):
        if part == "..":
            parts = parts[:-1]
        elif part.strip(" ") not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _undecorated(name: str) -> list[str]:
    """Return a file's name without what editors and systems put around it, step by step."""
    found = []
    for _ in range(4):
        bare = name.rstrip(". ").strip()
        bare = bare.removeprefix(".#")
        if len(bare) > 2 and bare.startswith("#") and bare.endswith("#"):
            bare = bare[1:-1]
        if (kept := _KEPT.search(bare)) is not None and kept.start() > 0:
            bare = bare[: kept.start()]
        if bare == name:
            break
        name = bare
        found.append(name)
        if name.startswith("..") or (kept is not None and name.startswith(".")):
            found.append(name[1:])  # Vim puts a dot before the name of a swap file.
    return found
