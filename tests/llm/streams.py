"""The same answer on each of the wires, as gateways send it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import frozen

from tests.gateway import ASKED, Reply, chat_stream, frame

if TYPE_CHECKING:
    from collections.abc import Callable


def stream(protocol: str, text: str, *, reasoning: str = "", chunk: int = 4) -> Reply:
    """Return an answer with usage (prompt 10, output 5, cached 4), one step per event."""
    return SAMPLES[protocol].answer(text, reasoning=reasoning, chunk=chunk)


def responses_stream(
    text: str,
    *,
    reasoning: str = "",
    chunk: int = 4,
    end: str = "response.completed",
    incomplete: str = "",
) -> Reply:
    """Return a streamed answer on the Responses wire."""
    head = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1795400000,
        "model": ASKED,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "output": [],
    }
    item = {"id": "msg_1", "type": "message", "role": "assistant"}
    part = {"type": "output_text", "text": text, "annotations": []}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {**head, "status": "in_progress"}},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**item, "status": "in_progress", "content": []},
        },
    ]
    events += [
        {"type": "response.reasoning_text.delta", "delta": piece, **place}
        for piece in _pieces(reasoning, chunk)
    ]
    events += [
        {"type": "response.output_text.delta", "delta": piece, "logprobs": [], **place}
        for piece in _pieces(text, chunk)
    ]
    events.append({"type": "response.output_text.done", "text": text, "logprobs": [], **place})
    whole: dict[str, Any] = {
        **head,
        "status": end.removeprefix("response."),
        "output": [{**item, "status": "completed", "content": [part]}],
        "usage": {
            "input_tokens": 10,
            "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 15,
        },
    }
    if incomplete:
        whole["incomplete_details"] = {"reason": incomplete}
    events.append({"type": end, "response": whole})
    return Reply(
        [
            frame({**event, "sequence_number": number}, event["type"])
            for number, event in enumerate(events)
        ]
    )


def messages_stream(
    text: str, *, reasoning: str = "", chunk: int = 4, stop_reason: str = "end_turn"
) -> Reply:
    """Return a streamed answer on the Messages wire."""
    start: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": ASKED,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 6, "cache_read_input_tokens": 4, "output_tokens": 0},
    }
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "ping"},
    ]
    index = 0
    for kind, field, content in (("thinking", "thinking", reasoning), ("text", "text", text)):
        if not content:
            continue
        block = {"type": kind, field: "", **({"signature": ""} if kind == "thinking" else {})}
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events += [
            {
                "type": "content_block_delta",
                "index": index,
                "delta": {"type": f"{kind}_delta", field: piece},
            }
            for piece in _pieces(content, chunk)
        ]
        events.append({"type": "content_block_stop", "index": index})
        index += 1
    events += [
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop_reason, "stop_sequence": None},
            "usage": {"output_tokens": 5},
        },
        {"type": "message_stop"},
    ]
    return Reply([frame(event, event["type"]) for event in events])


def _pieces(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


@frozen
class Sample:
    """What the tests know of a wire.

    Attributes:
        path: what follows the base URL.
        answer: the answer, from its text, `reasoning` and `chunk`: see `stream`.
        last: how many events there are from the one that completes the answer on.
    """

    path: str
    answer: Callable[..., Reply]
    last: int = 1


SAMPLES = {
    "chat": Sample("/chat/completions", partial(chat_stream, usage=(10, 5, 4)), last=2),
    "responses": Sample("/responses", responses_stream),
    "messages": Sample("/messages", messages_stream, last=2),
}
"""Each wire that settings name; every test of a wire runs on each of them."""
