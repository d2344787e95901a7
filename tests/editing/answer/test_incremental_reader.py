"""What stands in the file after a reply, as rules; `test_corpus` has the forms."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.editing.answer import IncrementalReader
from glm_lsp.errors import ReplyError
from tests.editing.answer.sites import read, site

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
    reader = IncrementalReader(site(original, newline=newline))
    assert read(reader, f"```python\n{FIXED}```\n") == expected


@pytest.mark.parametrize("reply_end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@given(pieces=st.integers(1, 20))
def test_the_streams_own_line_ends_do_not_matter(reply_end: str, pieces: int) -> None:
    """A reply with other line ends, cut between them or not, gives the file's."""
    reply = f"Sure:\n```python\n{FIXED}```\n".replace("\n", reply_end)
    assert read(IncrementalReader(site(CODE)), reply, pieces) == FIXED


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
    reader = IncrementalReader(site(original))
    assert read(reader, "```\n" + indented(wanted, replied) + "```") == expected


def test_done_tells_when_the_rest_is_of_no_interest() -> None:
    """The stream can be closed when words go on and on behind a block that is the answer."""
    reader = IncrementalReader(site(CODE))
    words = "The name of the parameter is height, so that is what the method uses now.\n"
    reader.feed(f"```python\n{FIXED}```\n{words}")
    earlier = reader.done
    reader.feed(words * 5)
    assert (earlier, reader.done) == (False, True)
    assert reader.finish(complete=False).text == FIXED


@pytest.mark.parametrize(
    "block", [CODE, FIXED.rsplit("\n", 2)[0] + "\n"], ids=["the original", "a part"]
)
def test_what_may_not_be_the_answer_is_read_on(block: str) -> None:
    """After a block that is the original, or not all of the target, more may come."""
    reader = IncrementalReader(site(CODE))
    reader.feed(f"```python\n{block}```\n" + "It is right like that.\n" * 50)
    assert not reader.done


@pytest.mark.parametrize(
    "opening",
    [
        pytest.param("import os\n", id="the whole file"),
        pytest.param("        result = 1\n", id="a part"),
        pytest.param("@@ -1,2 +1,2 @@\n", id="a patch"),
        pytest.param("-class Area:\n", id="a patch without a head"),
        pytest.param("1 | class Area:\n", id="numbers"),
        pytest.param("# ... existing code ...\n", id="code left out"),
        pytest.param('{"code": "\n', id="JSON"),
    ],
)
def test_nothing_is_shown_of_an_answer_that_opens_otherwise(opening: str) -> None:
    """Pieces come only when the first line of code is the target's, perhaps changed."""
    reader = IncrementalReader(site(CODE))
    shown = reader.feed(f"```python\n{opening}{FIXED}")
    assert not shown


def test_pieces_stop_where_the_answer_starts_again() -> None:
    """A second version in one block is not shown after the first."""
    reader = IncrementalReader(site(CODE))
    shown = reader.feed(f"```python\n{CODE}\n{FIXED}```\n")
    assert CODE.startswith(shown.rstrip("\n"))
    assert reader.finish().text == FIXED


@given(st.text(alphabet="ab`~ \n\t#:(){}.<>+-@=\r…", max_size=80), st.integers(1, 9))
def test_no_reply_breaks_the_reader(reply: str, size: int) -> None:
    """Whatever a model says becomes a text or one sentence about why not."""
    with suppress(ReplyError):
        read(IncrementalReader(site(CODE)), reply, size)
