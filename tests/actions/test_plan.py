"""From a task to a question: the target, the context and the request's limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from glm_lsp.actions.offers import Diagnostic
from glm_lsp.actions.plan import Plan, Task, plan
from glm_lsp.actions.profile import ModelProfile
from glm_lsp.actions.registry import ACTIONS, REFACTOR
from glm_lsp.errors import ReplyError
from glm_lsp.prompts.actions import HouseRules
from glm_lsp.text import Snapshot, Span, Text

if TYPE_CHECKING:
    from glm_lsp.settings import Thinking

SOURCE = """\
import os

LIMIT = 1


def area(width, height):
    return width * heigth


def other():
    return nothing
"""
AREA = "def area(width, height):\n    return width * heigth"
OTHER = "def other():\n    return nothing"
GLM = ModelProfile(model="glm-5.1", window=200_000, max_output=128_000)
SMALL = ModelProfile(model="embedded", window=4096, max_output=4096)


def where(words: str) -> Span:
    start = SOURCE.index(words)
    return Span(start, start + len(words))


def problem(words: str, message: str = "undefined name") -> Diagnostic:
    return Diagnostic(where(words), message, source="pyflakes")


def planned(
    action: str, selection: Span, profile: ModelProfile = GLM, *, text: str = SOURCE, **more: Any
) -> Plan:
    snapshot = Snapshot("file:///p/a.py", 1, "python", Text.of(text))
    return plan(Task(ACTIONS[action], snapshot, selection, **more), profile)


def asked(made: Plan) -> str:
    return made.request.messages[1].content


@pytest.mark.parametrize("action", [name for name in ACTIONS if name != "commit"])
def test_a_plan_is_about_the_definition(action: str) -> None:
    """The cursor's function is the target, whatever the action; the title names it."""
    made = planned(action, where("width *"))
    assert made.original == AREA
    assert made.title == f"{ACTIONS[action].doing} area"
    assert (made.request.model, made.request.feature) == ("glm-5.1", action)
    assert "LIMIT = 1" in asked(made)
    assert OTHER in asked(made)


def test_without_a_name_the_title_names_the_file() -> None:
    """A statement of the module has no name: the file's stands in the title."""
    made = planned("explain", where("LIMIT"))
    assert (made.original, made.title) == ("LIMIT = 1", "Explaining a.py")


def test_a_problem_decides_the_target() -> None:
    """A fix is about the code of its problem, wherever the cursor is; the line is the file's."""
    made = planned("fix", where("import os"), diagnostics=(problem("heigth"),))
    assert made.original == AREA
    assert "- line 7: undefined name (pyflakes)" in asked(made)


def test_all_problems_are_fixed_in_one_target() -> None:
    """Fixing all takes everything from the first problem's definition to the last's."""
    both = (problem("nothing"), problem("heigth"))
    made = planned("fix", where("import os"), diagnostics=both)
    assert made.original == f"{AREA}\n\n\n{OTHER}"
    assert "- line 11:" in asked(made)
    assert "- line 7:" in asked(made)


def test_a_selected_part_is_pointed_out() -> None:
    """Selecting a part of a function sends the whole, and says which part was meant."""
    assert "selected this part of it:\n```python\nwidth *\n" in asked(
        planned("explain", where("width *"))
    )
    for whole in (where(AREA), Span(where(AREA).start, where(AREA).start)):
        assert "selected this part" not in asked(planned("explain", whole))


def test_presets_and_instructions_are_passed_on() -> None:
    """A preset's task and the user's own words reach the question; an unknown preset does not."""
    made = planned("refactor", where("width *"), preset="types", instruction="Use floats.")
    types = REFACTOR.preset("types")
    assert types is not None
    assert types.task in asked(made)
    assert asked(made).endswith("Use floats.")
    assert "clearer and simpler" in asked(planned("refactor", where("width *"), preset="?"))


@pytest.mark.parametrize("text", ["", "\n\n  \n", "def f():\n    pass\n\n\n"])
def test_nothing_to_work_on_is_said(text: str) -> None:
    """On blank lines outside every definition one sentence says what to do."""
    with pytest.raises(ReplyError, match="There is no code here"):
        planned("fix", Span(len(text), len(text)), text=text)


@pytest.mark.parametrize(
    ("profile", "reaches"),
    [
        pytest.param(GLM, True, id="a large window"),
        pytest.param(evolve(GLM, max_context=300), True, id="enough tokens"),
        pytest.param(evolve(GLM, max_context=20), False, id="few tokens"),
        pytest.param(SMALL, False, id="a small model"),
    ],
)
def test_the_budget_decides_what_is_around(profile: ModelProfile, reaches: bool) -> None:
    """`context.maxTokens` and the window limit what is sent besides the code."""
    made = planned("explain", where("width *"), profile)
    assert ("LIMIT = 1" in asked(made)) is reaches
    assert "heigth" in asked(made)


def test_a_huge_file_is_cut() -> None:
    """Of a file of 240,000 characters no more is sent than the most tokens allow."""
    text = SOURCE + "x = 1\n" * 40_000
    for profile, most in ((GLM, 75_000), (evolve(GLM, max_context=1000), 5_000)):
        made = planned("explain", where("width *"), profile, text=text)
        assert len(asked(made)) < most


def test_the_shorter_question_has_the_code_alone() -> None:
    """What is asked when the prompt was too long: the same, without what is around."""
    made = planned("fix", where("width *"), diagnostics=(problem("heigth"),))
    assert made.request.shorter is not None
    shorter = made.request.shorter()
    content = shorter.messages[1].content
    assert AREA in content
    assert "- line 7: undefined name" in content
    assert "LIMIT" not in content
    assert evolve(shorter, messages=()) == evolve(made.request, messages=())


@pytest.mark.parametrize(
    ("action", "setting", "thinks"),
    [
        ("explain", "auto", False),
        ("document", "auto", False),
        ("fix", "auto", None),
        ("refactor", "auto", None),
        ("edit", "auto", None),
        ("explain", "on", True),
        ("fix", "off", False),
    ],
)
def test_thinking(action: str, setting: Thinking, thinks: bool | None) -> None:
    """The setting forces it; else the model is left to think about changes only."""
    profile = evolve(GLM, thinking=setting)
    assert planned(action, where("width *"), profile).request.thinking is thinks


def test_the_answer_has_room() -> None:
    """A large model may think and write twice the code; a small one a quarter of its window."""
    long = "def f():\n" + "    x = 1\n" * 150
    at = Span(0, 0)
    assert planned("fix", at, text=long).request.max_tokens > 16_000 + 2 * len(long) // 3
    assert planned("fix", at, evolve(GLM, max_output=900), text=long).request.max_tokens == 900
    assert planned("fix", at, SMALL, text=long).request.max_tokens == 1024
    assert planned("fix", at, SMALL, text="x = 1").request.max_tokens < 600


def test_house_rules_reach_the_request() -> None:
    """Standing instructions are part of the rules, except for a model too small for them."""
    rules = "Tabs, always."
    full = planned("fix", where("width *"), evolve(GLM, house_rules=HouseRules(rules)))
    brief = planned("fix", where("width *"), evolve(SMALL, house_rules=HouseRules(rules)))
    assert rules in full.request.messages[0].content
    assert rules not in brief.request.messages[0].content
    assert rules not in repr(full)


def selected(text: str) -> tuple[str, Span]:
    start, chosen, end = text.split("┃")
    return start + chosen + end, Span(len(start), len(start) + len(chosen))


LOOP = """\
def total(prices, rate):
    result = 0
    for price in prices:
        result += price * rate
    print(result)
    return result
"""


@pytest.mark.parametrize("action", ["refactor", "edit"])
@pytest.mark.parametrize(
    ("part", "target"),
    [
        pytest.param("    print(result)\n", "    print(result)", id="a line"),
        pytest.param("print(result)", "    print(result)", id="what stands on a line"),
        pytest.param(
            "    for price in prices:\n",
            "    for price in prices:\n        result += price * rate",
            id="the head of a statement",
        ),
        pytest.param(
            "result = 0\n    for price in pri",
            "    result = 0\n    for price in prices:\n        result += price * rate",
            id="a line and a piece of one",
        ),
    ],
)
def test_a_selection_within_a_definition_is_the_target(action: str, part: str, target: str) -> None:
    """The complete statements that are covered change; the rest is shown and stays."""
    text, selection = selected(LOOP.replace(part, f"┃{part}┃"))
    made = planned(action, selection, text=text)
    assert (made.original, made.part) == (target, True)
    said = planned(action, selection, text=text, instruction="Make it shorter.")
    assert (said.original, said.part) == (target, True)
    assert made.title.endswith("a part of total")
    assert "part of total that the programmer selected" in asked(made)
    assert "def total(prices, rate):" in asked(made)
    assert "selected this part" not in asked(made)


@pytest.mark.parametrize(
    ("action", "part"),
    [
        pytest.param("refactor", "price * rate", id="a piece of a line"),
        pytest.param("refactor", "def total(prices, rate):\n", id="the head"),
        pytest.param("refactor", LOOP, id="all of it"),
        pytest.param("document", "    print(result)\n", id="documenting"),
        pytest.param("explain", "    print(result)\n", id="explaining"),
        pytest.param("test", "    print(result)\n", id="testing"),
    ],
)
def test_other_selections_keep_the_definition(action: str, part: str) -> None:
    """A word, a head, or an action about the whole: the definition is the target."""
    text, selection = selected(LOOP.replace(part, f"┃{part}┃"))
    made = planned(action, selection, text=text)
    assert (made.original, made.part) == (LOOP.rstrip("\n"), False)


def test_a_fix_is_about_its_problem_whatever_is_selected() -> None:
    """The diagnostic's definition is the target."""
    made = planned("fix", where("LIMIT = 1"), diagnostics=(problem("heigth"),))
    assert (made.original, made.part) == (AREA, False)


def test_a_task_for_a_part_is_about_exactly_its_lines() -> None:
    """Retry of a hunk asks about the lines of the hunk."""
    text, selection = selected(LOOP.replace("result += price", "result ┃+=┃ price"))
    made = planned("fix", selection, text=text, part=True)
    assert (made.original, made.part) == ("        result += price * rate", True)


def test_documenting_takes_the_comment_above_along() -> None:
    """The comment that stands there is completed, not doubled."""
    text = "x = 1\n\n# Adds.\n# Or not.\ndef f(a):\n    return a\n"
    made = planned("document", Span(text.index("return"), text.index("return")), text=text)
    assert made.original == "# Adds.\n# Or not.\ndef f(a):\n    return a"
    other = planned("refactor", Span(text.index("return"), text.index("return")), text=text)
    assert other.original == "def f(a):\n    return a"


def test_cells_above_are_shown_as_far_as_they_fit() -> None:
    """They come after what the cell itself needs of the budget; a shorter question has none."""
    book = "file:///p/a.ipynb"
    cells = tuple(
        Snapshot(f"cell:{n}", 1, "python", Text.of(text), book)
        for n, text in enumerate(["far = 1", "near = 2"])
    )
    cell = Snapshot("cell:9", 1, "python", Text.of(SOURCE), book)
    task = Task(ACTIONS["fix"], cell, where(AREA), above=cells)
    made = plan(task, GLM)
    assert "for reference:\n```python\nfar = 1\n\nnear = 2\n```" in asked(made)
    assert made.request.documents == ("cell:9", book, "cell:1", "cell:0")
    assert made.request.foreign == ("far = 1\n\nnear = 2",)
    assert made.request.shorter is not None
    assert "near" not in made.request.shorter().messages[1].content
    around = len(SOURCE) + len("near = 2")
    tight = plan(task, evolve(GLM, max_context=around, characters_per_token=1.0))
    assert "near = 2" in asked(tight)
    assert "far" not in asked(tight)
    assert plan(task, SMALL).request.documents == ("cell:9", book)
