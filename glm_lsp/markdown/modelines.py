"""Settings for the editor that opens a file, which a model's words can hold by chance or will.

Vim, Emacs and Kate look for them in a file's first and last lines.
"""

from __future__ import annotations

import re

_VIM = re.compile(r"(?<![A-Za-z])(vim?(?:[<=>]?\d{1,9})?|ex|kate)(?=:)", re.IGNORECASE)
_EMACS = re.compile(r"-\*(?=-)")
_VIM_SETS = re.compile(rf"{_VIM.pattern}(?=:[ \t]{{0,8}}(?:set?\b|[a-z]+[=:\s]))", re.IGNORECASE)
_EMACS_SETS = re.compile(r"-\*(?=-)(?!-\s*coding:\s*[\w-]+\s*-\*-)(?=-[^\n]{0,400}-\*-)")
_LOCALS = re.compile(r"(Local Variables)(?=:)", re.IGNORECASE)


def without_modelines(text: str) -> str:
    """Return a text in which none is one any more: a blank stands in each."""
    text = _LOCALS.sub(r"\1 ", _VIM.sub(r"\1 ", text))
    return _EMACS.sub("-* ", text)


def without_settings(code: str) -> str:
    """Return new code in which none is one: what only looks like one stays as it is."""
    return _LOCALS.sub(r"\1 ", _EMACS_SETS.sub("-* ", _VIM_SETS.sub(r"\1 ", code)))
