"""Published benchmarks as scenarios, from files that the user brings; each told by its fields.

- **CanItEdit**: `before`, `after`, `tests`, `instruction_descriptive`, `instruction_lazy`.
- **EDIT-Bench**: `original_code`, `highlighted_code`, `instruction`, `test_code`, `test_harness`.
- **HumanEvalFix** (HumanEvalPack): `declaration`, `buggy_solution`, `canonical_solution`, `test`.

Invariant: nothing is fetched. Tests run in the Python that runs this, with what is installed there;
those in other languages are not run, and such scenarios are measured without.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from glm_lsp.errors import GlmError
from glm_lsp.evaluation.scenario import PYTHON, Check, Scenario
from glm_lsp.languages import language_named
from glm_lsp.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_AS_ONE = """\
with open({path!r}, encoding="utf-8") as code, open("tests.txt", encoding="utf-8") as tests:
    source = code.read() + "\\n\\n" + tests.read()
exec(compile(source, {path!r}, "exec"), {{"__name__": "__main__"}})
"""

# The harness of EDIT-Bench counts in a file of its own; pytest ends well all the same.
_COUNTED = """\
import json, pathlib, subprocess, sys
code = subprocess.run([sys.executable, "-m", "pytest", "-q", "test_code.py"]).returncode
found = pathlib.Path("test_results.json")
if found.exists():
    counts = json.loads(found.read_text())["results"]["implementation1"]
    code = int(not counts["passed"] or counts["passed"] < counts["total"] + counts["skipped"])
sys.exit(code)
"""

_HINT = "a benchmark is JSON Lines or a JSON list; a Parquet file has to be converted first"


def scenarios(path: Path) -> Iterator[Scenario]:
    """Yield the scenarios of a benchmark's file.

    Raises:
        GlmError: it cannot be read, or is of none of the benchmarks.
    """
    for number, item in enumerate(_items(path)):
        try:
            yield from _scenarios(item, number)
        except (KeyError, TypeError, AttributeError) as error:
            raise GlmError(
                f"Item {number} of {path} is of none of the benchmarks CanItEdit, EDIT-Bench and"
                f" HumanEvalFix: {error} is missing."
            ) from None


def _scenarios(item: Mapping[str, Any], number: int) -> Iterator[Scenario]:
    if "instruction_lazy" in item:
        yield from _can_it_edit(item, number)
    elif "highlighted_code" in item:
        yield _edit_bench(item, number)
    else:
        yield _human_eval_fix(item, number)


def _items(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
        lines = json.loads(text) if text.lstrip().startswith("[") else _lines(text)
    except (OSError, ValueError, EOFError) as error:
        raise GlmError(f"{path} cannot be read ({type(error).__name__}): {_HINT}.") from None
    yield from lines


def _lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def _can_it_edit(item: Mapping[str, Any], number: int) -> Iterator[Scenario]:
    before, after = item["before"], item["after"]
    check = _as_one("example.py", item["tests"])
    for kind in ("descriptive", "lazy"):
        yield Scenario(
            title=f"{item.get('full_name') or item.get('name') or number} ({kind})",
            feature="edit",
            language="python",
            path="example.py",
            text=before,
            place=Span(0, len(before)),
            asks=item[f"instruction_{kind}"],
            wanted=after,
            check=check,
        )


def _edit_bench(item: Mapping[str, Any], number: int) -> Scenario:
    text, part = item["original_code"], item["highlighted_code"] or ""
    start = text.find(part) if part.strip() else -1
    place = Span(start, start + len(part)) if start >= 0 else Span(0, len(text))
    language = item["programming_language"]
    react = language == "javascript/react"
    named = "javascriptreact" if react else language
    suffix = ".jsx" if react else next(iter(language_named(named).suffixes), "")
    harness = {name: each for name, each in (item.get("test_harness") or {}).items() if each}
    files = {
        **harness,
        "original_code.py": text,
        "test_code.py": item["test_code"],
        "check.py": _COUNTED,
    }
    return Scenario(
        title=str(item.get("problem_id", number)),
        feature="edit",
        language=named,
        path=f"implementation1{suffix}",
        text=text,
        place=place,
        asks=item["instruction"],
        check=Check((PYTHON, "check.py"), files) if language == "python" else None,
    )


def _human_eval_fix(item: Mapping[str, Any], number: int) -> Scenario:
    name = str(item.get("task_id", f"Python/{number}"))
    language = name.partition("/")[0].lower()
    language = {"js": "javascript"}.get(language, language)
    suffix = next(iter(language_named(language).suffixes), "")
    path = f"example{suffix}"
    head = item.get("prompt") or item["declaration"]
    before, after = head + item["buggy_solution"], head + item["canonical_solution"]
    symptoms = item.get("failure_symptoms") or "wrong"
    return Scenario(
        title=name,
        feature="fix",
        language=language,
        path=path,
        text=before,
        place=Span(len(head), len(before)),
        asks=f"the tests of {item['entry_point']} fail: {symptoms}",
        wanted=after,
        check=_as_one(path, item["test"]) if language == "python" else None,
    )


def _as_one(path: str, tests: str) -> Check:
    """Return a check of tests that are a part of the program that they test."""
    files = {"check.py": _AS_ONE.format(path=path), "tests.txt": tests}
    return Check((PYTHON, "check.py"), files)
