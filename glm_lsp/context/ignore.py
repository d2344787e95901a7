"""Which files never leave this machine.

Invariant: every path to a model asks `Exclusions` first. Files that hold secrets by their
name are excluded whatever the settings say; `context.exclude` adds to them, as gitignore
patterns relative to each workspace folder.
"""

from __future__ import annotations

import sys
from pathlib import Path, PurePath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pathspec import GitIgnoreSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SECRET_FILES = (
    ".env",
    ".env.*",
    "!.env.example",
    "!.env.sample",
    "!.env.template",
    ".envrc",
    ".netrc",
    "_netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".git-credentials",
    ".htpasswd",
    ".ssh/",
    ".aws/",
    ".gnupg/",
    ".kube/config",
    ".docker/config.json",
    "id_rsa*",
    "id_ed25519*",
    "id_ecdsa*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "*.ppk",
    "*.asc",
    "credentials.json",
    "service-account*.json",
    "secrets.yml",
    "secrets.yaml",
    "secrets.json",
    "secrets.toml",
    "*.tfvars",
)
"""Names of files that usually hold secrets, as gitignore patterns."""


class Exclusions:
    """Tells whether a document must stay on this machine."""

    def __init__(self, patterns: Sequence[str] = (), roots: Iterable[Path] = ()) -> None:
        self._secrets = GitIgnoreSpec.from_lines(SECRET_FILES)
        self._chosen = GitIgnoreSpec.from_lines(patterns)
        self._roots = tuple(roots)

    def excludes(self, uri: str) -> bool:
        """Tell whether the document at `uri` is excluded; names are compared without case."""
        path: PurePath | None = path_of(uri)
        if path is None:
            path = PurePath(unquote(uri.partition(":")[2]).lstrip("/") or "untitled")
        names = [path.as_posix().lstrip("/"), path.name]
        for root in self._roots:
            try:
                names.append(path.relative_to(root).as_posix())
            except ValueError:
                continue
        return any(
            self._chosen.match_file(name) or self._secrets.match_file(name.lower())
            for name in names
        )


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
