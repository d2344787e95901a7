"""What is staged to be committed, as a question may show it.

Invariant: of a file that must stay on this machine neither a line nor its name gets in; all of it
is bounded, and cut at whole lines. It asks git: call it in a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.errors import ReplyError

if TYPE_CHECKING:
    from glm_lsp.context.git import Repository
    from glm_lsp.context.workspace_files import WorkspaceFiles

_MOST_FILES = 100
_MOST_NAMES = 1_000
_MOST_PATCH = 12_000  # Characters of one file's.
_LAST = 12  # Commits whose messages are looked at.
_MOST_MESSAGE = 600  # Characters of each.
_MOST_MESSAGES = 4_000  # Characters of all.


@frozen
class Staged:
    """What is staged.

    Attributes:
        patch: the differences, file by file.
        uris: the documents that it shows a part of.
        kept: how many files are left out because they must stay on this machine.
        messages: the last commits', the latest first.
    """

    patch: str = field(repr=False)
    uris: tuple[str, ...]
    kept: int
    messages: tuple[str, ...] = field(repr=False)


def staged(repository: Repository, files: WorkspaceFiles, most: int) -> Staged:
    """Return what is staged, in `most` characters.

    Raises:
        ReplyError: nothing is, or nothing that may be shown.
    """
    names = repository.staged_names()
    if not names:
        raise ReplyError("Nothing is staged: run git add first.")
    uris = {name: (repository.top / name).as_uri() for name in names[:_MOST_NAMES]}
    shown = [name for name in uris if not files.keeps(uris[name])]
    kept = len(uris) - len(shown)
    if not shown:
        raise ReplyError("All that is staged stays on your machine: write the message yourself.")
    parts: list[str] = []
    left, seen = most, []
    for name in shown[:_MOST_FILES]:
        if left <= 0:
            break
        part = _cut(repository.staged_patch(name), min(left, _MOST_PATCH))
        parts.append(part)
        seen.append(uris[name])
        left -= len(part)
    rest = [name for name in shown if uris[name] not in seen][:_MOST_FILES]
    if rest:
        parts.append("Changed as well, and not shown:\n" + "\n".join(rest)[:_MOST_PATCH])
        seen += [uris[name] for name in rest]
    return Staged("\n".join(parts), tuple(seen), kept, _few(repository.messages(_LAST)))


def _few(messages: list[str]) -> tuple[str, ...]:
    found, left = [], _MOST_MESSAGES
    for message in messages:
        short = _cut(message, _MOST_MESSAGE)
        left -= len(short)
        if left < 0:
            break
        found.append(short)
    return tuple(found)


def _cut(text: str, most: int) -> str:
    """Return the first lines of a text: no line is cut, for half a secret is none to be seen."""
    if len(text) <= most:
        return text.rstrip("\n")
    lines = text[: text.rfind("\n", 0, most) + 1]
    more = text[len(lines) :].count("\n")
    return f"{lines}(… {more} more lines)"
