"""A conversation between an editor and the server can be written down, and played again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from glm_lsp.demo.editor import Editor
from tests.gateway import Gateway, chat_stream
from tests.lsp.harness import FIXED, SOURCE, URI, choose, fence, run

RELAY = Path(__file__).parent / "editors_vscode" / "relay.py"


def replayed(talk: Path, answer: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tests.replay", str(talk), "--answer", str(answer)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_what_was_written_down_is_said_again(tmp_path: Path) -> None:
    """A recorded fix replays to the same messages, and another answer of the model's is seen."""
    talk, answer = tmp_path / "talk.jsonl", tmp_path / "answer.md"
    answer.write_text(fence(FIXED), "utf-8")

    async def record() -> None:
        with Gateway(chat_stream(fence(FIXED))) as gateway:
            address = {"GLM_LSP_PROVIDER": "custom", "GLM_LSP_BASE_URL": gateway.base_url}
            server = [sys.executable, str(RELAY), "log", str(talk), sys.executable, "-m", "glm_lsp"]
            data = {"XDG_DATA_HOME": str(tmp_path), "NO_PROXY": "*"}
            editor = await Editor.start(server, environ={**os.environ, **address, **data})
            editor.open(URI, "python", SOURCE)
            job = await choose(editor, "GLM: Fix")
            await editor.until(lambda: editor.ended(job))
            assert "width * height" in editor.text(URI)
            await editor.stop()

    run(record)
    same = replayed(talk, answer)
    assert (same.returncode, same.stdout.strip()) == (0, "")
    answer.write_text(fence(FIXED.replace("height\n", "abs(height)\n")), "utf-8")
    other = replayed(talk, answer)
    assert other.returncode == 1
    assert "+glm/applyEdit" in other.stdout
