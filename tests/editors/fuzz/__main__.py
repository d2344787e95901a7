"""`python -m tests.editors.fuzz`: see `harness`."""

import sys

from tests.editors.fuzz.harness import main

if __name__ == "__main__":
    sys.exit(main())
