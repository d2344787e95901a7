"""What a text defines where its tree has an error: a line at the margin that says so.

Invariant: a name that the tree gave is not given again; each definition is of one line. Grammars
know less than compilers, and an error may take the rest of a file with it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.project.definitions import Definition
from glm_lsp.project.named import LONGEST
from glm_lsp.project.rules import JAVASCRIPT, PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glm_lsp.project.rules import Rules

_SAID = {
    JAVASCRIPT: re.compile(
        r"^export (?:default |declare |abstract |async )*"
        r"(?P<what>function\*?|class|interface|enum|type|const|let|var) (?P<name>[\w$]+)",
        re.MULTILINE,
    ),
    PYTHON: re.compile(r"^(?:async )?(?P<what>def|class) (?P<name>\w+)", re.MULTILINE),
}
_KINDS = {"class": "class", "interface": "class", "enum": "class", "type": "type"}
_VALUES = ("const", "let", "var")


def missed(rules: Rules, text: str, found: list[Definition]) -> Iterator[Definition]:
    """Yield what is defined at the margin of a text and is not among what was found."""
    said = _SAID.get(rules)
    known = {each.name for each in found if not each.owner}
    line = start = 0
    for match in said.finditer(text) if said is not None else ():
        line += text.count("\n", start, match.start())
        start = match.start()
        if match["name"] in known:
            continue
        kind = "variable" if match["what"] in _VALUES else _KINDS.get(match["what"], "function")
        end = text.find("\n", start)
        signature = text[start : end if end >= 0 else len(text)][:LONGEST].strip(" {:=")
        yield Definition(match["name"], kind, "", line, line, signature)
