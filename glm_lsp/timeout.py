"""`async with timeout(seconds)`: asyncio's own, and its back-port for Python 3.10.

Invariant: nothing here uses `asyncio.wait_for`. Before Python 3.12 it returns its result when a
cancel comes at the same moment, and the cancel is lost: what nobody wants any more goes on.
(https://github.com/python/cpython/issues/86296)
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout

__all__ = ["timeout"]
