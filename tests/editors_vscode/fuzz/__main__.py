"""Run it: `python -m tests.editors_vscode.fuzz --runs 150`."""

import sys

from tests.editors_vscode.fuzz.harness import main

if __name__ == "__main__":
    sys.exit(main())
