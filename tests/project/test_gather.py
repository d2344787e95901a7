"""What a completion is shown of its workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.languages import language_named
from glm_lsp.project.gather import Gathered, Gatherer
from tests.project.rig import SHAPES, USE, indexed, write

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = language_named("python")


def gather(root: Path, text: str = USE, line: int = 4, sheet: int = 7_000) -> Gathered:
    gatherer = Gatherer(indexed(root))
    return gatherer.gather(str(root / "use.py"), PYTHON, text, line, (sheet, 1_000))


def test_the_members_of_a_type_in_sight_are_shown(tmp_path: Path) -> None:
    """The class of a parameter is shown with its methods, under its file."""
    root = write(tmp_path, shapes=SHAPES, use=USE, other="def unrelated_thing(): ...\n")
    found = gather(root)
    assert "# shapes.py\nCircle:\n" in found.sheet
    assert " area_within()\n" in found.sheet + "\n"
    assert str(root / "shapes.py") in found.paths


def test_the_budget_holds_and_the_best_stays(tmp_path: Path) -> None:
    """Never a character more; with little room what is wanted most is shown."""
    many = "".join(f"def thing_number_{n}(value): ...\n" for n in range(500))
    root = write(tmp_path, shapes=SHAPES, use=USE, many=many)
    for budget in (0, 30, 60, 500):
        assert len(gather(root, sheet=budget).sheet) <= budget
    assert "area_within" in gather(root, sheet=60).sheet


def test_what_the_lines_around_show_is_not_shown_again(tmp_path: Path) -> None:
    """A name in sight takes no room."""
    root = write(tmp_path, shapes=SHAPES, use=USE)
    seen = USE.replace("    return first.\n", "    first.area_within(second)\n    return first.\n")
    assert "area_within" not in gather(root, seen, 5).sheet


def test_the_sheet_stays_within_a_function(tmp_path: Path) -> None:
    """From line to line it is the same, whatever changes elsewhere; each function has its own."""
    colors = "class Red:\n    def much_redder(self): ...\n"
    root = write(tmp_path, shapes=SHAPES, use=USE, colors=colors)
    workspace = indexed(root)
    gatherer = Gatherer(workspace)
    path, budgets = str(root / "use.py"), (60, 1_000)
    longer = USE.replace("    return", "    width = compared(first, second)\n    return")
    further = longer + "\n\ndef redder(red: Red):\n    red.\n"
    first = gatherer.gather(path, PYTHON, USE, 4, budgets)
    workspace.open(str(root / "shapes.py"), PYTHON, SHAPES.replace("within", "beyond"))
    second = gatherer.gather(path, PYTHON, longer, 5, budgets)
    third = gatherer.gather(path, PYTHON, further, 9, budgets)
    assert "area_within" in first.sheet
    assert first.sheet == second.sheet
    assert "area_beyond" in second.fresh
    assert "much_redder" in third.sheet


def test_what_is_fresh_is_not_on_the_sheet(tmp_path: Path) -> None:
    """A name stands once."""
    many = "".join(f"def circle_number_{n}(value): ...\n" for n in range(300))
    root = write(tmp_path, shapes=SHAPES, use=USE, many=many)
    found = gather(root, sheet=2_000)
    sheet = {line for line in found.sheet.split("\n") if not line.startswith("#")}
    fresh = {line for line in found.fresh.split("\n") if not line.startswith("#")}
    assert fresh
    assert not sheet & fresh


def test_the_index_finds_the_right_one_of_several(tmp_path: Path) -> None:
    """For actions: by the receiver's class, by what is imported, by what is near."""
    root = write(
        tmp_path,
        shapes="class Base:\n    def area(self): ...\nclass Circle(Base): ...\n",
        maps="class Land:\n    def area(self, people): ...\ndef scaled(land): ...\n",
        tools="def scaled(shape, by): ...\n",
        use="from shapes import Circle\nfrom tools import scaled\n\nscaled(Circle().area())\n",
    )
    index = indexed(root).index("python")
    assert index.find("scaled", "use.py")[0].path == "tools.py"
    assert index.find("area", "use.py", receiver="Circle")[0].owner == "Base"
    assert index.find("area", "use.py", receiver="Land")[0].owner == "Land"
    assert ("use.py", 0) in index.holding("scaled")
    assert ("shapes.py", 0) not in index.holding("scaled")
