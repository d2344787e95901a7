"""Notebooks that stay on the machine: each cell of them, whatever a cell is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.secrets.marks import MARK
from tests.security.rig import CANARY, CODE, OURS, attacks, bodies, filled, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway import Gateway
    from tests.security.rig import Rig

ABOVE = f"TOKEN = '{CANARY}'\n"
CAPABILITIES = {**OURS, "notebookDocument": {"synchronization": {}}}


def _open(rig: Rig, book: str, cells: dict[str, str]) -> None:
    """Open a notebook in the editor: its cells' texts by their URIs."""
    listed = [{"kind": 2, "document": uri} for uri in cells]
    items = [
        {"uri": uri, "languageId": "python", "version": 1, "text": text}
        for uri, text in cells.items()
    ]
    about = {"uri": book, "notebookType": "jupyter-notebook", "version": 1, "cells": listed}
    params = {"notebookDocument": about, "cellTextDocuments": items}
    rig.client.notify("notebookDocument/didOpen", params)
    rig.buffers.update(cells)
    rig.versions.update(dict.fromkeys(cells, 1))


def _stays(rig: Rig, gateway: Gateway, uri: str) -> None:
    """Ask in every way in a cell, and see that nothing at all was sent."""
    said = rig.ask(uri)
    shown = rig.shown()
    assert rig.menu(uri, "return") == [] or "stays on your machine" in shown
    assert rig.complete(uri, "return ") == []
    assert gateway.requests == []
    assert "stays on your machine" in said + shown


CELLS: dict[str, tuple[str, str]] = {
    "vscode": ("VS Code names the notebook's path.", "vscode-notebook-cell:{path}#W{n}sZmlsZQ=="),
    "remote": (
        "The notebook is on the machine of the server, and the window elsewhere.",
        "vscode-notebook-cell://ssh-remote%2Bhost{path}#W{n}sdnNjb2RlLXJlbW90ZQ==",
    ),
    "file": ("Another editor names it as it does a file.", "file://{path}?cell={n}"),
    "other": ("An editor names its cells as it likes.", "cell:{n}"),
    "innocent": ("A cell is called like a file that may be sent.", "file:///project/a{n}.py"),
}


@attacks("cell", CELLS)
@pytest.mark.parametrize(
    ("name", "excluded"),
    [
        pytest.param("private/data.ipynb", "/private/", id="of an excluded folder"),
        pytest.param("data.ipynb", "*.ipynb", id="of an excluded kind"),
        pytest.param("service-account.json", "", id="of a secret name"),
    ],
)
def test_a_cell_of_an_excluded_notebook(
    sentence: str,
    cell: str,
    name: str,
    excluded: str,
    home: Path,
    project: Path,
    gateway: Gateway,
) -> None:
    """The user asks in a cell of a notebook that must stay: nothing is sent."""
    path = project / name
    uris = [cell.format(path=path.as_posix(), n=number) for number in range(2)]
    settings = {"context": {"exclude": [excluded] if excluded else []}}
    with serving(
        home, gateway, root=project, configuration=settings, capabilities=CAPABILITIES
    ) as rig:
        rig.configure(settings)
        _open(rig, path.as_uri(), {uris[0]: ABOVE, uris[1]: CODE})
        _stays(rig, gateway, uris[1])
        assert rig.menu(uris[1], "return") == [], sentence


def test_a_notebook_that_leads_to_a_file_that_stays(
    home: Path, project: Path, gateway: Gateway
) -> None:
    """A link of an ordinary name leads to a secret one: the cells stay."""
    (project / "credentials.json").write_text("{}")
    (project / "data.ipynb").symlink_to(project / "credentials.json")
    with serving(home, gateway, root=project, capabilities=CAPABILITIES) as rig:
        _open(rig, (project / "data.ipynb").as_uri(), {"cell:0": ABOVE, "cell:1": CODE})
        _stays(rig, gateway, "cell:1")


def test_a_cell_of_a_secret_name_above_another(home: Path, project: Path, gateway: Gateway) -> None:
    """An editor names a cell like a secret file: it is not shown to those below it."""
    cells = {"x-cell:/project/.env": ABOVE, "x-cell:/project/data": CODE}
    with serving(home, gateway, root=project, capabilities=CAPABILITIES) as rig:
        _open(rig, (project / "data.ipynb").as_uri(), cells)
        rig.ask("x-cell:/project/data")
        rig.complete("x-cell:/project/data", "return ")
        assert CANARY not in bodies(gateway)


def test_a_cell_is_shown_to_its_own_notebook_alone(
    home: Path, project: Path, gateway: Gateway
) -> None:
    """Neither another notebook nor a file gets a cell as context, though it speaks of the same."""
    gateway.script(filled("1"))
    speaks = f"{ABOVE}import other, modules\narea, width, height, result, radius = other.values()\n"
    file = f"{(project / 'a.ipynb').as_uri()}?cell=1"  # Of all names the likeliest to go along.
    with serving(home, gateway, root=project, capabilities=CAPABILITIES) as rig:
        _open(rig, (project / "a.ipynb").as_uri(), {file: speaks})
        _open(rig, (project / "b.ipynb").as_uri(), {"cell:b": CODE})
        uri = rig.open((project / "c.py").as_uri())
        for asked in (uri, "cell:b"):
            rig.ask(asked)
            rig.complete(asked, "return ")
        assert gateway.requests != []
        assert CANARY not in bodies(gateway)


def test_a_secret_of_a_cell_above_is_struck_out_and_not_copied(
    home: Path, project: Path, gateway: Gateway
) -> None:
    """A cell above holds a key: the model sees a mark for it, and the cell below gets none."""
    key = "AKIA" + "QX7RM2ZT5KVW3NHB"

    def answer(body: Any) -> Any:
        text = str(body["messages"][-1]["content"])
        words = [word for word in text.replace('"', " ").split() if word.startswith(MARK)]
        return filled(f'"{words[0]}"' if words else "1")

    gateway.script(answer)
    with serving(home, gateway, root=project, capabilities=CAPABILITIES) as rig:
        cells = {"cell:0": f'key = "{key}"\n', "cell:1": "copy = "}
        _open(rig, (project / "a.ipynb").as_uri(), cells)
        items = rig.complete("cell:1")
        assert MARK in bodies(gateway)
        assert key not in bodies(gateway)
        assert key not in str(items)
