"""Dispatch over stdio: what a client gets that does not keep to the protocol, or extends it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from glm_lsp.lsp.wire.framing import frame
from tests.lsp_floor.client import ServerError, changed, notification, request

if TYPE_CHECKING:
    from tests.lsp_floor.client import Client

URI = "file:///sample.py"
INITIALIZE: Any = {"processId": None, "rootUri": None, "capabilities": {}}


def code(client: Client, method: str, params: Any = None) -> int:
    with pytest.raises(ServerError) as failure:
        client.call(method, params)
    return failure.value.code


def run(client: Client, name: str, *arguments: Any) -> Any:
    return client.call("workspace/executeCommand", {"command": name, "arguments": list(arguments)})


def test_requests_out_of_order_are_refused(ours: Client) -> None:
    """Before initialize, twice initialized and after shutdown each have their error."""
    assert code(ours, "textDocument/hover", {}) == -32002
    ours.initialize()
    assert code(ours, "initialize", INITIALIZE) == -32600
    assert ours.call("shutdown") is None
    assert code(ours, "textDocument/hover", {}) == -32600
    assert ours.process.poll() is None


def test_unknown_methods_are_answered(served: Client) -> None:
    """An unknown request has its error, an unknown notification is ignored."""
    served.notify("some/thing", {"a": 1})
    assert code(served, "some/thing", {"a": 1}) == -32601
    assert served.sent("window/showMessage") == []


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ([], -32600),
        (7, -32600),
        ({"jsonrpc": "2.0", "id": "five"}, -32600),
        ({"jsonrpc": "2.0", "id": "five", "method": 7}, -32600),
        ({"jsonrpc": "2.0", "id": None, "method": "shutdown"}, -32600),
        ({"jsonrpc": "2.0", "id": [1], "method": "shutdown"}, -32600),
    ],
)
def test_what_is_no_message_is_answered(message: Any, expected: int, served: Client) -> None:
    """JSON that is no JSON-RPC message gets an error, and the server goes on."""
    served.send_bytes(frame(json.dumps(message).encode()))
    answer = served.wait_for(lambda m: "error" in m)
    assert answer["error"]["code"] == expected
    assert served.call("sample/echo", 1) == 1


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"", b"[" * 100_000])
def test_what_is_no_json_is_answered(body: bytes, served: Client) -> None:
    """A frame without JSON gets an error, and the server goes on."""
    served.send_bytes(frame(body))
    answer = served.wait_for(lambda m: "error" in m)
    assert (answer["id"], answer["error"]["code"]) == (None, -32700)
    assert served.call("sample/echo", 1) == 1


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ([], "takes 1 arguments, not 0"),
        (["a", "b"], "takes 1 arguments, not 2"),
        ([7], "Argument 0"),
        ([{"a": 1}], "should be a string"),
    ],
)
def test_wrong_arguments_of_a_command_are_answered(
    arguments: list[Any], wrong: str, served: Client
) -> None:
    """A command runs with what it asks for, or not at all."""
    with pytest.raises(ServerError, match=wrong) as failure:
        run(served, "text", *arguments)
    assert failure.value.code == -32602


def test_an_unknown_command_is_answered(served: Client) -> None:
    """It is a wrong parameter."""
    params = {"command": "nothing", "arguments": []}
    assert code(served, "workspace/executeCommand", params) == -32602


def test_wrong_notifications_do_no_harm(served: Client) -> None:
    """A notification that cannot be read changes nothing and shows nothing."""
    served.open(URI, "abc")
    served.notify("textDocument/didChange", {"textDocument": {"uri": URI}, "contentChanges": 7})
    served.notify("textDocument/didChange", {"textDocument": {"uri": URI, "version": 2}})
    negative = {"line": -1, "character": 0}
    event = {"range": {"start": negative, "end": negative}, "text": "x"}
    document = {"uri": URI, "version": 2}
    params = {"textDocument": document, "contentChanges": [event]}
    served.notify("textDocument/didChange", params)
    served.notify("$/cancelRequest", {"id": [1]})
    served.notify("$/cancelRequest")
    assert run(served, "text", URI) == "abc"
    assert served.sent("window/showMessage") == []


def test_replies_to_nobody_are_ignored(served: Client) -> None:
    """Replies that were never asked for, with whatever in them, do no harm."""
    served.send({"jsonrpc": "2.0", "id": 999, "result": 1})
    served.send({"jsonrpc": "2.0", "id": 999, "error": "no object"})
    served.send({"jsonrpc": "2.0", "id": None, "result": 1})
    assert served.call("sample/echo", 1) == 1


def test_an_error_of_the_editor_reaches_who_asked(served: Client) -> None:
    """A request that the editor refuses fails where it was awaited."""
    served.on["sample/question"] = lambda _: NotImplemented
    id_ = served.request("workspace/executeCommand", {"command": "custom", "arguments": []})
    asked = served.wait_for(lambda m: m.get("method") == "sample/question")
    served.send({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -5, "message": "No."}})
    with pytest.raises(ServerError, match="No") as failure:
        served.reply(id_)
    assert failure.value.code == -5


def test_an_unreadable_reply_of_the_editor_reaches_who_asked(served: Client) -> None:
    """A result of another shape than the protocol's fails where it was awaited."""
    served.on["window/showMessageRequest"] = lambda _: 17
    with pytest.raises(ServerError, match="no reply"):
        run(served, "ask")


def test_methods_of_our_own_carry_plain_json(served: Client) -> None:
    """What LSP does not know goes through as it is, both ways."""
    value = {"snake_case": [1, {"camelCase": None}], "text": "\ud83d é"}
    assert served.call("sample/echo", value) == value
    served.on["sample/question"] = lambda params: {"got": params}
    assert run(served, "custom") == {"got": {"depth": [1, {"two": None}]}}


def test_features_add_to_the_capabilities(ours: Client) -> None:
    """What a feature advertises is in the answer to initialize."""
    assert ours.initialize()["experimental"] == {"sample": True}


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, "utf-16"),
        (["utf-8", "utf-16"], "utf-8"),
        (["utf-32", "utf-8"], "utf-32"),
        (["ebcdic", "utf-32"], "utf-32"),
        (["ebcdic"], "utf-16"),
    ],
)
def test_positions_are_in_the_encoding_agreed_on(
    offered: list[str] | None, chosen: str, ours: Client
) -> None:
    """The client's first choice that we know is announced, and counts."""
    capabilities = {} if offered is None else {"general": {"positionEncodings": offered}}
    assert ours.initialize(capabilities)["positionEncoding"] == chosen
    ours.open(URI, "\U0001f600b")
    column = {"utf-8": 4, "utf-16": 2, "utf-32": 1}[chosen]
    ours.change(URI, 2, ((0, column, 0, column), "|"))
    assert run(ours, "text", URI) == "\U0001f600|b"


def test_a_handler_sees_the_documents_as_they_were_for_it(served: Client) -> None:
    """Requests and changes in one write are handled in their order."""
    served.open(URI, "0")
    messages = []
    for count in range(1, 20):
        messages += [
            notification("textDocument/didChange", changed(URI, count, str(count))),
            request(
                f"r{count}",
                "workspace/executeCommand",
                {"command": "text_later", "arguments": [URI]},
            ),
        ]
    served.send(*messages)
    assert [served.reply(f"r{count}") for count in range(1, 20)] == [str(c) for c in range(1, 20)]


def test_a_request_id_in_use_is_refused(served: Client) -> None:
    """Two requests of one id would get each other's answers."""
    waiting = {"command": "wait", "arguments": []}
    served.send(request("twin", "workspace/executeCommand", waiting))
    served.send(request("twin", "workspace/executeCommand", waiting))
    answer = served.wait_for(lambda m: m.get("id") == "twin")
    assert answer["error"]["code"] == -32600
