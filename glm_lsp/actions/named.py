"""Named prompts: what a user or a workspace has written down to be asked again, as a menu entry.

A file is a few lines between two `---`, and the text below them:

    ---
    title: Add logging
    kinds: refactor.rewrite
    ---
    Add a debug line at the beginning of each function.

Invariant: a file is a prompt or a sentence about what is wrong with it; nothing in it but its
title, its kinds and its text has a meaning.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import field, frozen

from glm_lsp.actions.offers import Offer, is_wanted, short
from glm_lsp.actions.registry import EDIT, EXPLAIN, KINDS
from glm_lsp.characters import one_line
from glm_lsp.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glm_lsp.actions.registry import Action

MOST_TEXT = 8_000
"""Characters of a file."""

_KEYS = ("title", "kinds")
_KIND = re.compile(r"[a-z]+(?:\.[A-Za-z]+){0,5}")
_EDGE = "---"


@frozen
class NamedPrompt:
    """A prompt that has a title.

    Attributes:
        name: what a command calls it; unique within a client.
        title: in the menu, behind `GLM: `.
        kinds: the LSP code action kinds that it is listed under; the first one is its own.
        text: what is asked.
        workspaces: somebody who may write to the workspace has written it.
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    text: str = field(repr=False)
    workspaces: bool = False

    @property
    def action(self) -> Action:
        """What asks it: an edit, or an explanation where its kinds are that one's."""
        return EXPLAIN if is_wanted(self.kinds[0], [EXPLAIN.kind]) else EDIT

    @property
    def label(self) -> str:
        """What the menu shows."""
        return f"GLM: {self.title}{' (workspace)' if self.workspaces else ''}"


def parse(name: str, source: str, *, workspaces: bool = False) -> NamedPrompt:
    """Read a file.

    Raises:
        SettingsError: it is no such file; the message goes on from its name.
    """
    lines = source.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != _EDGE:
        raise SettingsError("should begin with a line of `---`, and have a title")
    end = next((at for at, line in enumerate(lines) if at and line.rstrip() == _EDGE), 0)
    if not end:
        raise SettingsError("has no second line of `---`: its text follows that")
    values = dict(_values(lines[1:end]))
    title = short(values.get("title", "").removeprefix("GLM:"))
    if not title:
        raise SettingsError("has no title: write `title: …` between the lines of `---`")
    text = "\n".join(lines[end + 1 :]).strip()
    if not text:
        raise SettingsError("has no text below its second line of `---`")
    return NamedPrompt(name, title, _kinds(values.get("kinds", EDIT.kind)), text, workspaces)


def offered(prompts: Iterable[NamedPrompt], only: Sequence[str] | None) -> Iterator[Offer]:
    """Yield the entries of the menu, under the first kind of each that is asked for."""
    for prompt in prompts:
        wanted = [kind for kind in prompt.kinds if only is None or is_wanted(kind, only)]
        if wanted:
            yield Offer(prompt.label, wanted[0], prompt.action.command, prompt=prompt.name)


def _values(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for line in filter(str.strip, lines):
        key, colon, value = line.partition(":")
        if not colon or key.strip() not in _KEYS:
            known = " and ".join(f"`{each}: …`" for each in _KEYS)
            raise SettingsError(f"has a line `{one_line(line, 40)}` on top: there are {known}")
        yield key.strip(), value.strip().strip("\"'")


def _kinds(value: str) -> tuple[str, ...]:
    kinds = tuple(each.strip(" \t\"'") for each in value.strip("[]").split(","))
    for kind in kinds:
        if not _KIND.fullmatch(kind) or not is_wanted(kind, KINDS):
            known = ", ".join(KINDS)
            raise SettingsError(f"has a kind `{one_line(kind, 40)}`: there are {known}")
    return kinds
