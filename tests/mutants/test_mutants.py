"""The tool that changes lines that matter: its list is fresh, and its verdicts are right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest

from tests.mutants.__main__ import main
from tests.mutants.entries import Mutant, read, sample, stale
from tests.mutants.run import try_all

if TYPE_CHECKING:
    from pathlib import Path

SUM = "def add(a, b):\n    return a + b\n"
CHECKS = """\
from glm_lsp.sums import add

def test_add():
    assert add(1, 2) == 3

def test_nothing():
    add(1, 2)

def test_failing():
    assert add(1, 2) == 4
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A program of one line, with one test that watches it and one that does not."""
    (tmp_path / "glm_lsp").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "glm_lsp" / "__init__.py").write_text("")
    (tmp_path / "glm_lsp" / "sums.py").write_text(SUM)
    (tmp_path / "tests" / "test_sums.py").write_text(CHECKS)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    return tmp_path


def mutant(replace: str, test: str = "test_add", *, may_hang: bool = False) -> Mutant:
    tests = [f"tests/test_sums.py::{test}"]
    return Mutant("r", replace, "glm_lsp/sums.py", "a + b", replace, tests, may_hang)


@pytest.mark.parametrize("entry", read(), ids=lambda m: f"{m.room}: {m.promise}")
def test_no_entry_is_stale(entry: Mutant) -> None:
    """Each text occurs once in its file, and each test exists."""
    assert stale(entry) == []


def test_the_verdicts(tree: Path) -> None:
    """What a test notices is killed; what none notices, or tells nothing, is not."""
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    mutants = [
        mutant("a - b"),
        mutant("b + a"),
        mutant("a - b", "test_nothing"),
        mutant("a + c"),
        mutant("a + b\nimport nowhere"),
        mutant("a - b", "test_failing"),
        mutant("a - b", "test_add[no such case]"),
    ]
    verdicts = try_all(mutants, lambda _: None, tree)
    words = ["killed", "survived", "survived", "broken", "broken", "untested", "untested"]
    assert [verdict.word for verdict in verdicts] == words
    assert {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(("allowed", "word"), [(False, "hung"), (True, "killed")])
def test_a_change_without_an_end_counts_only_where_that_is_meant(
    tree: Path, allowed: bool, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run beyond its time is ended, and counts as noticed if the entry says `may_hang`."""
    monkeypatch.setattr("tests.mutants.run._PATIENCE", 3.0)
    endless = mutant("[0 for _ in iter(int, 1)]", may_hang=allowed)
    (verdict,) = try_all([endless], lambda _: None, tree)
    assert verdict.word == word


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"file": "glm_lsp/none.py"}, "does not exist"),
        ({"find": "a - b"}, "occurs 0 times"),
        ({"find": "a"}, "occurs 3 times"),
        ({"replace": "a + b"}, "changes nothing"),
        ({"replace": "a + ("}, "no Python"),
        ({"tests": ["tests/test_sums.py::test_no"]}, "no such test"),
        ({"tests": []}, "names no test"),
    ],
)
def test_stale_entries_are_told(tree: Path, changes: dict[str, Any], fault: str) -> None:
    """An entry that no longer fits its file, or its tests, is named with the reason."""
    assert stale(mutant("a - b"), tree) == []
    (told,) = stale(attrs.evolve(mutant("a - b"), **changes), tree)
    assert fault in told


def test_a_malformed_list_names_the_entry(tmp_path: Path) -> None:
    """A key that is none, or one that is missing, is told with the promise."""
    (tmp_path / "room.toml").write_text('[[mutant]]\npromise = "It adds."\nfiles = "x"\n')
    with pytest.raises(ValueError, match=r"room\.toml: It adds\."):
        read(folder=tmp_path)
    with pytest.raises(ValueError, match="No list of mutants named 'hall'"):
        read("hall", tmp_path)


def test_a_sample_hardly_changes_with_the_list() -> None:
    """One more entry replaces one of the sample at most; tests with editors are not in it."""
    many = [mutant(f"a - {number}") for number in range(20)]
    editors = attrs.evolve(mutant("a - b"), tests=["tests/editors/test_helix.py::test_x"])
    few = sample([*many, editors], 6, seed=1)
    assert len(few) == 6
    assert editors not in few
    assert few == sample(many, 6, seed=1)
    assert len(set(few) - set(sample(many[1:], 6, seed=1))) <= 1


def test_those_of_one_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--of` takes the end of a path, and refuses one that no mutant changes."""
    monkeypatch.setattr("sys.argv", ["mutants", "--list", "--of", "filters/wrapping.py"])
    assert main() == 0
    *listed, count = capsys.readouterr().out.splitlines()
    assert count == f"{len(listed)} mutants"
    assert listed
    assert all("glm_lsp/completion/filters/wrapping.py: " in line for line in listed)
    monkeypatch.setattr("sys.argv", ["mutants", "--list", "--of", "no_such.py"])
    with pytest.raises(SystemExit):
        main()
