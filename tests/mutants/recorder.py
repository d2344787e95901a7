"""A pytest plugin: writes how each test ended, one JSON object a line.

It is loaded into the runs that `tests.mutants` starts, and refuses to run where the package under
test would not be the copy.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

# Errors that say that the change broke the module, not that a test has noticed it.
_BROKEN = (ImportError, SyntaxError, NameError)
TARGET = "GLM_MUTANTS_RECORD"


def pytest_configure() -> None:
    """Check that it is the copy that is tested."""
    import glm_lsp

    if not Path(str(glm_lsp.__file__)).is_relative_to(Path.cwd()):
        raise pytest.UsageError(f"{glm_lsp.__file__} is not the copy in {Path.cwd()}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write the outcome of each phase of a test."""
    report = yield
    broken = call.excinfo is not None and isinstance(call.excinfo.value, _BROKEN)
    said = "" if call.excinfo is None else call.excinfo.exconly()
    _write(
        test=item.nodeid,
        outcome=report.outcome,
        broken=broken and report.failed,
        said=said if report.failed else "",
        seconds=report.duration,
    )
    return report


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Write that a file could not be read at all."""
    if report.failed:
        _write(
            test=report.nodeid, outcome="failed", broken=True, said=str(report.longrepr), seconds=0
        )


def _write(**fields: Any) -> None:
    with Path(os.environ[TARGET]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(fields) + "\n")
