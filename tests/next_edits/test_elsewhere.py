"""What is looked for in other files because of what was changed: texts in, wishes out."""

from __future__ import annotations

from glm_lsp.next_edits.elsewhere import ChangedDocument, Wish, wishes
from glm_lsp.next_edits.history import DocumentHistory
from glm_lsp.text import Change, Span, Text


def wished(text: str, *edits: tuple[str, str]) -> list[Wish]:
    """Return what is looked for after edits, each of the first place that says so."""
    now = Text.of(text)
    history = DocumentHistory(now)
    for old, new in edits:
        start = str(now).index(old)
        change = Change(Span(start, start + len(old)), new)
        now = now.replace(change.span, new)
        history.changed(now, [change])
    document = ChangedDocument(str(now).split("\n"), "python", history.line_changes())
    return [wish for _, wish in wishes([document])]


def test_a_name_is_looked_for_where_it_was_defined() -> None:
    """A function's, a method's with its class, a parameter's with its function; no local one's."""
    text = "class Shape:\n    def area(self, width):\n        size = width\n        return size\n"
    (wish,) = wished(text, ("area", "area_of"))
    assert (wish.sought.kind, wish.sought.name, wish.sought.owner) == ("member", "area", "Shape")
    (wish,) = wished(text, ("width", "line_width"))
    assert (wish.sought.kind, wish.sought.name, wish.sought.owner) == ("keyword", "width", "area")
    assert wished(text, ("size", "full_size")) == []
    (wish,) = wished("def draw_shape(): ...\n", ("draw_shape", "draw_form"))
    assert (wish.sought.kind, wish.sought.name) == ("name", "draw_shape")


def test_a_small_change_is_looked_for_when_it_was_made_twice() -> None:
    """And only of lines that became others by themselves: beside new ones it is a guess."""
    line = "log.write_event(name, level)\n"
    once = ("write_event(name, level)", "write_event(level)")
    assert wished(line + line, once) == []
    (wish,) = wished(line + line, once, once)
    assert (wish.sought.kind, wish.sought.words) == ("words", ("write_event", "name", "level"))
    grown = (line, "with quiet():\n    log.write_event(level)\n")
    assert wished(line + "pass\n" + line, grown, grown) == []
