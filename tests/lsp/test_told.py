"""What the editor's other language servers know of names, in the question of an action."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.demo.editor import ResponseError
from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import idle, run, serving, shown, where
from tests.lsp.test_fix_all import ASKED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path


TOTAL = "from maps import area\n\n\ndef total(side):\n    return area(side, side) + 0\n"
SHAPES = "def area(width, height):\n    return width * height\n"
MAPS = "def area(country):\n    return country.square_miles\n"
SIGNATURE = "(function) def area(width: int, height: int) -> int"
HOVER = f"```python\n{SIGNATURE}\n```\n\nThe documentation, which nobody asked for."


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a workspace in which two files define the name that a third one calls."""
    root = tmp_path / "work"
    for name, text in (
        ("total.py", TOTAL),
        ("shapes.py", SHAPES),
        ("maps.py", MAPS),
        ("private/shapes.py", SHAPES),
        (".venv/shapes.py", SHAPES),
        (".gitignore", ".venv\n"),
    ):
        (root / name).parent.mkdir(exist_ok=True, parents=True)
        (root / name).write_text(text, "utf-8")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/shapes.py").write_text(SHAPES, "utf-8")
    return root


Answer = dict[str, Any]


def defined(path: Path, line: int = 0, hover: str = HOVER) -> Answer:
    """Return what a client says of a name that is defined at a line of a file."""
    place = {"line": line, "character": 4}
    return {
        "diagnostics": [],
        "definitions": [
            {"position": 0, "uri": path.as_uri(), "range": {"start": place, "end": place}}
        ],
        "hovers": [{"position": 0, "text": hover}],
    }


def question(
    tmp_path: Path,
    root: Path,
    answer: Callable[[Any], Awaitable[Any]],
    also: Path | None = None,
    **more: Any,
) -> str:
    """Explain the function in an editor whose other servers answer so; return the question."""
    asked: list[str] = []

    async def work() -> None:
        with Gateway(chat_stream("It adds.")) as gateway:
            async with serving(
                gateway,
                tmp_path,
                client=ASKED,
                root=root,
                context={"exclude": ["private/"], **more},
            ) as editor:
                uri = (root / "total.py").as_uri()
                editor.open(uri, "python", TOTAL)
                if also is not None:
                    editor.open(also.as_uri(), "python", SHAPES)
                editor.on("glm/context", answer)
                while more == {} and (await editor.execute("glm.status"))["index"] is None:
                    await asyncio.sleep(0.05)  # What it would show is known.
                range_ = editor.range_of(uri, where("total", TOTAL))
                await editor.execute("glm.explain", uri=uri, range=range_)
                await idle(editor)
                assert shown(editor) == []
                asked.append(gateway.requests[0].json["messages"][1]["content"])

    run(work)
    return asked[0]


def saying(answer: Any) -> Callable[[Any], Awaitable[Any]]:
    """Return what answers `glm/context` so."""

    async def say(_: Any) -> Any:
        return answer

    return say


def test_the_definition_that_is_meant(tmp_path: Path, root: Path) -> None:
    """The one that the editor's server names is shown, and not the one that an import leads to."""
    places: list[Any] = []

    async def answer(params: Any) -> Any:
        places.extend(params["positions"])
        return defined(root / "shapes.py")

    asked = question(tmp_path, root, answer)
    assert places == [{"line": 4, "character": TOTAL.splitlines()[4].index("area")}]
    assert f"# shapes.py\n{SHAPES}" in asked
    assert "country" not in asked


@pytest.mark.parametrize("opened", [False, True], ids=["on the disk", "open"])
@pytest.mark.parametrize("file", ["private/shapes.py", "../elsewhere/shapes.py", ".venv/shapes.py"])
def test_what_may_not_be_shown(tmp_path: Path, root: Path, file: str, opened: bool) -> None:
    """No text of a file outside, or ignored, but the signature; of an excluded one, nothing."""
    path = (root / file).resolve()
    asked = question(tmp_path, root, saying(defined(path)), also=path if opened else None)
    assert "width * height" not in asked
    assert "country" not in asked, "another definition is not what is meant"
    assert "documentation" not in asked
    assert (SIGNATURE in asked) == (file != "private/shapes.py")


def test_an_open_document_is_shown_as_it_is(tmp_path: Path, root: Path) -> None:
    """What the user has typed into a file counts, and not what is on the disk."""

    async def work() -> None:
        with Gateway(chat_stream("It adds.")) as gateway:
            async with serving(gateway, tmp_path, client=ASKED, root=root) as editor:
                uri = (root / "total.py").as_uri()
                editor.open(uri, "python", TOTAL)
                typed = "# Mine.\n" + SHAPES.replace("width * height", "width")
                editor.open((root / "shapes.py").as_uri(), "python", typed)
                editor.on("glm/context", saying(defined(root / "shapes.py", 1)))
                range_ = editor.range_of(uri, where("total", TOTAL))
                await editor.execute("glm.explain", uri=uri, range=range_)
                await idle(editor)
                asked = gateway.requests[0].json["messages"][1]["content"]
                assert f"# shapes.py\n{typed.removeprefix('# Mine.')[1:]}" in asked
                assert "Mine" not in asked

    run(work)


def _errors(params: Any) -> Any:
    raise ResponseError({"code": -32601, "message": str(params)})


async def _never(_: Any) -> Any:
    await asyncio.Event().wait()


async def _fails(params: Any) -> Any:
    return _errors(params)


@pytest.mark.parametrize(
    "answer",
    [
        _never,
        _fails,
        saying(None),
        saying({"diagnostics": [], "definitions": 5, "hovers": [{}]}),
        saying(
            {
                "diagnostics": [],
                "definitions": [
                    {"position": 0, "uri": "file:///no/such", "range": {}},
                    {"position": "x", "uri": 5},
                    {"position": 99, "uri": "file:///no/such", "range": {"start": {"line": 1}}},
                    None,
                ],
                "hovers": [{"position": 0, "text": 7}, "no hover"],
            }
        ),
    ],
    ids=["never", "an error", "null", "no lists", "nonsense"],
)
def test_nothing_depends_on_the_answer(
    tmp_path: Path, root: Path, answer: Callable[[Any], Awaitable[Any]]
) -> None:
    """Without an answer, or with one that is none, the question is asked as it is."""
    asked = question(tmp_path, root, answer)
    assert "return area(side, side) + 0" in asked
    assert "country" in asked, "the index says what it knows"


def test_without_related_files_nothing_is_asked_of_others(tmp_path: Path, root: Path) -> None:
    """`context.relatedFiles` off: nothing of any other file is shown, whoever knows it."""
    asked: list[Any] = []

    async def answer(params: Any) -> Any:
        asked.append(params)
        return defined(root / "maps.py")

    told = question(tmp_path, root, answer, relatedFiles=False)
    assert asked == []
    assert "country" not in told
