"""Asks over a line that dies, in a network of its own, where the loopback can be taken down.

    unshare --user --map-root-user --net python -m tests.llm.dead_line

Prints the kind of error of each question. The system's patience is shortened; with "--without"
it has its own.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys

from glm_lsp import errors
from glm_lsp.llm import connections
from tests.gateway import Gateway, chat_stream
from tests.llm.test_connection import provider
from tests.llm.test_silence import answer

SHORT = (
    ("TCP_KEEPIDLE", 1),
    ("TCP_KEEPINTVL", 1),
    ("TCP_KEEPCNT", 1),
    ("TCP_USER_TIMEOUT", 1_000),
)


def turn(state: str) -> None:
    """Take the loopback up or down."""
    subprocess.run(["ip", "link", "set", "lo", state], check=True)


async def main() -> None:
    """Ask over a dead line, then have one die while an answer comes."""
    with Gateway(chat_stream("fine")) as gateway:
        client = provider(gateway.base_url)
        await answer(client)
        turn("down")
        try:
            await answer(client)
        except errors.GlmError as error:
            print(type(error).__name__, error)
        turn("up")
        gateway.script(chat_stream("fine").stall_after(1))
        task = asyncio.create_task(answer(client))
        await asyncio.to_thread(gateway.wait_for, lambda log: len(log.requests) > 1)
        await asyncio.sleep(0.2)
        turn("down")
        try:
            await task
        except errors.GlmError as error:
            print(type(error).__name__, error)
        await client.close()


if __name__ == "__main__":
    connections._OPTIONS = () if "--without" in sys.argv else SHORT
    turn("up")
    asyncio.run(main())
