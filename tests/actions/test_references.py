"""What of other places an action shows: what fits, and what is not in sight anyhow."""

from __future__ import annotations

import pytest

from glm_lsp.actions.plan import Plan, Task, plan, wanted_of
from glm_lsp.actions.profile import ModelProfile
from glm_lsp.actions.registry import ACTIONS
from glm_lsp.actions.sent import sent
from glm_lsp.project.wanted import Excerpt
from glm_lsp.text import Snapshot, Span, Text
from tests.security.rig import made_up

TARGET = "def area(width, height):\n    return width * height"
SOURCE = f"import os\n\n\n{TARGET}\n\n\ndef other():\n    return 2\n" + "# more\n" * 400
URI = "file:///p/a.py"
GLM = ModelProfile(model="glm-5.1", window=200_000, max_output=128_000)


def task(name: str = "explain") -> Task:
    at = SOURCE.index("width *")
    snapshot = Snapshot(URI, 1, "python", Text.of(SOURCE))
    return Task(ACTIONS[name], snapshot, Span(at, at))


def excerpt(text: str, path: str = "b.py", line: int = 0, part: str = "definition") -> Excerpt:
    return Excerpt(part, path, line, line, "called here", text, f"file:///p/{path}")


def planned(*shown: Excerpt, **profile: int) -> Plan:
    return plan(task(), ModelProfile(**{**GLM_FIELDS, **profile}), shown)  # type: ignore[arg-type]


GLM_FIELDS = {"model": "glm-5.1", "window": 200_000, "max_output": 128_000}


def test_what_is_shown_is_grouped_and_stands_before_the_file() -> None:
    """By file, in the order of its lines, whatever the order it is wanted in."""
    made = planned(excerpt("def late(): ...", line=9), excerpt("def early(): ...", line=1))
    asked = made.request.messages[1].content
    assert "```python\n# b.py\ndef early(): ...\ndef late(): ...\n```" in asked
    assert asked.index("# b.py") < asked.index("File: a.py") < asked.index("Target code")


@pytest.mark.parametrize("tokens", [0, 30, 100, 500, 3_000])
def test_the_most_tokens_bound_everything_that_is_sent_along(tokens: int) -> None:
    """What stands around and what is from elsewhere together, with the target itself."""
    many = [excerpt(f"def name{n}(first): ...", line=n) for n in range(60)]
    made = planned(*many, max_context=tokens)
    elsewhere = sum(len(each.text) + len(each.path) for each in made.references)
    asked = made.request.messages[1].content
    around = sum(asked.count(line) * len(line) for line in ("# more\n", "def other():\n"))
    assert len(TARGET) + elsewhere + around <= max(len(TARGET), 3 * tokens)
    assert bool(made.references) == (tokens >= 100)


def test_what_stands_around_anyhow_is_not_shown_twice() -> None:
    """A definition of the same file is shown where its own lines are not."""
    near, far = excerpt("def other():", "a.py", 7), excerpt("# far", "a.py", 400)
    assert planned(near, far).references == ()
    tight = planned(near, far, max_context=200)
    assert [each.text for each in tight.references] == ["# far"]


def test_a_small_window_is_shown_nothing() -> None:
    """The embedded model is neither asked about nor shown other files."""
    small = ModelProfile(model="embedded", window=4_096, max_output=4_096)
    assert wanted_of(task(), small) is None
    made = plan(task(), small, [excerpt("def name(): ...")])
    assert "def name" not in str(made.request.messages)


@pytest.mark.parametrize("name", ACTIONS)
def test_each_action_wants_its_own(name: str) -> None:
    """The target's lines, and what the action is shown besides what the code uses."""
    wanted = wanted_of(task(name), GLM)
    assert wanted is not None
    assert (wanted.first, wanted.last) == (3, 4)
    given = {key for key in ("bodies", "callers", "tests", "style") if getattr(wanted, key)}
    assert given == set(ACTIONS[name].wants)


def test_documents_are_judged_and_a_shorter_question_goes_without() -> None:
    """Each file that is shown is named to who permits a sending; one too long is asked without."""
    made = planned(excerpt("def name(): ..."))
    assert "file:///p/b.py" in made.request.documents
    assert made.request.foreign == ("def name(): ...",)
    assert made.request.shorter is not None
    assert "def name" not in str(made.request.shorter().messages)


def test_what_is_sent_is_what_people_see() -> None:
    """Joined, the sections are the question; secrets are struck out."""
    made = planned(excerpt("def name(): ..."))
    rules, *rest = sent(made)
    assert rules.text == made.request.messages[0].content
    assert "\n\n".join(each.text for each in rest) == made.request.messages[1].content
    assert {each.name for each in rest} == {"definition", "file", "target", "task"}
    secret = made_up(40)
    shown = sent(planned(excerpt(f"API_KEY = '{secret}'")))
    assert secret not in "".join(each.text for each in shown)
