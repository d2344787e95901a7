"""The log, which people read in terminals.

Invariant: one record's message is one line, of characters that a terminal shows and does not obey;
what follows it (a traceback) is indented, so that no text of a client's, a service's or a model's
passes for a record.
"""

from __future__ import annotations

import logging
from textwrap import indent
from typing import TYPE_CHECKING

from glm_lsp.characters import escaped, one_line

if TYPE_CHECKING:
    from types import TracebackType

_MOST = 10_000  # Characters of one message.


class Formatter(logging.Formatter):
    """Formats records so that none of their words can be taken for something else."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # Its name there.
        """Return the line of a record."""
        record.message = one_line(record.message, _MOST)
        return super().formatMessage(record)

    def formatException(  # noqa: N802
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """Return a traceback."""
        return indent(escaped(super().formatException(ei)), "  ")


def begin(level: str) -> None:
    """Have everything of this level and above written to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=level.upper())
    # The HTTP libraries log addresses and headers at these levels; headers hold the key.
    for name in ("httpx", "httpcore", "hpack"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # A request that is asked again is no news to the user, unless it fails in the end.
    logging.getLogger("stamina").setLevel(logging.ERROR)
