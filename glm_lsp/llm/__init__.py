"""Speaks to models: the only importer of httpx.

httpx would bring its command line along, and that rich and click, where they are installed.
"""

import sys

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # It is optional there.
