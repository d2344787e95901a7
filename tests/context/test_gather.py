"""What is shown around the target, text in, text out: `[[` and `]]` mark the target."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.context.gather import Surroundings, display_path, gather
from glm_lsp.context.scope import whole_lines
from glm_lsp.text import Snapshot, Span, Text

PROJECT = Path(Path.cwd().anchor) / "home" / "me" / "project"
LINES = "import a\nimport b\n\none = 1\ntwo = 2\n[[def f():\n    pass]]\nthree = 3\nfour = 4\n"


def around(marked: str, budget: int) -> Surroundings:
    before, rest = marked.split("[[")
    target, after = rest.split("]]")
    text = Text.of(before + target + after)
    snapshot = Snapshot((PROJECT / "src" / "a.py").as_uri(), 1, "python", text)
    return gather(snapshot, Span(len(before), len(before) + len(target)), budget, [PROJECT])


@pytest.mark.parametrize(
    ("marked", "budget", "before", "after", "imports"),
    [
        pytest.param(
            LINES,
            1000,
            "import a\nimport b\n\none = 1\ntwo = 2\n",
            "three = 3\nfour = 4\n",
            (),
            id="all of it",
        ),
        pytest.param(LINES, 0, "", "", (), id="nothing"),
        pytest.param(LINES, 18, "two = 2\n", "three = 3\n", (), id="the nearest lines"),
        pytest.param(
            LINES, 34, "two = 2\n", "three = 3\n", ("import a", "import b"), id="imports besides"
        ),
        pytest.param("x" * 99 + "\n[[a]]\nb\n", 10, "", "b\n", (), id="a line too long above"),
        pytest.param("[[a]]", 10, "", "", (), id="nothing around"),
        pytest.param("b\r\n[[a]]\r\nc\r\n", 100, "b\r\n", "c\r\n", (), id="crlf"),
    ],
)
def test_the_nearest_lines_are_kept(
    marked: str, budget: int, before: str, after: str, imports: tuple[str, ...]
) -> None:
    """Whole lines next to the target fill the budget; imports out of sight come besides."""
    found = around(marked, budget)
    assert (found.before, found.after, found.imports) == (before, after, imports)


def test_the_target_is_placed() -> None:
    """The target's first line is counted from 1, its file named from the workspace."""
    found = around(LINES, 0)
    assert (found.path, found.language, found.first_line) == ("src/a.py", "python", 6)


def test_imports_in_sight_are_not_repeated() -> None:
    """An import that the lines above still show is not sent a second time."""
    found = around("# " + "x" * 90 + "\nimport a\n[[a.f()]]\n", 60)
    assert (found.before, found.imports) == ("import a\n", ())


@given(
    st.lists(st.sampled_from(["é = 1\n", "\n", "x = (\n1)\r\n", "import os\n", "\r"]), max_size=20),
    st.integers(0),
    st.integers(0, 60),
)
def test_the_budget_holds(pieces: list[str], at: int, budget: int) -> None:
    """All that is sent besides the target stays within the budget, and touches the target."""
    text = "".join(["import os\n", *pieces])
    at %= len(text) + 1
    snapshot = Snapshot("untitled:a", None, "python", Text.of(text))
    target = whole_lines(snapshot.text, Span(at, at))
    found = gather(snapshot, target, budget, ())
    assert len(found.before) + len(found.after) + sum(map(len, found.imports)) <= budget
    assert text[: target.start].endswith(found.before)
    assert text[target.end :].lstrip("\r\n").startswith(found.after.lstrip("\r\n"))


@pytest.mark.parametrize(
    ("uri", "roots", "expected"),
    [
        pytest.param((PROJECT / "a" / "b.py").as_uri(), [PROJECT], "a/b.py", id="in a folder"),
        pytest.param(
            (PROJECT / "a" / "b.py").as_uri(),
            [PROJECT.parent / "other", PROJECT / "a"],
            "b.py",
            id="in the second folder",
        ),
        pytest.param((PROJECT / "b.py").as_uri(), [], "b.py", id="outside"),
        pytest.param((PROJECT / "größe 1.py").as_uri(), [], "größe 1.py", id="escaped"),
        pytest.param("untitled:Untitled-1", [PROJECT], "untitled:Untitled-1", id="untitled"),
        pytest.param(
            "git:/home/me/project/b.py?%2Fhome%2Fme", [PROJECT], "b.py", id="another scheme"
        ),
        pytest.param("", [], "untitled", id="empty"),
    ],
)
def test_paths_tell_nothing_of_the_disk(uri: str, roots: list[Path], expected: str) -> None:
    """A file is named from its workspace folder, else by its own name alone."""
    assert display_path(uri, roots) == expected
