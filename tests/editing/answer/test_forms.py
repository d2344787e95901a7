"""Every task of the corpus, answered in every form that a machine can make of the right code."""

from __future__ import annotations

import difflib
import html
import json
import textwrap
from functools import cache
from typing import TYPE_CHECKING

import pytest
from attrs import evolve, field, frozen

from glm_lsp.actions.plan import plan
from tests.editing.answer.corpus import PROFILE, Form, forms, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.editing.answer.corpus import End

_RIGHT = 0.85


@frozen
class Case:
    r"""One task: the target before and after, and the file around it, line ends `\n`."""

    form: Form
    old: str = field(repr=False)
    new: str = field(repr=False)
    file: str = field(repr=False)
    right: str = field(repr=False)
    comment: str = "#"


@cache
def cases() -> list[Case]:
    """Return the tasks of the corpus of which only the target changes."""
    found: dict[str, Case] = {}
    for form in forms():
        if form.ends != "right" or form.right == str(form.task.snapshot.text):
            continue
        text = str(form.task.snapshot.text)
        target = plan(form.task, PROFILE).target
        above, below = text[: target.start], text[target.end :]
        if not form.right.startswith(above) or not form.right.endswith(below):
            continue
        new = form.right[len(above) : len(form.right) - len(below)]
        old = _lf(text[target.start : target.end])
        language = form.task.snapshot.language
        if "\n" not in old or language in ("markdown", "json"):
            continue
        comment = "#" if language == "python" else "//"
        case = Case(form, old, _lf(new), _lf(text), _lf(form.right), comment)
        found.setdefault(form.right, case)
    return list(found.values())


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def _fenced(code: str, tag: str = "") -> str:
    return f"```{tag}\n{code}\n```\n"


def _numbered(code: str, separator: str, first: int = 12) -> str:
    return "\n".join(f"{i:>3}{separator}{x}" for i, x in enumerate(code.split("\n"), first))


def _diff(old: str, new: str, context: int = 3) -> str:
    lines = difflib.unified_diff(old.split("\n"), new.split("\n"), "a", "b", n=context, lineterm="")
    return "\n".join(lines)


def _changed(case: Case) -> tuple[int, int, int, int]:
    """Return the lines that change: of the old target, of the new one."""
    old, new = case.old.split("\n"), case.new.split("\n")
    blocks = [
        op
        for op in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if op[0] != "equal"
    ]
    return blocks[0][1], blocks[-1][2], blocks[0][3], blocks[-1][4]


def _left_out(case: Case, words: str) -> str:
    """Return the new target with what does not change at its ends left out."""
    new = case.new.split("\n")
    _, _, start, end = _changed(case)
    lead = new[1][: len(new[1]) - len(new[1].lstrip())] if len(new) > 1 else ""
    head = [new[0], lead + words, *new[start - 1 : end]] if start > 3 else new[:end]
    tail = [new[end], lead + words, new[-1]] if len(new) - end > 3 else new[end:]
    return "\n".join(head + tail)


def _search(case: Case, begin: str, middle: str, end: str) -> str:
    old_start, old_end, new_start, new_end = _changed(case)
    old, new = case.old.split("\n"), case.new.split("\n")
    before = max(0, old_start - 1)
    after = min(len(old), old_end + 1)
    searched = old[before:after]
    replaced = [*old[before:old_start], *new[new_start:new_end], *old[old_end:after]]
    return "\n".join([begin, *searched, middle, *replaced, end])


FORMS: dict[str, Callable[[Case], str]] = {
    "bare": lambda c: c.new,
    "fenced": lambda c: _fenced(c.new, c.form.task.snapshot.language),
    "dedented": lambda c: _fenced(textwrap.dedent(c.new)),
    "indented by eight": lambda c: _fenced(textwrap.indent(textwrap.dedent(c.new), " " * 8)),
    "tilde": lambda c: f"~~~\n{c.new}\n~~~",
    "prose around": lambda c: f"Here is the new code:\n\n{_fenced(c.new)}\nI hope that helps!",
    "Chinese around": lambda c: (
        f"好的，修改后的代码如下：\n\n{_fenced(c.new)}\n以上代码修复了问题。"
    ),
    "thoughts": lambda c: f"<think>\nHm.\n{_fenced(c.old)}\n</think>\n\n{_fenced(c.new)}",
    "no fence, prose": lambda c: f"Here is the new code:\n\n{c.new}\n\nIt does the same as before.",
    "open fence": lambda c: f"```\n{c.new}",
    "Windows": lambda c: _fenced(c.new).replace("\n", "\r\n"),
    "carriage returns": lambda c: _fenced(c.new).replace("\n", "\r"),
    "bars": lambda c: _fenced(_numbered(c.new, " | ")),
    "colons": lambda c: _fenced(_numbered(c.new, ": ")),
    "arrows": lambda c: _fenced(_numbered(c.new, "→")),
    "tabs": lambda c: _fenced(_numbered(c.new, "\t")),
    "bare numbers": lambda c: _numbered(c.new, " | "),
    "quotation": lambda c: textwrap.indent(_fenced(c.new), "> ", lambda _: True),
    "plus": lambda c: _fenced(textwrap.indent(c.new, "+", lambda _: True)),
    "JSON": lambda c: json.dumps({"code": c.new}),
    "nearly JSON": lambda c: f'{{"code": `{c.new}`}}',
    "JSON with words": lambda c: _fenced(
        json.dumps({"reason": "because", "replacement": c.new}, indent=2), "json"
    ),
    "tag": lambda c: f"<code>\n{c.new}\n</code>",
    "tag and fence": lambda c: f"<answer>\n{_fenced(c.new)}</answer>",
    "old and new tags": lambda c: f"<old>\n{c.old}\n</old>\n<new>\n{c.new}\n</new>",
    "entities": lambda c: f"<pre><code>{html.escape(c.new)}</code></pre>",
    "no-break": lambda c: _fenced(c.new.replace("    ", "\u00a0" * 4)),
    "zero width": lambda c: _fenced("\u200b" + c.new.replace("(", "(\u200b")),
    "bidirectional": lambda c: _fenced(c.new.replace("(", "\u202a(")),
    "escaped": lambda c: json.dumps(c.new, ensure_ascii=False),
    "whole file": lambda c: _fenced(c.right),
    "whole file, bare": lambda c: c.right,
    "whole file, with a name": lambda c: f"**a.txt**\n\n{_fenced(c.right)}",
    "original first": lambda c: f"Original:\n\n{_fenced(c.old)}\nNew:\n\n{_fenced(c.new)}",
    "before and after": lambda c: f"### Before\n{_fenced(c.old)}\n### After\n{_fenced(c.new)}",
    "in one block": lambda c: _fenced(f"{c.old}\n\n{c.new}"),
    "with comments": lambda c: _fenced(
        f"{c.comment} Before\n{c.old}\n\n{c.comment} After\n{c.new}"
    ),
    "after a command": lambda c: f"Run:\n\n{_fenced('make test', 'sh')}\nThen:\n\n{_fenced(c.new)}",
    "twice": lambda c: f"{_fenced(c.new)}\nAgain, the complete code:\n\n{_fenced(c.new)}",
    "diff": lambda c: _fenced(_diff(c.file, c.right), "diff"),
    "diff without context": lambda c: _fenced(_diff(c.file, c.right, 0), "diff"),
    "diff of the target": lambda c: _fenced(_diff(c.old, c.new), "diff"),
    "diff, bare": lambda c: _diff(c.file, c.right),
    "git": lambda c: "diff --git a/a.x b/a.x\nindex 1..2 100644\n" + _diff(c.file, c.right),
    "begin patch": lambda c: (
        "*** Begin Patch\n*** Update File: a\n"
        + "\n".join(_diff(c.file, c.right).split("\n")[2:])
        + "\n*** End Patch"
    ),
    "search": lambda c: _search(c, "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"),
    "search in a fence": lambda c: _fenced(
        _search(c, "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE")
    ),
    "conflict": lambda c: _search(c, "<<<<<<< HEAD", "=======", ">>>>>>> new"),
    "left out": lambda c: _fenced(_left_out(c, f"{c.comment} ... existing code ...")),
    "left out in words": lambda c: _fenced(_left_out(c, f"{c.comment} rest of the code unchanged")),
    "left out in Chinese": lambda c: _fenced(_left_out(c, f"{c.comment} 其余代码不变")),
}


def _fragment(case: Case, around: int, behind: int | None = None) -> str:
    """Return the lines that change, with some of those around them."""
    _, _, start, end = _changed(case)
    new = case.new.split("\n")
    behind = around if behind is None else behind
    return "\n".join(new[max(0, start - around) : min(len(new), end + behind)])


def _ends_and(case: Case, fragment: str, words: str) -> str:
    """Return the first and the last line, and a fragment between; all where the last changes."""
    new = case.new.split("\n")
    if new[-1] not in case.old.split("\n"):
        return case.new
    return "\n".join([new[0], words, fragment, words, new[-1]])


PARTS: dict[str, Callable[[Case], str]] = {
    "only what changes": lambda c: _fragment(c, 0),
    "with a line around": lambda c: _fragment(c, 1),
    "with two lines around": lambda c: _fragment(c, 2),
    "with a line in front": lambda c: _fragment(c, 1, 0),
    "between dots": lambda c: f"...\n{_fragment(c, 1)}\n...",
    "between comments": lambda c: f"{c.comment} ...\n{_fragment(c, 1)}\n{c.comment} ...",
    "between the ends": lambda c: _ends_and(c, _fragment(c, 0), f"    {c.comment} existing code"),
    "with the first line twice": lambda c: _ends_and(c, _fragment(c, 1), f"    {c.comment} ..."),
}
"""Forms that hold only a part, and may leave it open which."""


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("wrap", ["bare", "dedented", "quotation", "JSON"])
def test_no_part_ends_in_wrong_code(name: str, wrap: str) -> None:
    """A part is put where it belongs, or the model is asked, or the file stays as it is."""
    wrong = []
    for case in cases():
        part = evolve(case, new=PARTS[name](case))
        end = run(evolve(case.form, answer=FORMS[wrap](part)), 10_000)
        same = str(case.form.task.snapshot.text)
        if end.how == "right" and end.text not in (case.form.right, same):
            wrong.append((case.form.name, end.text))
    assert not wrong


@cache
def ends(name: str) -> list[tuple[Case, End]]:
    """Answer every task in one form."""
    return [(case, run(evolve(case.form, answer=FORMS[name](case)), 10_000)) for case in cases()]


@pytest.mark.parametrize("name", FORMS)
def test_no_form_ends_in_wrong_code(name: str) -> None:
    """Whatever the form, what comes of it is the right code or a question."""
    wrong = [
        (case.form.name, end.text)
        for case, end in ends(name)
        if end.how == "right" and end.text != case.form.right
    ]
    assert not wrong


def test_most_forms_end_right() -> None:
    """At least 85 % of all are placed without a question."""
    count = sum(len(ends(name)) for name in FORMS)
    asked = {name: sum(end.how != "right" for _, end in ends(name)) for name in FORMS}
    total = sum(asked.values())
    print(f"{count} answers, {count - total} right, {total} asked again:", asked)
    assert count - total >= _RIGHT * count


@pytest.mark.parametrize("name", ["bare", "fenced", "prose around", "dedented"])
def test_clean_answers_are_seen_while_they_arrive(name: str) -> None:
    """Of an answer that is the new code, the first piece comes before the answer ends."""
    for case in cases():
        opens = case.old.split("\n")[0].strip() == case.new.split("\n")[0].strip()
        if opens and case.new.count("\n") >= 3:
            assert run(evolve(case.form, answer=FORMS[name](case)), 3).early, case.form.name
