"""Which imports a file lacks, and where they go."""

from __future__ import annotations

import pytest

from glm_lsp.context.imports import new_imports
from glm_lsp.text import Snapshot, Text

CASES = {
    "after the last": (
        "python", "import os\n\nx = 1\n", ["import sys"], "import os\nimport sys\n\nx = 1\n"
    ),
    "what is there": ("python", "import os\n", ["import os"], None),
    "one name of two": (
        "python",
        "from a import (\n    b,\n)\n",
        ["from a import b, c"],
        "from a import (\n    b,\n)\nfrom a import c\n",
    ),
    "all names": ("python", "from a import b, c  # x\n", ["from a import c"], None),
    "on top": ("python", "# A.\nx = 1\n", ["import os"], "# A.\n\nimport os\nx = 1\n"),
    "a name of TypeScript": (
        "typescript",
        'import { a } from "x";\n',
        ["import { a, b } from 'x'"],
        "import { a } from \"x\";\nimport { b } from 'x'\n",
    ),
    "another quote": ("typescript", 'import { a } from "x";\n', ["import { a } from 'x'"], None),
    "a block of Go": (
        "go",
        'package a\n\nimport (\n\t"fmt"\n)\n',
        ['import "fmt"', 'import "os"'],
        'package a\n\nimport (\n\t"fmt"\n\t"os"\n)\n',
    ),
    "Go without any": ("go", "package a\n", ['import "os"'], 'package a\nimport "os"\n'),
    "a list of Rust": (
        "rust",
        "use a::{b, c};\n",
        ["use a::b;", "use a::{c, d};"],
        "use a::{b, c};\nuse a::{d};\n",
    ),
    "C": (
        "c", "#include <a.h>\nint x;\n", ["#include <a.h>", '#include "b.h"'],
        '#include <a.h>\n#include "b.h"\nint x;\n',
    ),
    "no import": ("python", "import os\n", ["Remember to import sys", "x = 1"], None),
    "two lines": ("python", "import os\n", ["import sys\nsys.exit()"], None),
    "no grammar": ("haskell", "f = 1\n", ["import A"], None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_only_what_is_lacking_is_imported(name: str) -> None:
    """Each name once, on a line of its own, in the way of the language."""
    language, before, wanted, after = CASES[name]
    found = new_imports(Snapshot("file:///a", 1, language, Text.of(before)), wanted)
    whole = None if found is None else before[: found[0]] + found[1] + before[found[0] :]
    assert whole == after
