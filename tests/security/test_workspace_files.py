"""Which code goes along with a question, and which files that a workspace planted do not."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway import Gate, chat_stream
from tests.lsp_floor.client import ServerError
from tests.security.rig import (
    CANARY,
    CODE,
    attacks,
    bodies,
    fenced,
    filled,
    serving,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway import Gateway

pytestmark = pytest.mark.skipif(os.name == "nt", reason="symbolic links of POSIX")

HELPER = (
    f"def {CANARY.replace('-', '_')}(width, height, result, radius):\n    return width * height\n"
)
"""Code that shares words with `CODE`, so that it is chosen as related code."""

MARK = CANARY.replace("-", "_")


def _link(project: Path) -> str:
    (project / ".env").write_text(HELPER, "utf-8")
    (project / "notes.py").symlink_to(".env")
    return (project / "notes.py").as_uri()


def _linked_folder(project: Path) -> str:
    (project / ".ssh").mkdir()
    (project / ".ssh" / "notes.py").write_text(HELPER, "utf-8")
    (project / "docs").symlink_to(".ssh")
    return (project / "docs" / "notes.py").as_uri()


def _linked_out(project: Path) -> str:
    outside = project.parent / "elsewhere.py"
    outside.write_text(HELPER, "utf-8")
    (project / "notes.py").symlink_to(outside)
    return (project / "notes.py").as_uri()


def _hard_link(project: Path) -> str:
    (project / "server.pem").write_text(HELPER, "utf-8")
    (project / "chain").symlink_to("server.pem")
    (project / "notes.py").symlink_to("chain")
    return (project / "notes.py").as_uri()


LINKED: dict[str, tuple[str, Callable[[Path], str]]] = {
    "link": ("A link to .env is open.", _link),
    "folder": ("A file of a linked .ssh is open.", _linked_folder),
    "chain": ("A link to a link to a private key is open.", _hard_link),
}


@attacks("plant", LINKED)
def test_an_excluded_file_through_a_link(
    sentence: str, plant: Callable[[Path], str], project: Path, home: Path, gateway: Gateway
) -> None:
    """An excluded file is opened under another name: asked about or not, it stays."""
    with serving(home, gateway, root=project) as rig:
        uri = rig.open(plant(project), HELPER)
        rig.ask(uri)
        rig.complete(uri)
        rig.complete(rig.open((project / "a.py").as_uri()), "return ")
        assert MARK not in bodies(gateway), sentence


def _ignored(project: Path) -> str:
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    (project / ".gitignore").write_text("private/\n", "utf-8")
    (project / "private").mkdir()
    (project / "private" / "notes.py").write_text(HELPER, "utf-8")
    return (project / "private" / "notes.py").as_uri()


def _outside(project: Path) -> str:
    path = project.parent / "elsewhere" / "notes.py"
    path.parent.mkdir()
    path.write_text(HELPER, "utf-8")
    return path.as_uri()


def _foreign(_: Path) -> str:
    return "gitsigns:///elsewhere/.git//:0:notes.py"


def _beside(project: Path) -> str:
    path = Path(f"{project}-private") / "notes.py"
    path.parent.mkdir()
    path.write_text(HELPER, "utf-8")
    return path.as_uri()


def _upwards(project: Path) -> str:
    path = project.parent / "notes.py"
    path.write_text(HELPER, "utf-8")
    return f"{project.as_uri()}/../notes.py"


RELATED: dict[str, tuple[str, Callable[[Path], str]]] = {
    "ignored": ("A file that git ignores is open beside it.", _ignored),
    "outside": ("A file of another project is open beside it.", _outside),
    "foreign": ("A document of another plug-in is open beside it.", _foreign),
    "beside": ("A folder's name begins like the workspace's.", _beside),
    "upwards": ("A path leads out of the workspace.", _upwards),
    "linked-out": ("A link leads out of the workspace.", _linked_out),
    "env": ("An excluded file is open beside it.", lambda p: (p / ".env").as_uri()),
}


@attacks("plant", RELATED)
def test_code_that_does_not_go_along(
    sentence: str, plant: Callable[[Path], str], project: Path, home: Path, gateway: Gateway
) -> None:
    """Another document is open that is not this project's: it is no related code.

    Held already: excluded files.
    """
    with serving(home, gateway, root=project) as rig:
        rig.open(plant(project), HELPER)
        rig.complete(rig.open((project / "a.py").as_uri()), "return ")
        assert gateway.requests, sentence
        assert MARK not in bodies(gateway), sentence


def test_code_that_goes_along(project: Path, home: Path, gateway: Gateway) -> None:
    """The attacks above mean something: the project's own open code is shown."""
    with serving(home, gateway, root=project) as rig:
        rig.open((project / "b.py").as_uri(), HELPER)
        rig.complete(rig.open((project / "a.py").as_uri()), "return ")
        assert MARK in bodies(gateway)


def test_a_folder_that_is_added_later(project: Path, home: Path, gateway: Gateway) -> None:
    """A folder is added: the user's exclusions are relative to it, too."""
    added = project.parent / "added"
    (added / "deploy").mkdir(parents=True)
    options = {"context": {"exclude": ["/deploy/"]}}
    with serving(home, gateway, root=project, options=options) as rig:
        event = {"added": [{"uri": added.as_uri(), "name": "added"}], "removed": []}
        rig.client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        assert rig.ask(rig.open((added / "deploy" / "a.py").as_uri())) != ""
        assert gateway.requests == []


def test_a_retry_after_it_was_excluded(project: Path, home: Path, gateway: Gateway) -> None:
    """A file is excluded after a change was made in it: “retry” is refused."""
    gateway.script(
        fenced(CODE[CODE.index("def area") : CODE.index("def circle")].replace("heigth", "height"))
    )
    with serving(home, gateway, root=project) as rig:
        uri = rig.open((project / "a.py").as_uri())
        rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, "undefined")])
        entry = next((a for a in rig.menu(uri, "width * height") if "Retry" in a["title"]), None)
        assert entry is not None
        rig.configure({"context": {"exclude": ["a.py"]}})
        asked = len(gateway.requests)
        params = {k: entry["command"][k] for k in ("command", "arguments")}
        try:
            rig.client.call("workspace/executeCommand", params)
        except ServerError as refused:
            assert "stays on your machine" in refused.message
        rig.idle()
        assert len(gateway.requests) == asked


def test_what_is_known_of_an_excluded_file(project: Path, home: Path, gateway: Gateway) -> None:
    """A file is excluded after a completion was shown in it: nothing is offered any more.

    Held already: other settings make another engine.
    """
    gateway.script(filled("width * height"))
    with serving(home, gateway, root=project) as rig:
        uri = rig.open((project / "a.py").as_uri(), "def area(width, height):\n    return ")
        assert rig.complete(uri) != []
        rig.configure({"context": {"exclude": ["a.py"]}})
        assert rig.complete(uri) == []


def test_excluded_while_the_editor_is_asked(project: Path, home: Path, gateway: Gateway) -> None:
    """The configuration that excludes a file comes after the question: it is not sent."""
    with serving(home, gateway, root=project) as rig:

        def late(_: Any) -> Any:
            time.sleep(0.5)
            return [{"context": {"exclude": ["a.py"]}}]

        rig.client.on["workspace/configuration"] = late
        rig.client.notify("workspace/didChangeConfiguration", {"settings": None})
        rig.ask(rig.open((project / "a.py").as_uri()))
        until(lambda: len(rig.client.sent("workspace/configuration")) > 1)
        rig.status()
    assert gateway.requests == []


def test_excluded_at_the_start(project: Path, home: Path, gateway: Gateway) -> None:
    """The first configuration, which excludes a file, comes late: nobody is asked before it."""
    with serving(
        home, gateway, root=project, configuration={"context": {"exclude": ["*.py"]}}
    ) as rig:
        uri = rig.open((project / "a.py").as_uri())
        rig.ask(uri)
        rig.complete(uri, "return ")
    assert gateway.requests == []


def test_excluded_while_another_is_asked(project: Path, home: Path, gateway: Gateway) -> None:
    """A question waits for its turn, and its file is excluded meanwhile: it is not sent."""
    gate = Gate()
    gateway.script(chat_stream("Fine.").before(0, gate))
    with serving(home, gateway, root=project) as rig:
        first = rig.open((project / "b.py").as_uri())
        uri = rig.open((project / "a.py").as_uri(), CODE.replace("radius", MARK))
        for each in (first, uri):
            params = {"command": "glm.explain", "arguments": [{"uri": each}]}
            rig.client.call("workspace/executeCommand", params)
            gateway.wait_for_requests(1)  # The first one's, which keeps the second waiting.
        rig.configure({"context": {"exclude": ["a.py"]}})
        gate.open()
        rig.idle()
        assert MARK not in bodies(gateway)


def test_excluded_before_the_hand_pauses(project: Path, home: Path, gateway: Gateway) -> None:
    """A file is excluded while a completion waits for the hand to pause: it is not sent.

    Held already: other settings end the engine that waits.
    """
    options = {"completion": {"delay": 700}}
    with serving(home, gateway, root=project, options=options) as rig:
        uri = rig.open((project / "a.py").as_uri(), "def area(width, height):\n    return ")
        where = {"line": 1, "character": 11}
        params = {"textDocument": {"uri": uri}, "position": where, "context": {"triggerKind": 2}}
        number = rig.client.request("textDocument/inlineCompletion", params)
        rig.configure({"context": {"exclude": ["a.py"]}, "completion": {"delay": 700}})
        try:
            assert rig.client.reply(number) in ([], None)
        except ServerError as superseded:
            assert superseded.code == -32800  # Both are answers.
        assert gateway.requests == []


def _tests_folder(project: Path) -> None:
    (project.parent / "outside").mkdir()
    (project / "tests").symlink_to(project.parent / "outside")


def _dangling(project: Path) -> None:
    (project / "test_a.py").symlink_to(project.parent / "startup.py")


def _dangling_in_tests(project: Path) -> None:
    (project / "tests").mkdir()
    (project / "tests" / "test_a.py").symlink_to("../../startup.py")


NEW_TESTS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "folder": ("The folder of tests is a link that leads outside.", _tests_folder),
    "dangling": ("A link that leads to nothing yet stands where tests would go.", _dangling),
    "dangling-in-tests": ("The same within the folder of tests.", _dangling_in_tests),
}


@attacks("plant", NEW_TESTS)
def test_new_tests_through_a_link(
    sentence: str, plant: Callable[[Path], None], project: Path, home: Path, gateway: Gateway
) -> None:
    """A workspace plants a link where new tests would go: no file outside is created."""
    gateway.script(fenced("def test_area():\n    assert True\n"))
    plant(project)
    with serving(home, gateway, root=project) as rig:
        rig.ask(rig.open((project / "a.py").as_uri()), "test")
        for uri in rig.created:
            path = Path(uri.removeprefix("file://"))
            assert not path.is_symlink(), sentence
            assert path.resolve().is_relative_to(project.resolve()), sentence


MODULES = ("keyring", "stamina", "httpx", "cattrs", "platformdirs", "tree_sitter_python")


@pytest.mark.parametrize("module", MODULES)
def test_a_workspace_plants_a_module(
    module: str, project: Path, home: Path, gateway: Gateway
) -> None:
    """An editor starts us in a workspace with a keyring.py and others: none of them is run.

    Held already: stamina, which is loaded only when a service is asked with a key.
    """
    proof = project / "ran"
    (project / f"{module}.py").write_text(f"open({str(proof)!r}, 'w').close()\n", "utf-8")
    with serving(home, gateway, root=project, cwd=project, environ={"RUNAPI_KEY": None}) as rig:
        uri = rig.open((project / "a.py").as_uri())
        rig.ask(uri)
        rig.complete(uri, "return ")
    assert not proof.exists()
