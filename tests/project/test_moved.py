"""A document that changes within a function is not read anew, and nothing of it is missed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from glm_lsp.languages import language_named
from glm_lsp.project.facts import facts_of
from glm_lsp.project.gather import Gatherer
from glm_lsp.project.moved import moved
from tests.project.rig import SHAPES, indexed, write

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.project.definitions import Definition

PYTHON = language_named("python")
TEXT = """import shapes


class First(shapes.Shape):
    limit = 3

    def one(self, given):
        self.given = given
        return given

    def two(self):
        if self.given:
            return 1
        return 2


def third(other):
    for each in other:
        print(each)

    return other


TOP = 1


async def last():
    pass
"""


def defined(lines: list[str]) -> list[Definition]:
    """Return what a text defines, read anew."""
    return facts_of(PYTHON, "\n".join(lines)).definitions


def test_after_a_change_in_a_function_it_says_what_reading_anew_would() -> None:
    """Lines that come, go and change below a function's head move what stands below them."""
    dice = random.Random(4)  # noqa: S311
    before = TEXT.split("\n")
    bodies = [range(7, 9), range(11, 14), range(17, 21), range(26, 27)]
    said = 0
    for _ in range(300):
        body = dice.choice(bodies)
        start = dice.choice(body)
        end = min(start + dice.randrange(3), body.stop)
        typed = [dice.choice(["        given()", "", "        if a:"])] * dice.randrange(4)
        after = [*before[:start], *typed, *before[end:]]
        found = moved(defined(before), before, after)
        if found is None or start == body.start:  # Then nothing of the body may be left.
            continue
        said += 1
        wanted = {(d.name, d.owner, d.line) for d in defined([*after, ""])}
        assert {(d.name, d.owner, d.line) for d in found} == wanted
        around = [d for d in found if d.line <= start <= d.last and d.kind == "function"]
        assert len(around) == 1
    assert said > 100


def test_any_other_change_is_read() -> None:
    """What may be a definition, or the end of one, is nothing that is only moved."""
    before = TEXT.split("\n")
    heads = ["def third(other, more):", "class Third:", "from a import b"]
    for at, line in ((16, heads[0]), (16, heads[1]), (22, "OTHER = 2"), (1, heads[2])):
        after = [*before[:at], line, *before[at + 1 :]]
        assert moved(defined(before), before, after) is None
    added = [*before[:20], "def inner(): ...", *before[20:]]
    assert moved(defined(before), before, added) is None


def test_a_document_is_read_again_once_something_else_changes(tmp_path: Path) -> None:
    """While a function is written its document is not parsed; a new class is known at once."""
    head = "from shapes import Circle\n\n\ndef compared(first: Circle):\n"
    root = write(tmp_path, shapes=SHAPES, use=head)
    read: list[str] = []
    workspace = indexed(root, read=read)
    gatherer, path = Gatherer(workspace), str(root / "use.py")

    def ask(text: str, line: int) -> str:
        found = gatherer.gather(path, PYTHON, text, line, (1_000, 200))
        return found.sheet + found.fresh

    ask(f"{head}    ", 4)
    read.clear()
    assert "area_within" in ask(f"{head}    one = 1\n    first.", 5)
    assert "area_within" in ask(f"{head}    one = 1\n    two = 2\n    first.", 6)
    assert read == []
    ask(f"class New:\n    pass\n{head}    one = 1\n    two = 2\n    first.", 8)
    assert read == [path]
    assert "New" in workspace.index("python").by_name
