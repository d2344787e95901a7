"""Published benchmarks in their published formats, each with an item of our own making."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.errors import GlmError
from glm_lsp.evaluation.benchmarks import scenarios
from glm_lsp.evaluation.sandbox import run

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.evaluation.scenario import Scenario

CAN_IT_EDIT = {
    "id": 1,
    "name": "double",
    "full_name": "1_double",
    "before": "def double(n):\n    return n\n",
    "after": "def double(n):\n    return 2 * n\n",
    "tests": "assert double(4) == 8\n",
    "instruction_descriptive": "Have `double` return twice its argument.",
    "instruction_lazy": "fix double",
    "taxonomy": {"change_kind": "corrective"},
}
EDIT_BENCH = {
    "problem_id": 7,
    "programming_language": "python",
    "python_version": "3.12",
    "original_code": "def one():\n    return 1\n\n\ndef two():\n    return 3\n",
    "highlighted_code": "def two():\n    return 3\n",
    "instruction": "two",
    "test_code": "from implementation1 import two\n\n\ndef test_two():\n    assert two() == 2\n",
    "requirements": "pytest\n",
    "test_harness": {"conftest.py": "# counts\n", "jest.config.js": None},
}
HUMAN_EVAL_FIX = {
    "task_id": "Python/0",
    "prompt": 'def double(n):\n    """Return twice n."""\n',
    "declaration": "def double(n):\n",
    "canonical_solution": "    return 2 * n\n",
    "buggy_solution": "    return n\n",
    "bug_type": "missing logic",
    "failure_symptoms": "incorrect output",
    "entry_point": "double",
    "import": "",
    "test_setup": "",
    "test": "\n\ndef check(double):\n    assert double(4) == 8\n\n\ncheck(double)\n",
}


def read(tmp_path: Path, *items: dict[str, Any]) -> list[Scenario]:
    path = tmp_path / "benchmark.jsonl"
    path.write_text("\n".join(json.dumps(item) for item in items) + "\n", "utf-8")
    return list(scenarios(path))


def passes(scenario: Scenario, text: str) -> bool | None:
    assert scenario.check is not None
    verdict = run(scenario.check.command, {**scenario.check.files, scenario.path: text})
    if verdict.passed is None:
        pytest.skip(f"nothing is contained here: {verdict.said}")
    return verdict.passed


def test_can_it_edit_asks_each_problem_in_both_ways(tmp_path: Path) -> None:
    found = read(tmp_path, CAN_IT_EDIT)
    assert [each.title for each in found] == ["1_double (descriptive)", "1_double (lazy)"]
    assert found[1].asks == "fix double"
    (one, _) = found
    assert (one.feature, one.text, one.wanted) == (
        "edit",
        CAN_IT_EDIT["before"],
        CAN_IT_EDIT["after"],
    )
    assert not passes(one, one.text)
    assert passes(one, one.wanted or "")


def test_edit_bench_asks_about_what_was_highlighted(tmp_path: Path) -> None:
    (one,) = read(tmp_path, EDIT_BENCH)
    assert one.text[one.place.start : one.place.end] == EDIT_BENCH["highlighted_code"]
    assert (one.path, one.asks, one.wanted) == ("implementation1.py", "two", None)
    assert one.check is not None
    assert "conftest.py" in one.check.files
    assert "jest.config.js" not in one.check.files
    assert not passes(one, one.text)
    assert passes(one, one.text.replace("3", "2"))


def test_edit_benchs_own_counts_go_before_pytests_word(tmp_path: Path) -> None:
    """Its harness writes them to a file, and lets pytest end well."""
    counts = {"passed": 1, "total": 2, "skipped": 0}
    harness = f"""
import json, pathlib
def pytest_sessionfinish(session, exitstatus):
    found = {{"results": {{"implementation1": {counts}}}}}
    pathlib.Path("test_results.json").write_text(json.dumps(found))
"""
    (one,) = read(tmp_path, {**EDIT_BENCH, "test_harness": {"conftest.py": harness}})
    assert not passes(one, one.text.replace("3", "2"))


def test_human_eval_fix_is_a_fix(tmp_path: Path) -> None:
    (one,) = read(tmp_path, HUMAN_EVAL_FIX)
    assert (one.feature, one.title) == ("fix", "Python/0")
    assert one.asks == "the tests of double fail: incorrect output"
    assert one.text[one.place.start : one.place.end] == HUMAN_EVAL_FIX["buggy_solution"]
    assert not passes(one, one.text)
    assert passes(one, one.wanted or "")


@pytest.mark.parametrize(
    ("item", "language", "path"),
    [
        ({**HUMAN_EVAL_FIX, "task_id": "JavaScript/3"}, "javascript", "example.js"),
        ({**HUMAN_EVAL_FIX, "task_id": "CPP/3"}, "cpp", "example.cpp"),
        (
            {**EDIT_BENCH, "programming_language": "javascript/react"},
            "javascriptreact",
            "implementation1.jsx",
        ),
    ],
    ids=["javascript", "cpp", "react"],
)
def test_other_languages_have_no_tests_to_run(
    tmp_path: Path, item: dict[str, Any], language: str, path: str
) -> None:
    (one,) = read(tmp_path, item)
    assert (one.language, one.path, one.check) == (language, path, None)


def test_lists_and_packed_files_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([HUMAN_EVAL_FIX]), "utf-8")
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(HUMAN_EVAL_FIX).encode()))
    assert list(scenarios(path)) == list(scenarios(packed))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PAR1\x00\xff", "has to be converted first"),
        (b'{"question": 1}\n', "none of the benchmarks"),
        (b"[1]", "none of the benchmarks"),
    ],
)
def test_what_is_no_benchmark_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(GlmError, match=said):
        list(scenarios(path))
