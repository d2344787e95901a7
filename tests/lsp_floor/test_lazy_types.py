"""LSP's types, made when they are first used: the same classes in the end."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

DESCRIBE = """
import re

import attrs
from lsprotocol import converters, types

def describe(name, cls):
    fields = [
        (f.name, str(f.type), repr(f.default), re.sub(" at 0x[0-9a-f]+", "", repr(f.validator)))
        for f in attrs.fields(cls)
    ]
    own = [n for n in ("__eq__", "__hash__", "__lt__", "__setattr__") if n in vars(cls)]
    return name, fields, own, cls.__match_args__

converters.get_converter()
for name, cls in sorted(types.ALL_TYPES_MAP.items()):
    if isinstance(cls, type) and attrs.has(cls):
        print(describe(name, cls))
"""


def test_each_type_is_in_the_end_what_lsprotocol_declares() -> None:
    """Fields, their types, defaults and validators, comparing and matching are all the same."""
    stock = _python(DESCRIBE)
    ours = _python("from glm_lsp.lsp.wire.serve import prepare; prepare()", DESCRIBE)
    assert len(stock.splitlines()) > 500
    assert ours == stock


def test_values_are_made_compared_read_and_written_as_ever() -> None:
    """A value is made, refused, compared, matched, read and written as lsprotocol does it."""
    use = """
    import attrs
    from lsprotocol import converters, types

    try:
        types.Position(-1, 0)
    except ValueError as error:
        print(error)
    here = types.Range(types.Position(0, 1), types.Position(character=4, line=3))
    print(here == types.Range(types.Position(0, 1), types.Position(3, 4)))
    print(types.Position(0, 1) < here.end)
    print(attrs.evolve(here, start=here.end) == here)
    match here:
        case types.Range(start=types.Position(line, column)):
            print(line, column)
    converter = converters.get_converter()
    raw = {"range": converter.unstructure(here), "newText": "x"}
    print(converter.structure(raw, types.TextEdit) == types.TextEdit(here, "x"))
    print(converter.unstructure(types.TextEdit(here, "x")))
    """
    ours = _python("from glm_lsp.lsp.wire.serve import prepare; prepare()", use)
    assert ours == _python(use)
    assert "3" in ours


def test_a_type_is_not_made_before_it_is_used() -> None:
    """The start pays for the types that it uses, not for all."""
    counts = """
    from glm_lsp.lsp.wire.serve import prepare; prepare()
    from lsprotocol import types
    made = lambda: sum(
        isinstance(vars(c).get("__attrs_attrs__"), tuple) for c in vars(types).values()
        if isinstance(c, type)
    )
    print(made())
    types.Position(0, 0)
    print(made())
    """
    assert _python(counts).split() == ["0", "1"]


def test_threads_that_come_at_once_find_one_finished_class() -> None:
    """Whichever thread comes first has a class finished; none sees half of one."""
    race = """
    from glm_lsp.lsp.wire.serve import prepare; prepare()
    import sys, threading
    from lsprotocol import types
    sys.setswitchinterval(1e-6)
    start = threading.Barrier(8)
    def work():
        start.wait()
        for cls in (types.Position, types.TextEdit, types.Diagnostic, types.CodeAction):
            try:
                cls()
            except TypeError as error:
                assert "required positional argument" in str(error), error
    threads = [threading.Thread(target=work) for _ in range(8)]
    threading.excepthook = lambda args: print(args.exc_value)
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    """
    assert _python(race) == ""


def test_what_is_rehearsed_is_not_written_when_it_is_needed() -> None:
    """Reading the first request and writing its answer takes no code that must be made first."""
    first = """
    from glm_lsp.lsp.wire.serve import prepare; prepare()
    import builtins
    from glm_lsp.lsp.wire.converter import make_converter, rehearse
    from lsprotocol import types

    converter = make_converter()
    rehearse(converter, [types.TEXT_DOCUMENT_CODE_ACTION])
    written, compile_ = [], builtins.compile
    builtins.compile = lambda *given, **more: written.append(given[1]) or compile_(*given, **more)
    zero = {"line": 0, "character": 0}
    problem = {"range": {"start": zero, "end": zero}, "message": "m", "data": [{"a": 1}]}
    asked = {"textDocument": {"uri": "file:///a"}, "range": problem["range"]}
    raw = {**asked, "context": {"diagnostics": [problem], "only": ["quickfix"]}}
    params = converter.structure(raw, types.CodeActionParams)
    command = types.Command("t", "c", arguments=[{"uri": "u", "range": {"start": zero}, "n": [1]}])
    action = types.CodeAction("t", diagnostics=params.context.diagnostics, command=command)
    converter.unstructure([action])
    print(written)
    """
    assert _python(first) == "[]\n"


def _python(*code: str) -> str:
    """Run pieces of code in a process of their own; return what it printed."""
    command = [sys.executable, "-c", "\n".join(dedent(piece) for piece in code)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
