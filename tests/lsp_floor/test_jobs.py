"""Jobs: what the editor sees of them, and every way in which they end. Over stdio."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.lsp_floor.client import WAIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lsp_floor.client import Client

URI = "file:///sample.py"
PROGRESS = {"window": {"workDoneProgress": True}}


def run(client: Client, name: str, *arguments: Any) -> Any:
    return client.call("workspace/executeCommand", {"command": name, "arguments": list(arguments)})


def until(client: Client, command: str, holds: Callable[[Any], bool]) -> Any:
    """Run a command until its answer is as wished."""
    deadline = time.monotonic() + WAIT
    while not holds(answer := run(client, command)):
        assert time.monotonic() < deadline, answer
        time.sleep(0.02)
    return answer


def begin_job(client: Client, work: str = "wait", *arguments: Any) -> str:
    """Start a job and wait until it runs."""
    job: str = run(client, "job", work, *arguments)["job"]
    assert run(client, "jobs") == [job]
    return job


def progress(client: Client, token: str) -> list[Any]:
    return [p["value"] for p in client.sent("$/progress") if p["token"] == token]


def test_a_job_shows_itself_until_it_ends(ours: Client) -> None:
    """The editor is asked for a progress, which begins, reports and ends with the job."""
    ours.initialize(PROGRESS)
    job = begin_job(ours, "report")
    until(ours, "jobs", lambda jobs: not jobs)
    assert ours.sent("window/workDoneProgress/create") == [{"token": job}]
    shown = progress(ours, job)
    assert shown[0] == {"kind": "begin", "title": "Sample report", "cancellable": True}
    assert shown[-1] == {"kind": "end"}
    reports = shown[1:-1]
    assert reports[-1] == {"kind": "report", "message": "499 of 500", "percentage": 99}
    assert len(reports) < 50  # Of 500: nobody reads that fast.


def test_an_editor_without_progress_is_not_asked_for_it(ours: Client) -> None:
    """The job runs all the same."""
    ours.initialize()
    begin_job(ours, "report")
    until(ours, "jobs", lambda jobs: not jobs)
    assert ours.sent("window/workDoneProgress/create") == []
    assert ours.sent("$/progress") == []


def by_progress(client: Client, job: str, _: int) -> None:
    client.notify("window/workDoneProgress/cancel", {"token": job})


def by_command(client: Client, job: str, _: int) -> None:
    assert run(client, "cancel", job) is True


def by_request(client: Client, _: str, request: int) -> None:
    client.notify("$/cancelRequest", {"id": request})


def by_closing(client: Client, _: str, __: int) -> None:
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})


@pytest.mark.parametrize("cancel", [by_progress, by_command, by_request, by_closing])
def test_a_job_ends_when_it_is_cancelled(
    cancel: Callable[[Client, str, int], None], ours: Client
) -> None:
    """The progress's button, a command, the request it came from and the document's end stop it."""
    ours.initialize(PROGRESS)
    ours.open(URI, "")
    params = {"command": "job", "arguments": ["wait", URI]}
    request = ours.request("workspace/executeCommand", params)
    job = ours.reply(request)["job"]
    until(ours, "joblog", lambda log: log == ["job began"])
    ours.wait_for(lambda m: m.get("method") == "$/progress")
    cancel(ours, job, request)
    until(ours, "joblog", lambda log: log == ["job began", "job cancelled"])
    until(ours, "jobs", lambda jobs: not jobs)
    assert progress(ours, job)[-1] == {"kind": "end"}
    assert ours.sent("window/showMessage") == []  # Cancellation is not an error.
    assert run(ours, "cancel", job) is False


def test_a_job_of_another_document_goes_on(ours: Client) -> None:
    """Closing a document ends its own jobs alone."""
    ours.initialize()
    ours.open(URI, "")
    begin_job(ours, "wait", "file:///other.py")
    ours.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert len(run(ours, "jobs")) == 1


def test_each_failed_job_is_told(ours: Client) -> None:
    """The user reads why each thing asked for failed; a background task adds nothing to it."""
    ours.initialize(PROGRESS)
    for _ in range(3):
        run(ours, "job", "fail")
    until(ours, "jobs", lambda jobs: not jobs)
    said = {"type": 1, "message": "There is no key: set one."}
    assert ours.sent("window/showMessage") == [said] * 3
    for _ in range(3):
        run(ours, "spawn")
    run(ours, "jobs")
    assert ours.sent("window/showMessage") == [said] * 4


def test_a_crashed_job_keeps_its_inside_to_itself(ours: Client) -> None:
    """The user learns that it failed; what it held is for the log."""
    ours.initialize()
    run(ours, "job", "crash")
    until(ours, "jobs", lambda jobs: not jobs)
    (message,) = ours.sent("window/showMessage")
    assert message["type"] == 1
    assert "“Sample crash” failed" in message["message"]
    assert "inside matter" not in message["message"]


def test_shutdown_lets_jobs_clean_up_with_the_editor(ours: Client, tmp_path: Path) -> None:
    """A job may still ask the editor something while it is being cancelled (pygls issue 605)."""
    marker = tmp_path / "answered"
    ours.initialize()
    ours.on["window/showMessageRequest"] = lambda _: {"title": "Yes"}
    begin_job(ours, "ask", None, str(marker))
    assert ours.leave() == 0
    assert marker.exists()


def test_a_job_that_will_not_stop_does_not_keep_the_server(ours: Client) -> None:
    """Shutdown is answered and the process ends."""
    ours.initialize()
    begin_job(ours, "stubborn")
    assert ours.leave() == 0


def test_no_job_survives_its_client(ours: Client) -> None:
    """When the editor is gone, so is the server, whatever it was doing."""
    ours.initialize(PROGRESS)
    begin_job(ours, "ask")
    ours.close()
    assert ours.process.returncode == 1
