r"""Characters that nobody sees, or that terminals and editors obey: found, shown, taken out.

They are control characters, those that turn the reading direction, those without a width, the
blanks that count as letters, tags and variation selectors (which can carry hidden text), those
for private use, and what is no character.

Invariant: this is the one place that says which these are. A tab and a line feed are none of
them; neither is a joiner where a script or an emoji needs it, nor a line's `\r\n`.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

_PRIVATE = "\ue000-\uf8ff\U000f0000-\U0010ffff"
_EMOJI = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_JOINED = "\u0600-\u06dc\u06de-\u070e\u0710-\u08e1\u08e3-\u109f\u1780-\u17b3\u17b6-\u17ff"
"""The scripts whose words are written with joiners: from Arabic to Burmese, and Khmer."""

_UNSEEN = (
    "\r(?!\n)|[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u08e2"
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    f"\ud800-\udfff{_PRIVATE}\ufdd0-\ufdef\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000110bd\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    f"|(?<![{_EMOJI}#*0-9])\ufe0f|(?<=[#*0-9])\ufe0f(?!\u20e3)"
    f"|(?<![{_JOINED}])\u200c|\u200c(?![{_JOINED}])"
    f"|(?<![{_EMOJI}{_JOINED}\ufe0f])\u200d|(?<=[{_EMOJI}\ufe0f])\u200d(?![{_EMOJI}])"
)

_ASCII = re.compile("\r(?!\n)|[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MARK_UP = re.compile(r"\](?=[(\[:])|<(?=[A-Za-z/!?])")
_ENDS = re.compile(r"[\t\r\n]")
_LAST_BLANK = re.compile(r"\s(?=\S*\Z)")
_LONGEST_WORD = 500  # Characters.
_OF_KEYS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_.-%"


def unseen(text: str) -> re.Pattern[str]:
    """Return the pattern that finds such characters in a text.

    A joiner counts where it joins nothing, a carriage return where no line feed follows.
    """
    return _ASCII if text.isascii() else _every()


@cache
def _every() -> re.Pattern[str]:
    return re.compile(_UNSEEN)  # Made when first needed: it takes some milliseconds.


def fresh(before: str, after: str) -> list[str]:
    """Return which of them a text has more of than it had, as `U+202E`, in order."""
    found = Counter(unseen(after).findall(after))
    if not found:
        return []
    had = Counter(unseen(before).findall(before))
    more = [char for char, count in found.items() if count > had[char]]
    # An icon of a font can be seen: a file that has it may get more of it.
    return sorted(f"U+{ord(c):04X}" for c in more if not (c in had and _is_icon(c)))


def escaped(text: str) -> str:
    r"""Return a text in which each of them is shown as it is written in code: `\u202e`."""
    return unseen(text).sub(_shown, text)


def without(text: str) -> str:
    """Return a text without them."""
    return unseen(text).sub("", text)


def one_line(text: str, most: int = 200) -> str:
    r"""Return a name or a short text on one line: `\n` and the like are shown, its middle cut."""
    if len(text) > most:
        half = (most - 1) // 2
        text = f"{text[:half]}…{text[len(text) - half :]}"
    return _ENDS.sub(_shown, escaped(text))


def beginning(text: str, most: int) -> str:
    """Return at most so many characters of a text: half a secret would not be known as one.

    So it ends where a word does, or before the letters and signs that keys consist of.
    """
    if len(text) <= most:
        return text
    words = _LAST_BLANK.search(text, max(0, most - _LONGEST_WORD), most)
    return text[: words.start()] if words else text[:most].rstrip(_OF_KEYS)


def called(name: str, most: int = 120) -> str:
    """Return a name as it may stand in a title, a page or a prompt: on a line, and no mark-up."""
    return _MARK_UP.sub(r"\g<0> ", one_line(name, most)).replace("`", "'")


def _is_icon(char: str) -> bool:
    return 0xE000 <= ord(char) <= 0xF8FF or ord(char) >= 0xF0000


def _shown(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x100:
        return {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}.get(code, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
