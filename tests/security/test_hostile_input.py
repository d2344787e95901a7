"""What an editor, or a document in it, can send that freezes the server or fills its memory.

A test here fails when the server no longer answers; how long its loop is kept is measured by
`tests/bench/security.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.gateway import chat_stream
from tests.lsp_floor.client import ServerError, notification, request
from tests.security.rig import (
    CODE,
    attacks,
    bodies,
    fenced,
    filled,
    memory,
    position,
    prompt,
    serving,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway import Gateway
    from tests.security.rig import Rig

BLANKS = " " * 2_000
DEEP = 20_000

LINES: dict[str, tuple[str, str]] = {
    "hash": ("A comment of 2,000 blanks.", f"#{BLANKS}x{BLANKS}y"),
    "slashes": ("A comment of 2,000 blanks, in C.", f"//{BLANKS}x{BLANKS}y"),
    "dashes": ("A comment of 2,000 blanks, in SQL.", f"-- {BLANKS}x{BLANKS}y"),
    "html": ("A comment of 2,000 blanks, in HTML.", f"<!--{BLANKS}x{BLANKS}--"),
    "block": ("A comment of 2,000 blanks, in CSS.", f"/*{BLANKS}x{BLANKS}*"),
    "semicolons": ("A comment of 2,000 marks, in Lisp.", f"{';' * 4_000}{BLANKS}x{BLANKS}\\"),
    "percents": ("A comment of 2,000 marks, in TeX.", f"{'%' * 4_000}{BLANKS}"),
    "blanks": ("A line of 100,000 blanks.", " " * 100_000),
    "tabs": ("A line of blanks and tabs.", " \t" * 50_000),
    "letters": ("A line of 100,000 letters.", "a" * 100_000),
    "dots": ("A line of 100,000 dots.", "." * 100_000),
    "quotes": ("A line of 100,000 quotes.", "'\"" * 50_000),
    "backslashes": ("A line of 100,000 backslashes.", "\\" * 100_000),
    "brackets": ("A line of 20,000 brackets.", "(" * DEEP),
    "pairs": ("A line of 20,000 nested pairs.", "(" * DEEP + ")" * DEEP),
    "words": ("A line of 50,000 words.", "a, " * 50_000),
    "imports": ("An import of 50,000 names.", "from a import (" + "b, " * 50_000),
    "calls": ("A line of nested calls.", "f(" * DEEP + "1" + ")" * DEEP),
    "marks": ("A line of angle brackets.", "<" * 100_000),
    "strings": ("A line of triple quotes.", '"""' * 30_000),
    "commas": ("A line of commas and blanks.", " ," * 50_000),
}  # fmt: skip


@attacks("line", LINES)
def test_a_line_that_is_slow_to_match(
    sentence: str, line: str, shared: tuple[Rig, Gateway]
) -> None:
    """A file has a line that some patterns are slow at: menu, completion and action go on."""
    rig, gateway = shared
    uri = rig.open("file:///project/slow.py", f"{CODE}\n{line}\nx = ")
    text = rig.buffers[uri]
    at = text.index(line[:100], len(CODE)) + min(40, len(line) - 1)
    where = {"start": position(text, at), "end": position(text, at)}
    params = {"textDocument": {"uri": uri}, "range": where, "context": {"diagnostics": []}}
    rig.client.call("textDocument/codeAction", params, 8)
    gateway.script(filled("1"))
    rig.complete(uri)
    gateway.script(chat_stream("Fine."))
    rig.ask(uri, range=where)
    assert rig.status()["jobs"] == [], sentence


WRITTEN: dict[str, tuple[str, str]] = {
    "blanks": ("It writes 50,000 blanks.", " " * 50_000),
    "fences": ("It writes 10,000 fences.", "```\n" * 10_000),
    "ticks": ("It writes 50,000 ticks on a line.", "`" * 50_000),
    "quotes": ("It quotes deeply.", "> " * 20_000),
    "lists": ("It lists deeply.", "- " * 20_000),
    "numbers": ("It numbers 20,000 lines.", "".join(f"{n}| x\n" for n in range(20_000))),
    "dots": ("It leaves out 20,000 times.", "...\n" * 20_000),
    "dots-line": ("It leaves out on one line.", "... " * 20_000),
    "marks": ("It writes 5,000 patch marks.", "<<<<<<< SEARCH\n=======\n>>>>>>> REPLACE\n" * 5_000),
    "hunks": ("It writes 5,000 hunks.", "@@ -1,1 +1,1 @@\n-a\n+b\n" * 5_000),
    "think": ("It thinks in 5,000 tags.", "<think>" * 5_000),
    "tags": ("It opens 5,000 tags.", "<code " * 5_000),
    "prose": ("It writes a sentence of 20,000 words.", "word " * 20_000),
    "cjk": ("It writes 50,000 Chinese letters.", "\u4e2d" * 50_000),
    "imports": ("It wants 10,000 imports.", "+import: import a\n" * 10_000),
    "defs": ("It defines 3,000 functions.", "def area(width, height):\n    return 1\n\n" * 3_000),
    "brackets": ("It writes 20,000 brackets.", "(" * 20_000),
    "same": ("It repeats a line of the target 10,000 times.", "    return result\n" * 10_000),
    "underscores": ("It writes 50,000 underscores.", "_" * 50_000),
    "letters-marks": ("It writes letters and marks in turn.", "a-" * 25_000),
    "entities": ("It writes 20,000 entities.", "&amp;" * 20_000),
    "escapes": ("It writes 20,000 escapes.", "\\n\\t" * 10_000),
}  # fmt: skip


@attacks("text", WRITTEN)
def test_an_answer_that_is_slow_to_read(
    sentence: str, text: str, shared: tuple[Rig, Gateway]
) -> None:
    """A model's answer is slow to read: the server answers others, and the action ends."""
    rig, gateway = shared
    for reply in (fenced(text), chat_stream(text, chunk=50_000)):
        gateway.script(reply)
        uri = rig.open("file:///project/area.py")
        rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, "undefined")])
    assert rig.status()["jobs"] == [], sentence


def _many(rig: Rig, uri: str, count: int, message: str) -> list[Any]:
    return [rig.problem(uri, f"{message} {n}") for n in range(count)]


def test_a_thousand_diagnostics(shared: tuple[Rig, Gateway]) -> None:
    """A linter reports 1,000 problems with long messages: menu and prompt stay of a size."""
    rig, gateway = shared
    uri = rig.open("file:///project/area.py")
    problems = _many(rig, uri, 1_000, "bad " * 500)
    entries = rig.menu(uri, "heigth", problems)
    assert len(entries) < 100
    assert len(str(entries)) < 500_000
    rig.ask(uri, "fix", "heigth", diagnostics=problems)
    rig.ask(uri, "fix", "heigth", diagnostics=problems, all=True)
    assert gateway.requests
    assert all(len(one.content) < 200_000 for one in gateway.requests)


def test_many_places_of_diagnostics(shared: tuple[Rig, Gateway]) -> None:
    """Problems stand on 1,000 lines of a large file: “fix all” asks within bounds."""
    rig, gateway = shared
    text = "".join(f"def f{n}(a):\n    return heigth{n}\n\n\n" for n in range(1_000))
    uri = rig.open("file:///project/many.py", text)
    problems = [rig.problem(uri, f"undefined {n}", f"heigth{n}\n") for n in range(1_000)]
    gateway.script(fenced("x = 1\n"))
    rig.ask(uri, "fix", "heigth1\n", diagnostics=problems, all=True)
    assert all(len(one.content) < 400_000 for one in gateway.requests)


def test_a_file_of_one_line(home: Path, gateway: Gateway) -> None:
    """A file of 20 MB on one line is opened, edited and asked about: the server goes on."""
    with serving(home, gateway, level="error") as rig:
        rig.status()
        before = memory(rig.client.process.pid)
        uri = rig.open("file:///project/data.js", "var a='" + "x" * 20_000_000 + "';", "javascript")
        rig.status()
        for version in range(2, 22):
            rig.client.change(uri, version, ((0, 10_000, 0, 10_000), "y"))
        params = {
            "textDocument": {"uri": uri},
            "position": {"line": 0, "character": 10_010},
            "context": {"triggerKind": 1},
        }
        rig.client.call("textDocument/inlineCompletion", params, 8)
        where = {"start": params["position"], "end": params["position"]}
        assert rig.ask(uri, range=where) == "This file is too long for GLM: ask in a shorter one."
        assert rig.shown().count("data.js has more than 4 million characters") == 1
        assert not gateway.requests
        assert memory(rig.client.process.pid) - before < 64 * 2**20


def test_a_long_line_that_is_held(home: Path, gateway: Gateway) -> None:
    """A file has a line of 3 MB: it is typed in, and asked about within bounds."""
    with serving(home, gateway, level="error") as rig:
        rig.status()
        before = memory(rig.client.process.pid)
        uri = rig.open("file:///project/data.js", f"var a='{'x' * 3_000_000}';", "javascript")
        for version in range(2, 12):
            rig.client.change(uri, version, ((0, 10_000, 0, 10_000), "y"))
        where = {"line": 0, "character": 10_005}
        rig.ask(uri, range={"start": where, "end": where})
        assert "This is too much code for one question" in rig.shown()
        assert len(bodies(gateway)) < 500_000
        assert memory(rig.client.process.pid) - before < 64 * 2**20


def test_a_file_that_becomes_too_long(home: Path, gateway: Gateway) -> None:
    """20 MB are pasted into a file: nothing of its old text is used; opened anew, it is served."""
    with serving(home, gateway, level="error") as rig:
        uri = rig.open("file:///project/area.py")
        rig.client.change(uri, 2, ((0, 0, 0, 0), "#" * 20_000_000))
        assert "too long" in rig.ask(uri)
        assert not gateway.requests
        rig.open(uri)
        assert not rig.ask(uri)
        assert CODE.rstrip() in prompt(gateway)


def test_a_file_that_grows_too_long(home: Path, gateway: Gateway) -> None:
    """Pastes of a megabyte each come to more than is held: the file is left out."""
    with serving(home, gateway, level="error") as rig:
        uri = rig.open("file:///project/area.py")
        for version in range(2, 8):
            rig.client.change(uri, version, ((0, 0, 0, 0), "#" * 1_000_000))
        assert "too long" in rig.ask(uri)
        assert not gateway.requests


def test_a_question_of_20_mb(shared: tuple[Rig, Gateway]) -> None:
    """A client asks in 20 MB of words: it is answered that this is too much."""
    rig, gateway = shared
    uri = rig.open("file:///project/area.py")
    assert "too much" in rig.ask(uri, "edit", "heigth", instruction="do it " * 4_000_000)
    assert not gateway.requests


def test_a_long_instruction(shared: tuple[Rig, Gateway]) -> None:
    """A comment of 20 lines of 50,000 characters asks for something: the prompt stays of a size."""
    rig, gateway = shared
    comment = "".join(f"# {'do it ' * 8_000}\n" for _ in range(20))
    uri = rig.open("file:///project/area.py", f"{comment}{CODE}")
    entry = next(a for a in rig.menu(uri, "do it ") if "comment" in a["title"])
    assert len(str(entry)) < 50_000
    rig.ask(uri, "edit", "heigth", instruction="do it " * 200_000)
    assert all(len(one.content) < 400_000 for one in gateway.requests)


def test_a_long_name(shared: tuple[Rig, Gateway]) -> None:
    """A file's name has a million characters: titles and prompts do not."""
    rig, gateway = shared
    rig.ask(rig.open(f"file:///project/{'a' * 1_000_000}.py"))
    assert all(len(one.content) < 100_000 for one in gateway.requests)
    assert len(rig.shown()) < 100_000


def test_a_deep_expression(shared: tuple[Rig, Gateway]) -> None:
    """Code is nested 20,000 times: it is explained, or refused, and the server goes on."""
    rig, _ = shared
    text = "x = " + "[" * DEEP + "]" * DEEP + "\n"
    uri = rig.open("file:///project/deep.py", text)
    rig.ask(uri, "refactor", "x = ")
    rig.ask(uri, "document", "x = ")
    assert rig.status()["jobs"] == []


FRAMES: dict[str, tuple[str, bytes]] = {
    "deep": ("JSON is nested 100,000 times.", b"[" * 100_000),
    "deep-params": ("Params are nested.", b'{"jsonrpc":"2.0","method":"x","params":' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
    "digits": ("A number has 100,000 digits.", b'{"jsonrpc":"2.0","id":' + b"9" * 100_000 + b',"method":"shutdown"}'),
    "infinity": ("An id is infinite.", b'{"jsonrpc":"2.0","id":1e999,"method":"glm"}'),
    "utf8": ("The bytes are no UTF-8.", b'{"jsonrpc":"2.0","method":"\xff\xfe"}'),
    "list": ("It is a batch.", b'[{"jsonrpc":"2.0","id":1,"method":"shutdown"}]'),
    "id-object": ("An id is an object.", b'{"jsonrpc":"2.0","id":{},"method":"shutdown"}'),
    "method-number": ("A method is a number.", b'{"jsonrpc":"2.0","id":7000,"method":1}'),
    "result": ("An answer is to nothing that was asked.", b'{"jsonrpc":"2.0","id":424242,"result":{}}'),
    "long-method": ("A method's name has a megabyte.", b'{"jsonrpc":"2.0","id":7001,"method":"' + b"x" * 2**20 + b'"}'),
}  # fmt: skip


@attacks("body", FRAMES)
def test_a_frame_that_is_no_message(
    sentence: str, body: bytes, shared: tuple[Rig, Gateway]
) -> None:
    """A frame holds no message that LSP knows: the server answers the next one."""
    rig, _ = shared
    rig.client.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    assert rig.status()["jobs"] == [], sentence
    assert len(str(rig.client.received)) < 100_000, sentence


PARAMS: dict[str, tuple[str, str, Any]] = {
    "position": ("A position is far behind the end.", "textDocument/inlineCompletion", {"position": {"line": 2**31 - 1, "character": 2**31 - 1}}),
    "negative": ("A position is negative.", "textDocument/inlineCompletion", {"position": {"line": -5, "character": -5}}),
    "huge": ("A position has 40 digits.", "textDocument/inlineCompletion", {"position": {"line": 10**40, "character": 0}}),
    "text": ("A position is a text.", "textDocument/inlineCompletion", {"position": "0:0"}),
    "reversed": ("A range ends before it begins.", "textDocument/codeAction", {"range": {"start": {"line": 9, "character": 0}, "end": {"line": 0, "character": 0}}}),
    "command": ("A command's argument is a list.", "workspace/executeCommand", {"command": "glm.fix", "arguments": [[[]]]}),
    "uri": ("A URI is a number.", "workspace/executeCommand", {"command": "glm.fix", "arguments": [{"uri": 1}]}),
    "diagnostics": ("Diagnostics are a text.", "workspace/executeCommand", {"command": "glm.fix", "arguments": [{"uri": "file:///project/area.py", "diagnostics": "x"}]}),
    "job": ("A job's name is a path.", "workspace/executeCommand", {"command": "glm.cancel", "arguments": [{"job": "../../x"}]}),
    "content": ("A virtual document's name is a path.", "workspace/textDocumentContent", {"uri": "glm:/explanation/../../etc/passwd"}),
    "dunder": ("A command is a name of Python's.", "workspace/executeCommand", {"command": "__class__", "arguments": [{"__class__": 1}]}),
}  # fmt: skip


@attacks("method, params", PARAMS)
def test_params_that_are_wrong(
    sentence: str, method: str, params: Any, shared: tuple[Rig, Gateway]
) -> None:
    """A request's params are wrong: it is answered, and the server goes on."""
    rig, _ = shared
    uri = rig.open("file:///project/area.py")
    given = {"textDocument": {"uri": uri}, "context": {"triggerKind": 1, "diagnostics": []}}
    try:
        answer = rig.client.call(method, {**given, **params}, 8)
    except ServerError as error:
        assert "Traceback" not in error.message, sentence
        assert len(error.message) < 1_000, sentence
    else:
        assert "root:" not in str(answer), sentence
    rig.idle()


def test_a_flood_of_messages(shared: tuple[Rig, Gateway]) -> None:
    """A client sends 100,000 notifications at once: the server takes them, and answers."""
    rig, _ = shared
    rig.client.send(*[notification("$/cancelRequest", {"id": n}) for n in range(50_000)])
    rig.client.send(*[notification("$/setTrace", {"value": "verbose"}) for _ in range(50_000)])
    assert rig.status()["jobs"] == []


def test_a_flood_of_questions(home: Path, gateway: Gateway) -> None:
    """A client asks 300 times at once: the questions wait in a line that has an end."""
    with serving(home, gateway, level="error") as rig:
        uri = rig.open("file:///project/area.py")
        params = {"command": "glm.explain", "arguments": [{"uri": uri}]}
        rig.client.send(
            *[request(10_000 + n, "workspace/executeCommand", params) for n in range(300)]
        )
        assert len(rig.status()["jobs"]) < 100
        rig.client.call("workspace/executeCommand", {"command": "glm.cancel", "arguments": [{}]})
        rig.idle()


def test_options_of_a_wrong_kind(home: Path, gateway: Gateway) -> None:
    """A workspace's options are nested, huge or of the wrong kind: the server starts."""
    deep: Any = {}
    for _ in range(300):
        deep = {"context": deep}
    for options in (
        [1, 2],
        "text",
        7,
        deep,
        {"x" * 100_000: 1},
        {"models": {"actions": "m" * 10**6}},
    ):
        with serving(home, gateway, options=options) as rig:
            rig.ask(rig.open("file:///project/area.py"))
            assert len(rig.shown()) < 50_000


def test_the_prompt_is_read_by_nobody_else(shared: tuple[Rig, Gateway]) -> None:
    """The attacks above mean something: an ordinary question is asked whole."""
    rig, gateway = shared
    rig.ask(rig.open("file:///project/area.py"))
    assert CODE.rstrip() in prompt(gateway)
