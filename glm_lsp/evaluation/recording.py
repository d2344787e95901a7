"""What was answered to each question, and how each program ended: one line each, in a file.

Invariants: a line is written before anybody uses what it says, so that what was answered is never
asked for again, however the run ends; no key and no header that came with one is in it. What is in
it is as private as the code that it is about: the file is this user's alone.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from typing import IO, TYPE_CHECKING, Any

from attrs import field, frozen

from glm_lsp import private_files
from glm_lsp.errors import GlmError
from glm_lsp.evaluation.sandbox import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_VERSION = 1
_MOST_SAID = 2_000  # Characters of what a program wrote.


@frozen
class RecordedAnswer:
    """What a service answered to one question.

    Attributes:
        kind: the content type.
        pieces: what came, each with the seconds since the question.
        whole: nobody hung up on it.
        seconds: until its end.
    """

    status: int
    kind: str
    pieces: tuple[tuple[float, str], ...] = field(repr=False)
    whole: bool
    seconds: float


class Recording:
    """The lines of a file, or of none.

    Attributes:
        about: what the run is that it records: sources, settings.
        may_ask: what is not in it may be added.
    """

    def __init__(self, path: Path | None = None, *, may_ask: bool = True) -> None:
        """Read the file, as far as there is one.

        Raises:
            GlmError: it is no recording, or cannot be read or written.
        """
        self.about: dict[str, Any] = {}
        self.may_ask = may_ask
        self._answers: dict[str, RecordedAnswer] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._out: IO[bytes] | None = None
        if path is None:
            return
        try:
            whole = self._read(path, _content(path, may_ask=may_ask))
            if may_ask:
                self._out = os.fdopen(private_files.descriptor(path), "r+b")
                self._out.truncate(whole)
                self._out.seek(whole)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise GlmError(
                f"{path} is no recording of an evaluation, or cannot be used as one:"
                " name another file.",
                detail=type(error).__name__,
            ) from None

    def begin(self, about: Mapping[str, Any]) -> None:
        """Say what the run is; a recording of another run is not gone on with.

        Raises:
            GlmError: it is one.
        """
        if not self.about:
            self.about = dict(about)
            self._write({"evaluation": _VERSION, "about": self.about})
            return
        differs = [name for name in about if self.about.get(name) != about[name]]
        if differs:
            raise GlmError(
                f"The recording is of another run (other {', '.join(differs)}): record to a new"
                " file, or give the same options."
            )

    def answer(self, key: str) -> RecordedAnswer | None:
        """Return what was answered to a question."""
        return self._answers.get(key)

    def verdict(self, key: str) -> Verdict | None:
        """Return how a program ended."""
        return self._verdicts.get(key)

    def add_answer(self, key: str, answer: RecordedAnswer) -> None:
        """Keep what was answered."""
        self._write(
            {
                "answer": key,
                "status": answer.status,
                "kind": answer.kind,
                "whole": answer.whole,
                "seconds": answer.seconds,
                "pieces": answer.pieces,
            }
        )
        self._answers[key] = answer

    def add_verdict(self, key: str, verdict: Verdict) -> Verdict:
        """Keep how a program ended; return what is kept of it."""
        kept = Verdict(verdict.passed, verdict.said[-_MOST_SAID:])
        self._write({"verdict": key, "passed": kept.passed, "said": kept.said})
        self._verdicts[key] = kept
        return kept

    def close(self) -> None:
        """Close the file."""
        if self._out is not None:
            self._out.close()
            self._out = None

    def _write(self, line: Mapping[str, Any]) -> None:
        if self._out is not None:
            text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
            self._out.write(text.encode(errors="replace") + b"\n")
            self._out.flush()

    def _read(self, path: Path, content: bytes) -> int:
        """Take what a file says; return where its last whole line ends."""
        whole = content.rfind(b"\n") + 1
        for line in content[:whole].splitlines():
            value = json.loads(line)
            if "answer" in value:
                pieces = tuple((float(at), str(text)) for at, text in value["pieces"])
                self._answers[value["answer"]] = RecordedAnswer(
                    value["status"], value["kind"], pieces, value["whole"], value["seconds"]
                )
            elif "verdict" in value:
                self._verdicts[value["verdict"]] = Verdict(value["passed"], value["said"])
            elif value["evaluation"] == _VERSION:
                self.about = dict(value["about"])
            else:
                raise ValueError(path)
        return whole


def key_of(*parts: str) -> str:
    """Return the name of something by what it consists of."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode(errors="replace")
        digest.update(b"%d:" % len(encoded) + encoded)
    return digest.hexdigest()[:32]


def _content(path: Path, *, may_ask: bool) -> bytes:
    if may_ask and not path.exists():
        return b""
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content
