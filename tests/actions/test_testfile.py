"""Where the tests of a file go."""

from __future__ import annotations

from pathlib import Path

import pytest

from glm_lsp.actions.testfile import path_for_tests

ROOT = Path("project")


@pytest.mark.parametrize(
    ("source", "language", "there", "expected"),
    [
        pytest.param("a/area.py", "python", [], "a/test_area.py", id="beside the source"),
        pytest.param("a/area.py", "python", ["tests"], "tests/test_area.py", id="a folder"),
        pytest.param(
            "a/area.py",
            "python",
            ["a/test_area.py", "a/test_area_2.py"],
            "a/test_area_3.py",
            id="never over what is there",
        ),
        pytest.param("a/area.ts", "typescript", ["tests"], "a/area.test.ts", id="a suffix"),
        pytest.param("a/area.tsx", "typescriptreact", [], "a/area.test.tsx", id="an alias"),
        pytest.param("Area.java", "java", [], "AreaTest.java", id="java"),
        pytest.param("area.zig", "zig", [], "area_test.zig", id="not recorded"),
    ],
)
def test_where_tests_go(source: str, language: str, there: list[str], expected: str) -> None:
    """By the custom of the language, and to a path at which nothing stands."""
    taken = {ROOT / each for each in there}
    found = path_for_tests(
        ROOT / source, language, ROOT, lambda path: path in taken, lambda _: True
    )
    assert found == ROOT / expected
