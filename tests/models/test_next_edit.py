"""A next edit asked of the real embedded model, through the whole server over stdio.

The model is far too small to foresee anything: what is shown of its answer is nothing, or an edit
that stands every test; the server says why, and counts the question under its own feature.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.local.test_embedded import needs_model
from tests.lsp.harness import URI, serving
from tests.lsp.test_foreseen_edits import ON, add_parameter, left

if TYPE_CHECKING:
    from pathlib import Path


SLOW = {"timeout": 280.0}  # On a busy machine it has few seconds of a processor.


@needs_model
@pytest.mark.model
def test_the_embedded_model_is_asked_and_judged(tmp_path: Path) -> None:
    """It is asked once, in time that its window allows, and nothing unfit is shown."""

    async def work() -> None:
        async with serving(
            None, tmp_path, key="", provider="local", nextEdits=ON, limits=SLOW
        ) as editor:
            add_parameter(editor)
            found = await editor.request("glm/nextEdit", left())
            silent = (await editor.execute("glm.status", uri=URI))["nextEdit"]
            assert bool(found["edits"]) == (silent == "")
            for edit in found["edits"]:
                assert edit["before"] in editor.text(URI)
                assert edit["text"] != edit["before"]
        (path,) = (tmp_path / "data").rglob("usage*.sqlite3")
        with closing(sqlite3.connect(path)) as database:
            rows = database.execute("SELECT feature, outcome FROM request").fetchall()
        assert rows in ([("next edit", "done")], [("next edit", "abandoned")])

    asyncio.run(asyncio.wait_for(work(), 300))
