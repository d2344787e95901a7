"""gitignore patterns: read as git reads them, and wider where that would take long."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from glm_lsp.context.patterns import Patterns

if TYPE_CHECKING:
    from pathlib import Path

ATOMS = (
    "a", "b", "ab", "*", "*.b", "a*b", "/", "/", "/**", "/**/", "?", "[ab]", "[!a]", "[^b-z]",
    "[a-]", "[]a]", "[z-a]", "[!z-a]", "[\\]a]", "[[:alpha:]]", "\\a", "\\*", "\\!", "\\ ", ".",
    "-", " ", "!", "#",
)  # fmt: skip
NAMES = (
    "a", "b", "ab", "ba", "a.b", "aab", "-", "a b", " ", "*", "!a", "#a", "]", "a*b", "bab", "A",
    "a ",
)  # fmt: skip


def _line(chance: random.Random) -> str:
    """Return a line of a few parts.

    `**` stands between slashes only: behind a text git itself reads it in two ways.
    """
    text = "".join(chance.choice(ATOMS) for _ in range(chance.randint(1, 6)))
    return f"!{text}" if chance.random() < 0.25 else text


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("seed", range(120))
def test_patterns_mean_what_git_means(seed: int, tmp_path: Path) -> None:
    """Any lines in any order exclude exactly what git excludes by them."""
    chance = random.Random(seed)  # noqa: S311
    lines = [_line(chance) for _ in range(chance.randint(1, 4))]
    names = {"/".join(chance.choices(NAMES, k=chance.randint(1, 4))) for _ in range(150)}
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("\n".join(lines) + "\n", "utf-8")
    ignored = subprocess.run(
        ["git", "-C", tmp_path, "check-ignore", "--no-index", "--stdin", "-z"],
        input="\0".join(names).encode(),
        capture_output=True,
        check=False,
    ).stdout.decode()
    patterns = Patterns(lines)
    assert {name for name in names if patterns.excludes(name)} == set(ignored.split("\0")) - {""}


@pytest.mark.parametrize(
    ("lines", "name", "excluded"),
    [
        pytest.param(["a/**/b/*.py"], "a/x/y/b/c.py", True, id="folders between"),
        pytest.param(["a/**/b/*.py"], "a/b/c.py", True, id="no folder between"),
        pytest.param(["a/**"], "a", False, id="in a folder, not the folder"),
        pytest.param(["**/a"], "x/a/y.py", True, id="a folder anywhere"),
        pytest.param(["private/", "!private/a.py"], "private/a.py", True, id="its folder stays"),
        pytest.param(["*", "!*/", "!*.py"], "src/a.py", False, id="all but some"),
        pytest.param(["*", "!*/", "!*.py"], "src/a.key", True, id="all but others"),
        pytest.param(["[Dd]ebug/"], "bin/Debug/a.log", True, id="one of two letters"),
        pytest.param(["a[0-9]?.txt"], "a1x.txt", True, id="a range"),
        pytest.param(["a\\ "], "a ", True, id="a blank that counts"),
        pytest.param(["a[b"], "a[b", True, id="a bracket that nobody closes"),
        pytest.param(["a//b"], "a/b", False, id="a folder without a name"),
    ],
)
def test_common_patterns(lines: list[str], name: str, excluded: bool) -> None:
    """What people write means what they mean."""
    assert Patterns(lines).excludes(name) is excluded


@pytest.mark.parametrize(
    ("line", "excluded", "begins"),
    [
        pytest.param("src/key" + "*a" * 11, "src/keys/b.py", "src/key*", id="stars"),
        pytest.param("key" + "?" * 800, "deep/keys.txt", "key*", id="any characters"),
        pytest.param("key[" + "a" * 300 + "]", "keyb", "key*", id="a long one"),
        pytest.param("*a" * 11, "anything", "*", id="stars from the beginning"),
    ],
)
def test_a_pattern_that_is_too_much_means_more(line: str, excluded: str, begins: str) -> None:
    """Everything that begins like it is excluded, and a sentence says so with its line."""
    patterns = Patterns(["# mine", line])
    assert patterns.excludes(excluded)
    ((number, sentence),) = patterns.problems
    assert number == 2
    assert f"so it means all that begins like {begins}: write it more simply" in sentence


def test_a_pattern_that_is_too_much_takes_nothing_back() -> None:
    """A `!` line that would take long is not guessed at: what was excluded stays."""
    patterns = Patterns(["*.key", "!" + "*a" * 11])
    assert patterns.excludes("aaaaaaaaaaaa.key")
    assert "takes nothing back" in patterns.problems[0][1]


def test_patterns_that_are_too_many_exclude_deep_files() -> None:
    """What cannot be judged in time is excluded, and the user is told."""
    patterns = Patterns(f"*.x{number}" for number in range(3_000))
    assert patterns.excludes("a/b/c/d/e/f/g/h/i/j/k.py")
    assert not patterns.excludes("a.py")
    assert patterns.problems[0] == (
        3_000,
        "is one too many: files in deep folders are left out, until there are fewer",
    )
    assert Patterns(f"*.x{number}" for number in range(30_000)).excludes("a.py")


def test_ten_thousand_names_are_judged_one_by_one() -> None:
    """Lines without wildcards are looked up: any number of them excludes what it names."""
    patterns = Patterns(f"name{number}" for number in range(10_000))
    assert not patterns.problems
    assert patterns.excludes("src/name9999/a.py")
    assert not patterns.excludes("src/name10000/a.py")


def test_nothing_is_excluded_without_patterns() -> None:
    """A long name alone is no reason."""
    assert not Patterns(["", "# nothing"]).excludes("a/" * 5_000)
    assert Patterns(["a.py"]).excludes("b/" * 5_000)
