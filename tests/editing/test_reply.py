"""What stands in the file after a reply, as golden files and as rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.editing.reply import ReplyParser
from glm_lsp.errors import ReplyError

GOLDEN = Path(__file__).with_name("golden")
_PART = re.compile(r"^├─ (.+?) ─┤\n", re.MULTILINE)


@frozen
class Case:
    """One reply and what comes of it."""

    name: str
    original: str
    reply: str
    expected: str
    refused: str

    @property
    def whole(self) -> bool:
        return "cut off" not in self.name


def cases() -> list[Case]:
    """Read the golden files: cases of a name, the original, the reply, and what comes of it."""
    found = []
    for path in sorted(GOLDEN.glob("*.txt")):
        _, *parts = _PART.split(path.read_text("utf-8"))
        texts = [text.replace("·", " ").replace("→", "\t") for text in parts[1::2]]
        for index in range(0, len(texts), 3):
            name, (original, reply, result) = parts[2 * index], texts[index : index + 3]
            refused = parts[2 * index + 4].startswith("refused")
            case = Case(
                f"{path.stem}: {name}",
                original,
                reply,
                "" if refused else result,
                result.strip() if refused else "",
            )
            found.append(case)
    return found


def parsed(case: Case, size: int) -> str:
    parser = ReplyParser(case.original)
    pieces = [
        parser.feed(case.reply[start : start + size]) for start in range(0, len(case.reply), size)
    ]
    whole = parser.finish(case.whole)
    assert whole.startswith("".join(pieces)), "what was certain was taken back"
    return whole


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
def test_golden(case: Case, size: int) -> None:
    """Each recorded reply becomes the recorded text, however the stream is cut."""
    if case.refused:
        with pytest.raises(ReplyError, match=re.escape(case.refused)):
            parsed(case, size)
    else:
        assert parsed(case, size) == case.expected


CODE = """\
class Area:
    def of(self, width, height):
        result = width * heigth

        return result
"""
FIXED = CODE.replace("heigth", "height")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("final", [True, False], ids=["closed", "open"])
def test_line_ends_stay_those_of_the_file(newline: str, final: bool) -> None:
    """Every line gets the file's line end; the last one only if it had one."""
    original, expected = CODE.replace("\n", newline), FIXED.replace("\n", newline)
    if not final:
        original, expected = original.rstrip("\r\n"), expected.rstrip("\r\n")
    parser = ReplyParser(original, newline=newline)
    parser.feed(f"```python\n{FIXED}```\n")
    assert parser.finish() == expected


@pytest.mark.parametrize("reply_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@given(pieces=st.integers(1, 20))
def test_the_streams_own_line_ends_do_not_matter(reply_end: str, pieces: int) -> None:
    """A reply with Windows line ends, cut between them or not, gives the file's."""
    reply = f"Sure:\n```python\n{FIXED}```\n".replace("\n", reply_end)
    parser = ReplyParser(CODE)
    for start in range(0, len(reply), pieces):
        parser.feed(reply[start : start + pieces])
    assert parser.finish() == FIXED


@given(st.sampled_from(["", "    ", "\t", "        "]), st.sampled_from(["", "  ", "    "]))
def test_the_base_indentation_is_the_originals(base: str, replied: str) -> None:
    """Code that lost or gained its common indentation gets the original's back."""

    def indented(text: str, by: str) -> str:
        return "".join(by + line if line.strip() else line for line in text.splitlines(True))

    flat = "def f(a):\n\n    return a\n"
    wanted = "def f(a):\n\n    return a + 1\n"
    tabs = base == "\t"
    original, expected = indented(flat, base), indented(wanted, base)
    if tabs:
        original, expected = original.replace("    ", "\t"), expected.replace("    ", "\t")
    parser = ReplyParser(original)
    parser.feed("```\n" + indented(wanted, replied) + "```")
    assert parser.finish() == expected


def test_a_first_line_within_a_line_counts_with_what_stands_before() -> None:
    """A span that starts behind the indentation keeps that indentation for its other lines."""
    parser = ReplyParser("if a:\n        b()\n", before="    ")
    parser.feed("```\nif a:\n    c()\n```")
    assert parser.finish() == "if a:\n        c()\n"


def test_done_tells_when_the_rest_is_of_no_interest() -> None:
    """The stream can be closed once the block is closed."""
    parser = ReplyParser(CODE)
    parser.feed(f"```python\n{FIXED}")
    earlier = parser.done
    parser.feed("```\n")
    assert (earlier, parser.done) == (False, True)
    assert parser.finish(complete=False) == FIXED


def test_an_insertion_keeps_the_reply_as_it_is() -> None:
    """Where nothing stood, there is nothing to adapt to."""
    parser = ReplyParser("")
    parser.feed("```python\nimport os\n\n\ndef f():\n    pass\n```")
    assert parser.finish() == "import os\n\n\ndef f():\n    pass\n"


@given(st.text(alphabet="ab`~ \n\t#:(){}.", max_size=60), st.integers(1, 9))
def test_no_reply_breaks_the_parser(reply: str, size: int) -> None:
    """Whatever a model says becomes a text or one sentence about why not."""
    parser = ReplyParser(CODE)
    pieces = [parser.feed(reply[start : start + size]) for start in range(0, len(reply), size)]
    try:
        whole = parser.finish()
    except ReplyError:
        pass
    else:
        assert whole.startswith("".join(pieces))
