"""A person at the keyboard of VS Code: what is typed while GLM writes, and how fast.

Invariant: every stroke begins and ends in the text, with nothing open over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    import random

    from tests.editors.fuzz.scenarios import Scenario

KEYBINDINGS = [
    {"key": "alt+j", "command": "editor.action.joinLines", "when": "editorTextFocus"},
    {"key": "escape", "command": "-glm-lsp.cancel"},
]
"""What many people bind, and VS Code does not on every system; here Escape closes menus alone."""


@frozen
class Stroke:
    """Some keys, and how long the hand rests after them.

    Attributes:
        place: line and column to click on first, from 0; None to go on where the cursor is.
        keys: Playwright's names of keys; what begins with a quote is typed as it is.
        rest: seconds.
        token: what must be in the text that the user put in.
    """

    place: tuple[int, int] | None
    keys: tuple[str, ...]
    rest: float
    token: str = ""

    def __str__(self) -> str:
        return f"{self.place or ''} {' '.join(self.keys)}"

    def steps(self) -> list[dict[str, Any]]:
        """Return them as the driver plays them."""
        return [{"type": key[1:]} if key[0] == "'" else {"press": key} for key in self.keys]


def make(dice: random.Random, scenario: Scenario) -> list[Stroke]:
    """Make up what is typed during one run."""
    undoes = dice.random() < 0.08
    near = dice.choice((0.2, 0.6, 0.9))
    rest = dice.choice((0.01, 0.03, 0.08))
    strokes = []
    for number in range(dice.randint(1, 10)):
        keys, token = _deed(dice, number)
        if undoes and dice.random() < 0.3:
            keys = dice.choice((["Control+z"], ["Control+z"] * 2, ["Control+z", "Control+y"]))
            token = ""
        motion = dice.choice(MOTIONS).split()
        place = _place(dice, scenario, near)
        strokes.append(Stroke(place, (*motion, *keys), dice.random() * rest, token))
    return strokes


def _place(dice: random.Random, scenario: Scenario, near: float) -> tuple[int, int] | None:
    first, end = scenario.target
    if dice.random() < near:
        return dice.randint(first, end), dice.choice((0, 4, 9, 200))
    lines = (None, 0, max(first - 1, 0), end, end + 1, 10_000)
    line = dice.choice(lines)
    return None if line is None else (line, dice.choice((0, 4, 200)))


def _deed(dice: random.Random, number: int) -> tuple[list[str], str]:
    word = dice.choice(("alpha", "beta", "gamma", "delta")) + "qz"[number % 2] + "wvyx"[number % 4]
    if dice.random() < 0.5:
        return dice.choice(COMMANDS).split(), ""
    keys = dice.choice(TYPED).format(word=word)
    # What two cursors type comes letter by letter, twice.
    several = "Control+Alt" in keys or "Control+d" in keys
    return keys.replace("␣", " ").split("|"), "" if several else word


MOTIONS = ("", "", "", "Home", "End", "End", "ArrowDown", "ArrowUp ArrowUp", "Control+ArrowRight")

COMMANDS = """
Control+Shift+K
Control+Shift+K
Control+Shift+K Control+Shift+K
Alt+ArrowUp
Alt+ArrowDown
Alt+ArrowDown Alt+ArrowDown
Shift+Alt+ArrowDown
Shift+Alt+ArrowUp
Control+x
Control+x Control+v
Control+x ArrowDown Control+v
Control+c ArrowUp Control+v
Alt+j
Alt+j Alt+j
End Delete
Home Backspace Backspace
Home Home Backspace
Control+/
Control+/ Control+/
Shift+ArrowDown Shift+ArrowDown Control+/
Shift+ArrowDown Delete
Shift+ArrowDown Shift+ArrowDown Backspace
Shift+End Delete
Home Shift+End Backspace
Shift+ArrowUp Control+x Control+v
Shift+ArrowDown Shift+ArrowDown Alt+ArrowDown Escape
Control+]
Control+[
Tab
Shift+Tab
Control+Enter
Control+Shift+Enter
Enter
Enter Enter
End Enter Backspace
Control+Backspace
Control+Delete
Delete Delete Delete
Backspace
Control+Space ArrowDown Enter
Control+Space Escape
Control+Shift+ArrowRight Backspace
""".strip().splitlines()

TYPED = (
    "End|Enter|'{word}",
    "Home|'{word}|Enter",
    "Control+Enter|'{word}␣=␣1",
    "Control+Shift+Enter|'{word}␣=␣1",
    "End|'␣␣#␣{word}",
    "'{word}",
    "'{word}␣",
    "Home|Shift+End|'{word}␣=␣1",
    "Shift+End|'{word}",
    "End|Enter|'{word}(1,␣[2",
    "End|Enter|'for␣i␣in␣{word}:|Enter|'pass",
    "'{word}|Enter",
    "Enter|'{word}",
    "'ab|Backspace|Backspace|'{word}",
    "'one␣|Control+Backspace|'{word}",
    "'{word}|ArrowLeft|ArrowLeft|ArrowUp|'q|ArrowDown|'z",
    "End|Enter|'{word}|Enter|Enter|'end",
    "Control+Shift+ArrowRight|'{word}",
    "Control+d|'{word}|Escape",
    "Control+Enter|'{word}|Control+Shift+K",
    "Control+Enter|'{word}|Alt+ArrowUp|Alt+ArrowUp",
    "Control+Enter|'{word}␣🙂é",
    "Control+Enter|'('{word}|End",
    "Control+Alt+ArrowDown|'{word}|Escape",
)
