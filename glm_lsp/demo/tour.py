"""Where the demo goes in a file: what to explain, to fix, to refactor, to finish."""

from __future__ import annotations

from attrs import frozen

from glm_lsp.context.scope import enclosing
from glm_lsp.context.syntax import parse
from glm_lsp.errors import GlmError
from glm_lsp.text import Snapshot, Span, Text

_ORDER = ("explain", "fix", "refactor", "complete")


@frozen
class Stop:
    """One thing the demo shows.

    Attributes:
        span: the cursor or selection.
        problem: the diagnostic to fix, "" for none.
        removed: what is deleted before a completion is asked for, so that there is a gap.
    """

    action: str
    span: Span
    problem: str = ""
    removed: Span | None = None


def tour(text: str, language: str, action: str, *, bundled: bool) -> list[Stop]:
    """Choose the stops; `action` is one of them or "all".

    Raises:
        GlmError: there is nothing in the file to show it on.
    """
    wanted = _ORDER if action == "all" else (action,)
    found = _in_sample(text) if bundled else _in_file(text, language)
    stops = [found[name] for name in wanted if name in found]
    if not stops:
        raise GlmError("There is no function in this file to show that on.")
    return stops


def _in_sample(text: str) -> dict[str, Stop]:
    def at(words: str) -> Span:
        start = text.index(words)
        return Span(start, start + len(words))

    end = len(text.rstrip("\n"))
    return {
        "explain": Stop("explain", at("def total")),
        "fix": Stop("fix", at("heigth"), "undefined name 'heigth'"),
        "refactor": Stop("refactor", at("def total")),
        "complete": Stop("complete", Span(end, end)),
    }


def _in_file(text: str, language: str) -> dict[str, Stop]:
    """Take the first definition of a handy size; fix a syntax error if there is one."""
    snapshot = Snapshot("untitled:demo", None, language, Text.of(text))
    spans = []
    offset = 0
    for line in snapshot.text.lines():
        if line.strip():
            scope = enclosing(snapshot, Span(offset, offset))
            if scope.kind != "lines" and scope.span not in spans:
                spans.append(scope.span)
        offset += len(line)
        if len(spans) >= 40:
            break
    if not spans:
        return {}
    span = min(spans, key=lambda s: abs(snapshot.slice(s).count("\n") - 6))
    tree = parse(language, text)
    errors = tree.errors() if tree is not None else []
    cursor = Span(span.start, span.start)
    stops = {
        "explain": Stop("explain", cursor),
        "fix": Stop(
            "fix",
            errors[0] if errors else cursor,
            "syntax error" if errors else "find and fix the bug, if there is one",
        ),
        "refactor": Stop("refactor", cursor),
    }
    gap = _gap(text, span)
    if gap is not None:
        stops["complete"] = Stop("complete", Span(gap.start, gap.start), removed=gap)
    return stops


def _gap(text: str, span: Span) -> Span | None:
    """Return the end of the definition's last long line, from its second word on."""
    end = span.end
    while end > span.start:
        start = text.rfind("\n", 0, end) + 1
        line = text[start:end]
        words = line.split()
        if len(words) > 1 and start > span.start:
            return Span(start + line.index(words[1]), end)
        end = start - 1
    return None
