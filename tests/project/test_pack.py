"""From scored names to a sheet: as many definitions as a budget holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.languages import language_named
from glm_lsp.project.facts import facts_of
from glm_lsp.project.index import Index
from glm_lsp.project.pack import Sheet, pack
from glm_lsp.project.place import here_at
from glm_lsp.project.score import Scorer

if TYPE_CHECKING:
    from collections.abc import Mapping


def packed(
    texts: Mapping[str, str],
    scores: Mapping[str, float],
    budget: int = 1_000,
    language: str = "python",
) -> Sheet:
    """Pack names for the first line of `use.py`."""
    spoken = language_named(language)
    index = Index(spoken.family)
    for path, text in {**texts, "use.py": ""}.items():
        index.replace(path, facts_of(spoken, text))
    here = here_at("use.py", [""], 0, [])
    return pack(index, Scorer(index, here), here, scores, budget, Sheet())


def test_files_of_a_folder_stand_under_it() -> None:
    """A folder of several files is named once; a file that is alone in its folder by its path."""
    texts = {
        "forms/inner/pages.py": "def page_of(): ...\n",
        "forms/models.py": "def model_of(): ...\n",
        "forms/views.py": "def view_of(): ...\n",
        "top.py": "def top_of(): ...\n",
    }
    sheet = packed(texts, dict.fromkeys(("page_of", "model_of", "view_of", "top_of"), 1.0))
    assert sheet.text().split("\n") == [
        "# top.py",
        "top_of()",
        "# forms/",
        "# models.py",
        "model_of()",
        "# views.py",
        "view_of()",
        "# forms/inner/pages.py",
        "page_of()",
    ]
    assert sheet.paths == sorted(texts)


def test_members_stand_under_the_line_of_their_class() -> None:
    """A class whose own line is shown is not named a second time."""
    text = "class Circle(Shape):\n    def area_of(self, unit): ...\n"
    sheet = packed({"shapes.py": text}, {"area_of": 1.0, "Circle": 1.0})
    assert sheet.text() == "# shapes.py\nclass Circle(Shape):\n area_of(unit)"


def test_its_size_is_no_less_than_its_text() -> None:
    """Whatever is taken, in whatever order, the text keeps within the budget asked for."""
    texts, scores = {}, {}
    for at, folder in enumerate(("", "a_folder_with_a_long_name/", "some/more/", "other/")):
        for number, name in enumerate(("second", "first", "third")):
            each = f"{name}{at}"
            lines = f"class Of{each}:\n    def do_{each}(self): ...\ndef get_{each}(): ...\n"
            texts[f"{folder}{name}.py"] = lines
            for kind in ("get_", "Of", "do_"):
                scores[f"{kind}{name}{at}"] = 3.0 - number
    for budget in range(0, 800, 7):
        sheet = packed(texts, scores, budget)
        assert len(sheet.text()) <= sheet.size <= budget


def test_of_equal_definitions_one_beside_what_is_shown_is_taken() -> None:
    """A name that several classes define is shown in the one that is on the sheet already."""
    texts = {
        "early.py": "class Early:\n    label = 1\n",
        "shapes.py": "class Circle:\n    label = 1\n    def area_of(self): ...\n",
    }
    sheet = packed(texts, {"area_of": 5.0, "label": 1.0})
    assert sheet.text() == "# shapes.py\nCircle:\n label\n area_of()"


def test_tests_do_not_stand_for_the_code() -> None:
    """Of a name that code and its tests define the code's definition is shown."""
    texts = {
        "tests/shapes.py": "def area_of(wrong): ...\n",
        "the_code/shapes.py": "def area_of(right): ...\n",
    }
    assert "area_of(right)" in packed(texts, {"area_of": 1.0}).text()


def test_a_file_that_has_the_name_of_its_class_is_not_named_besides() -> None:
    """In Java a class says which file it is in; its visibility and annotations say little."""
    texts = {
        "a/Circle.java": "@Keep(true) public final class Circle extends Shape {\n int area() {} }",
        "a/Square.java": "public class Square {\n int side; }",
        "b/inner/Other.java": "interface Other {\n void fill(int wide); }",
    }
    scores = {"Circle": 5.0, "Square": 5.0, "area": 1.0, "side": 1.0, "fill": 1.0}
    sheet = packed(texts, scores, language="java")
    assert sheet.text().split("\n") == [
        "# a/",
        "class Circle extends Shape:",
        " area(): int",
        "class Square:",
        " side: int",
        "# b/inner/",
        "Other:",
        " fill(wide)",
    ]
    assert sheet.paths == sorted(texts)
    for budget in range(0, 200, 7):
        sheet = packed(texts, scores, budget, "java")
        assert len(sheet.text()) <= sheet.size <= budget
