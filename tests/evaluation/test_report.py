"""Reports: for people, for programs, and beside others."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from rich.console import Console

from glm_lsp.errors import GlmError
from glm_lsp.evaluation.measures import Measured
from glm_lsp.evaluation.page import page
from glm_lsp.evaluation.report import Report, fallen, read, report_of
from glm_lsp.evaluation.terminal import show

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = {"models": {"actions": "m"}, "settings": {"thinking": "off"}, "source": "here"}


def outcome(title: str, *, passes: bool = True, **more: Any) -> Measured:
    given = {"exact": passes, "chrf": 0.9, "size": 1.0, "parses": True, "first": 0.5}
    given |= {"seconds": 1.5, "questions": 1, "prompt": 10, "output": 5, "cached": 4}
    return Measured(title, "fix", False, True, passes=passes, **{**given, **more})


def made(*outcomes: Measured) -> Report:
    return report_of(ABOUT, outcomes or (outcome("a"), outcome("b", passes=False)), ["a note"])


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(made().json(), "utf-8")
    again = read(path)
    assert (again.features, again.outcomes) == (made().features, made().outcomes)
    assert again.json() == made().json()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"evaluation": 99}', '{"evaluation": 1}'])
def test_what_is_no_report_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text, "utf-8")
    with pytest.raises(GlmError, match="is no report"):
        read(path)


def test_nothing_has_fallen_beside_itself() -> None:
    assert fallen(made(), made()) == []


@pytest.mark.parametrize(
    ("worse", "said"),
    [
        ({"passes": False}, "fix: tests pass 0.000, was 0.500."),
        ({"chrf": 0.5}, "fix: chrF 0.700, was 0.900."),
        ({"size": 2.0}, "fix: size 1.500, was 1.000."),
        ({"parses": False}, "fix: parses 0.500, was 1.000."),
        ({"applied": False}, "fix: applied or shown 0.500, was 1.000."),
    ],
)
def test_what_is_worse_is_named(worse: dict[str, Any], said: str) -> None:
    found = made(evolve(outcome("a"), **worse), outcome("b", passes=False))
    assert said in fallen(found, made())


def test_what_is_better_or_hardly_worse_is_not() -> None:
    better = made(outcome("a", chrf=0.897), outcome("b"))
    assert fallen(better, made()) == []


def test_what_was_not_measured_is_worse() -> None:
    assert "fix: 1 scenarios of 2." in fallen(made(outcome("a")), made())
    assert fallen(report_of(ABOUT, [], []), made()) == ["fix: nothing was measured."]


class _Tags(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    """Whatever a model or a repository wrote is text, in titles, messages, code and names."""
    evil = "<script>alert(1)</script><img src=x onerror=y>\"'>"
    change = (evil, evil, evil)
    about = {**ABOUT, "models": {"actions": evil}, "source": evil}
    report = report_of(about, [outcome(evil, said=evil, change=change)], [evil])
    written = page(report, [report], [evil])
    parsed = _Tags()
    parsed.feed(written)
    assert not {"script", "img", "link", "iframe", "object", "base", "a"} & set(parsed.tags)
    names = {name for name, _ in parsed.attributes}
    assert not {name for name in names if name.startswith("on") or name in ("src", "href")}
    assert re.search(r"default-src 'none'", written)
    assert "http://" not in written
    assert "https://" not in written


def test_the_page_has_a_plot_of_times_and_each_scenario() -> None:
    written = page(made())
    assert written.count("<polyline") == 2
    assert "<details>" in written
    assert "a note" in written


def test_the_terminal_shows_figures_beside_others() -> None:
    out = io.StringIO()
    show(Console(file=out, width=140), made(outcome("a")), [made()])
    shown = out.getvalue()
    assert re.search(r"tests pass\s+\S+\s+100%\s+50%", shown)
    assert re.search(r"first token\s+500 ms · 500 ms", shown)
    assert re.search(r"tokens\s+10 \+ 5, 40% cached", shown)


def test_a_terminal_without_blocks_has_bars_all_the_same() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="replace")
    console = Console(file=out, width=140)
    show(console, made())
    out.flush()
    out.seek(0)
    assert "########" in out.read()
