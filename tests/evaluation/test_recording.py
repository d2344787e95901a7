"""What was answered is kept, line by line, and is this user's alone."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING

import pytest

from glm_lsp.errors import GlmError
from glm_lsp.evaluation.recording import RecordedAnswer, Recording, key_of
from glm_lsp.evaluation.sandbox import Verdict

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = RecordedAnswer(
    200, "text/event-stream", ((0.1, "data: “a”\n\n"), (0.2, "data: b\n\n")), True, 0.3
)
ABOUT = {"models": {"actions": "m"}, "count": None}


def written(path: Path) -> None:
    recording = Recording(path)
    recording.begin(ABOUT)
    recording.add_answer("k", ANSWER)
    recording.add_verdict("v", Verdict(True, "fine"))
    recording.close()


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    written(path)
    again = Recording(path, may_ask=False)
    assert (again.about, again.answer("k"), again.verdict("v")) == (
        ABOUT,
        ANSWER,
        Verdict(True, "fine"),
    )
    assert again.answer("other") is None
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert Recording(packed, may_ask=False).answer("k") == ANSWER


def test_a_line_that_was_torn_is_written_anew(tmp_path: Path) -> None:
    """A process that was killed while it wrote leaves half a line."""
    path = tmp_path / "a.jsonl"
    written(path)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"answer":"half","said":"' + b"x" * 5_000)
    again = Recording(path)
    again.begin(ABOUT)
    again.add_verdict("v2", Verdict(False, ""))
    again.close()
    assert path.read_bytes() == whole + b'{"verdict":"v2","passed":false,"said":""}\n'
    assert Recording(path, may_ask=False).verdict("v2") == Verdict(False, "")


def test_another_run_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    written(path)
    recording = Recording(path)
    with pytest.raises(GlmError, match="another run"):
        recording.begin({**ABOUT, "count": 3})
    recording.close()


@pytest.mark.parametrize("content", [b"[1]\n", b"\xff\n", b"{}\n", b'{"evaluation": 99}\n'])
def test_what_is_no_recording_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(GlmError, match="is no recording"):
        Recording(path, may_ask=False)
    with pytest.raises(GlmError, match="is no recording"):
        Recording(tmp_path / "none.jsonl", may_ask=False)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_file_is_the_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    written(path)
    assert path.stat().st_mode & 0o077 == 0


def test_keys_tell_where_parts_end() -> None:
    assert key_of("ab", "c") != key_of("a", "bc")
    assert key_of("a") == key_of("a")
