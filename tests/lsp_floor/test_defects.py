"""The defects of stock pygls 2.1.1 that must not reach a user, by their numbers.

Each test shows its defect on a stock server and its absence on ours, the handlers being the
same. When one fails on the stock side, pygls has been mended: our override can go.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.lsp.wire.framing import encode
from tests.lsp_floor.client import WAIT, NoReplyError, ServerError, notification, request
from tests.lsp_floor.conftest import SAMPLE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lsp_floor.client import Client

URI = "file:///sample.py"
CANCELLED = -32800
INVALID_PARAMS = -32602


def command(name: str, *arguments: Any) -> dict[str, Any]:
    return {"command": name, "arguments": list(arguments)}


def run(client: Client, name: str, *arguments: Any) -> Any:
    return client.call("workspace/executeCommand", command(name, *arguments))


def start(client: Client, name: str, *arguments: Any) -> int:
    return client.request("workspace/executeCommand", command(name, *arguments))


def hover(milliseconds: int = 0) -> dict[str, Any]:
    position = {"line": 0, "character": milliseconds}
    return {"textDocument": {"uri": URI}, "position": position}


def logged(client: Client, *entries: str) -> list[str]:
    """Wait until the server's log holds one of the entries; return it whole."""
    deadline = time.monotonic() + WAIT
    while True:
        log: list[str] = run(client, "log")
        if set(entries) & set(log):
            return log
        assert time.monotonic() < deadline, log
        time.sleep(0.02)


def code_of(client: Client, id_: int) -> int | None:
    """Return the code of the error that a request is answered with; None for a result."""
    try:
        client.reply(id_)
    except ServerError as error:
        return error.code
    return None


def test_1_cancelling_a_request_stops_an_async_command(stock: Client, ours: Client) -> None:
    """A cancelled command is stopped, as a cancelled feature is."""

    def fate(client: Client) -> str:
        client.initialize()
        id_ = start(client, "wait")
        logged(client, "wait began")
        client.notify("$/cancelRequest", {"id": id_})
        assert code_of(client, id_) == CANCELLED
        return logged(client, "wait cancelled", "wait ended")[-1]

    assert fate(stock) == "wait ended"
    assert fate(ours) == "wait cancelled"


def test_2_a_late_reply_to_whoever_stopped_waiting_is_ignored(stock: Client, ours: Client) -> None:
    """A reply that nobody waits for any more shows no error to the user."""

    def messages(client: Client) -> list[Any]:
        client.initialize()
        client.on["window/showMessageRequest"] = lambda _: NotImplemented
        run(client, "later")
        asked = client.wait_for(lambda m: m.get("method") == "window/showMessageRequest")
        logged(client, "gave up")
        client.send({"jsonrpc": "2.0", "id": asked["id"], "result": None})
        run(client, "log")
        return client.sent("window/showMessage")

    assert "CANCELLED" in messages(stock)[0]["message"]
    assert messages(ours) == []


def test_3_params_that_cannot_be_read_are_answered(stock: Client, ours: Client) -> None:
    """A request with wrong params is answered with an error that says where."""
    wrong = {"textDocument": {"uri": URI}, "position": {"line": 0}}
    for client in (stock, ours):
        client.initialize()
    unanswered = stock.request("textDocument/hover", wrong)
    run(stock, "log")
    with pytest.raises(NoReplyError):
        stock.reply(unanswered, timeout=0)
    with pytest.raises(ServerError) as answer:
        ours.call("textDocument/hover", wrong)
    assert answer.value.code == INVALID_PARAMS
    assert "$.position.character" in answer.value.message
    assert "missing" in answer.value.message


UNKNOWN = {
    "textDocument": {
        "codeAction": {"dynamicRegistration": True, "tagSupport": {"valueSet": [1, 2]}},
        "completion": {"completionItem": {"tagSupport": {"valueSet": [1, 99]}}},
        "hover": {"contentFormat": ["markdown", "html"]},
    },
    "workspace": {
        "workspaceEdit": {"resourceOperations": ["create", "link"], "failureHandling": "pray"},
        "symbol": {"symbolKind": {"valueSet": [1, 27]}},
    },
}


def test_3_values_of_a_newer_protocol_do_not_hang_initialize(stock: Client, ours: Client) -> None:
    """A client that knows more than our LSP version is served."""
    params = {"processId": None, "rootUri": None, "capabilities": UNKNOWN}
    id_ = stock.request("initialize", params)
    first = stock.wait_for(lambda m: m.get("id") == id_ or m.get("method") == "window/showMessage")
    assert first.get("id") is None
    assert ours.initialize(UNKNOWN)["hoverProvider"]


def test_3_diagnostics_of_a_newer_protocol_are_carried(ours: Client) -> None:
    """A diagnostic with an unknown tag and severity comes back as it was."""
    zero = {"line": 0, "character": 0}
    diagnostic = {
        "range": {"start": zero, "end": zero},
        "message": "odd",
        "severity": 7,
        "tags": [1, 9],
    }
    ours.initialize()
    params = {
        "textDocument": {"uri": URI},
        "range": {"start": zero, "end": zero},
        "context": {"diagnostics": [diagnostic]},
    }
    (action,) = ours.call("textDocument/codeAction", params)
    assert action["diagnostics"] == [diagnostic]


def test_4_only_lsp_line_ends_end_lines(stock: Client, ours: Client) -> None:
    """A separator that Python takes for a line end does not shift what is edited below it."""
    separators = "\x0b\x0c\x1c\x85\u2028\u2029"

    def texts(client: Client) -> list[Any]:
        client.initialize()
        for separator in separators:
            client.open(URI + separator, f"one{separator}still one\ntwo\n")
            client.change(URI + separator, 2, ((1, 0, 1, 3), "2"))
        return [run(client, "text", URI + separator) for separator in separators]

    right = [f"one{separator}still one\n2\n" for separator in separators]
    assert not set(texts(stock)) & set(right)
    assert texts(ours) == right


def test_5_past_the_end_of_the_last_line_is_its_end(stock: Client, ours: Client) -> None:
    """What is inserted past the end of a text without a final line end goes to its end."""

    def text(client: Client) -> Any:
        client.initialize()
        client.open(URI, "abc")
        client.change(URI, 2, ((0, 9, 0, 9), "Z"))
        return run(client, "text", URI)

    assert text(stock) == "abZc"
    assert text(ours) == "abcZ"


def test_6_exit_without_shutdown_is_a_failure(stock: Client, ours: Client) -> None:
    """The exit code tells a session that was ended in order from one that was not."""

    def code(client: Client) -> int:
        client.initialize()
        client.notify("exit")
        return client.process.wait(WAIT)

    assert code(stock) == 0
    assert code(ours) == 1


def test_6_exit_after_shutdown_is_a_success(ours: Client) -> None:
    """A session that was ended in order ends with 0."""
    ours.initialize()
    assert ours.leave() == 0


def test_7_shutdown_with_work_in_flight_succeeds(stock: Client, ours: Client) -> None:
    """Shutdown cancels what runs, answers it, and is answered itself without an error."""

    def outcomes(client: Client) -> tuple[int | None, int | None]:
        client.initialize()
        waiting = start(client, "wait")
        logged(client, "wait began")
        return code_of(client, client.request("shutdown")), code_of(client, waiting)

    assert outcomes(stock)[0] == -32603
    assert outcomes(ours) == (None, CANCELLED)


def test_8_exit_does_not_wait_for_threads(tmp_path: Path, stock: Client, ours: Client) -> None:
    """A thread that cannot be stopped does not keep the process."""

    def waited(client: Client, marker: Path) -> bool:
        client.initialize()
        start(client, "thread", 1.0, str(marker))
        run(client, "log")
        client.notify("exit")
        client.process.wait(WAIT)
        return marker.exists()

    assert waited(stock, tmp_path / "stock")
    assert not waited(ours, tmp_path / "ours")


def test_9_stray_prints_do_not_reach_the_client(stock: Client, ours: Client) -> None:
    """What handlers, C libraries and child processes print is no part of the protocol."""

    def garbage(client: Client) -> bytes:
        client.initialize()
        start(client, "print")
        run(client, "log")
        return client.garbage

    assert b"stray print" in garbage(stock)
    assert garbage(ours) == b""


def test_10_a_cancel_overtakes_the_queue(stock: Client, ours: Client) -> None:
    """A request cancelled while a slow one is handled is never begun."""

    def hovers(client: Client) -> int:
        client.initialize()
        client.send(request("slow", "textDocument/hover", hover(300)))
        time.sleep(0.1)  # It is being handled, and keeps the loop busy.
        client.send(request("doomed", "textDocument/hover", hover()))
        client.send(notification("$/cancelRequest", {"id": "doomed"}))
        client.reply("slow")
        log: list[str] = run(client, "log")
        return log.count("hover")

    assert hovers(stock) == 2
    assert hovers(ours) == 1
    answer = ours.wait_for(lambda m: m.get("id") == "doomed")
    assert answer["error"]["code"] == CANCELLED


def test_10_a_cancel_in_the_same_breath_counts(ours: Client) -> None:
    """Of a slow request, another and its cancellation in one write, only the first is begun."""
    ours.initialize()
    ours.send(
        request("slow", "textDocument/hover", hover(50)),
        request("doomed", "textDocument/hover", hover()),
        notification("$/cancelRequest", {"id": "doomed"}),
    )
    ours.reply("slow")
    assert run(ours, "log") == ["hover"]


def test_10_a_cancel_that_comes_while_a_slow_handler_runs_is_read_before_the_queue(
    ours: Client,
) -> None:
    """What waits in the queue is not begun before what came meanwhile is read."""
    ours.initialize()
    ours.send(
        request("slow", "textDocument/hover", hover(400)),
        request("doomed", "textDocument/hover", hover()),
    )
    time.sleep(0.15)  # The slow one keeps the loop busy.
    ours.notify("$/cancelRequest", {"id": "doomed"})
    ours.reply("slow")
    answer = ours.wait_for(lambda m: m.get("id") == "doomed")
    assert answer["error"]["code"] == CANCELLED
    assert run(ours, "log") == ["hover"]


def _works_unread(kind: str, marker: Path, seconds: float) -> bool:
    """Tell whether a server whose output nobody reads still does what it is told."""
    process = subprocess.Popen(
        [sys.executable, str(SAMPLE), kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        for message in (
            request(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}}),
            notification("initialized", {}),
            request(2, "workspace/executeCommand", command("flood", 2)),
            request(3, "workspace/executeCommand", command("touch", str(marker))),
        ):
            process.stdin.write(encode(message))
            process.stdin.flush()
        deadline = time.monotonic() + seconds
        while not marker.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()
        process.wait()
    return marker.exists()


@pytest.mark.parametrize(
    ("kind", "works", "seconds"), [("stock", False, 2.0), ("ours", True, WAIT)]
)
def test_11_a_client_that_does_not_read_does_not_block(
    kind: str, works: bool, seconds: float, tmp_path: Path
) -> None:
    """A server whose output nobody reads goes on working."""
    assert _works_unread(kind, tmp_path / "marker", seconds) is works


@pytest.mark.parametrize("fails", ["stock", "ours"])
def test_errors_carry_no_traceback(fails: str, request: pytest.FixtureRequest) -> None:
    """An error reply shows neither the server's inside nor what a handler held."""
    client: Client = request.getfixturevalue(fails)
    client.initialize()
    with pytest.raises(ServerError) as failure:
        run(client, "fail")
    shown = f"{failure.value.message} {failure.value.data}"
    assert ("secret-looking" in shown or "traceback" in shown) is (fails == "stock")
