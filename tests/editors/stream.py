"""One job's edits, as the server sends them to an editor that announced `glm/applyEdit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.editors.fake_server import FakeServer


class Stream:
    """One job's edits, sent as the server sends them."""

    def __init__(self, server: FakeServer, path: Path, job: str = "job-1") -> None:
        self.server, self.uri, self.job, self.begun = server, path.as_uri(), job, False

    def insert(self, line: int, text: str, *, version: int | None = None) -> bool:
        """Insert before a line and return whether the editor says it was applied."""
        return bool(self.send(line, text, version=version)["applied"])

    def insert_until_applied(self, line: int, text: str) -> None:
        """Insert with the version last seen, again when the user was quicker."""
        for _ in range(20):
            if self.insert(line, text):
                return
        raise AssertionError("the editor never took the edit")

    def send(
        self, line: int, text: str, *, version: int | None = None, last: bool = False
    ) -> dict[str, Any]:
        """Insert before a line, nothing when there is no text, and return the editor's answer."""
        edits = [replacing((line, 0), (line, 0), text)] if text else []
        return self.change(*edits, version=version, last=last)

    def change(
        self,
        *edits: dict[str, Any],
        version: int | None = None,
        last: bool = False,
        seconds: float = 20,
    ) -> dict[str, Any]:
        """Send one `glm/applyEdit` and return the editor's answer."""
        seen = self.server.versions[self.uri] if version is None else version
        document = {"uri": self.uri, "version": seen}
        params = {
            "edit": {"documentChanges": [{"textDocument": document, "edits": list(edits)}]},
            "job": self.job,
            "first": not self.begun,
            "last": last,
        }
        answer: dict[str, Any] = self.server.request("glm/applyEdit", params, seconds)
        self.begun = self.begun or answer["applied"]
        return answer

    def end(self) -> None:
        """Say that nothing more comes, as the server does when all has been sent."""
        params = {"edit": {"documentChanges": []}, "job": self.job, "first": False, "last": True}
        self.server.request("glm/applyEdit", params)


def replacing(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
    """Return an edit of the text between two places, each a line and a column in bytes."""
    return {"range": span(start, end), "newText": text}


def span(start: tuple[int, int], end: tuple[int, int]) -> dict[str, Any]:
    """Return a range as the protocol writes it."""
    places = {"start": start, "end": end}
    return {name: {"line": at[0], "character": at[1]} for name, at in places.items()}


def hunk(number: int, first: int, last: int, before: str, after: str) -> dict[str, Any]:
    """Return a part of a change, on the lines from `first` to before `last`."""
    lines = {"range": span((first, 0), (last, 0)), "before": before, "after": after}
    return {"hunk": number, **lines}


def made(job: str, *hunks: dict[str, Any]) -> dict[str, Any]:
    """Return a change that is in the document."""
    return _change(job, "made", None, hunks)


def offered(job: str, *hunks: dict[str, Any], fault: str | None = None) -> dict[str, Any]:
    """Return a change that is not in the document, and what is wrong with it."""
    return _change(job, "offered", fault, hunks)


def list_changes(
    server: FakeServer, path: Path, *changes: dict[str, Any], version: int | None = None
) -> None:
    """Send the complete list of a document's changes, and return when it has been handled."""
    uri = path.as_uri()
    seen = server.versions[uri] if version is None else version
    server.notify("glm/changes", {"uri": uri, "version": seen, "changes": list(changes)})
    server.request("glm/context", {"uri": uri, "positions": []})


def _change(job: str, state: str, fault: str | None, hunks: tuple[Any, ...]) -> dict[str, Any]:
    title = f"GLM: {job.title()}"
    return {"job": job, "title": title, "state": state, "fault": fault, "hunks": list(hunks)}
