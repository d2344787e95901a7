"""What an action is about, as text in, text out.

`┃` marks the cursor, two of them a selection; the expected text is the target.
"""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glm_lsp.context import scope
from glm_lsp.context.scope import MOST_LINES, enclosing, imports
from glm_lsp.text import Snapshot, Span, Text, split_lines

NO_GRAMMAR = "haskell"


def check(language: str, marked: str, expected: str, name: str | None = None) -> None:
    """Compare the target of a marked selection with what it should be."""
    start, *middle, rest = marked.split("┃")
    chosen = "".join(middle)
    snapshot = Snapshot("file:///a", 1, language, Text.of(start + chosen + rest))
    found = enclosing(snapshot, Span(len(start), len(start) + len(chosen)))
    assert snapshot.slice(found.span) == expected
    assert name is None or found.name == name


def block(text: str) -> str:
    """Return an indented triple-quoted text as it is meant, without its last line end."""
    return dedent(text).strip("\n")


PYTHON = block(
    '''
    import os
    import sys

    LIMIT = 10
    OTHER = [
        1,
        2,
    ]


    @cache
    @other("größe")
    def größe(breite, höhe):
        """Größe: 📐."""
        summe = breite

        if höhe:
            summe *= höhe
        return summe


    class Form:
        """A form."""

        kind = "é"

        @property
        def name(self):
            return self.kind

        async def load(self):
            def inner():
                return 1

            return inner()
    '''
)
GROESSE = PYTHON[PYTHON.index("@cache") : PYTHON.index("\n\n\nclass")]
NAME = "    @property\n    def name(self):\n        return self.kind"
LOAD = PYTHON[PYTHON.index("    async def") :]
INNER = "        def inner():\n            return 1"
FORM = PYTHON[PYTHON.index("class Form") :]


@pytest.mark.parametrize(
    ("place", "expected", "name"),
    [
        pytest.param("summe ┃*= höhe", GROESSE, "größe", id="in a function"),
        pytest.param("┃summe = breite", GROESSE, "größe", id="at a first word"),
        pytest.param("summe = breite┃", GROESSE, "größe", id="at a line's end"),
        pytest.param("breite\n┃\n", GROESSE, "größe", id="on a blank line inside"),
        pytest.param("@ca┃che", GROESSE, "größe", id="on a decorator"),
        pytest.param("┃@cache", GROESSE, "größe", id="before a decorator"),
        pytest.param("return summe┃", GROESSE, "größe", id="at a function's last character"),
        pytest.param("📐┃.", GROESSE, "größe", id="after an emoji"),
        pytest.param("┃@cache\n@other┃", GROESSE, "größe", id="a selection of decorators"),
        pytest.param("breite, ┃höhe):┃", GROESSE, "größe", id="a selection of parameters"),
        pytest.param("return self┃.kind", NAME, "name", id="a decorated method"),
        pytest.param("┃    @property", NAME, "name", id="left of an indented decorator"),
        pytest.param("asy┃nc def load", LOAD, "load", id="an async method"),
        pytest.param("return ┃1", INNER, "inner", id="the innermost function"),
        pytest.param("return inner()┃", LOAD, "load", id="the end of the text"),
        pytest.param("┃kind = ", FORM, "Form", id="a class's own line"),
        pytest.param("class ┃Form", FORM, "Form", id="a class's name"),
        pytest.param("LIM┃IT", "LIMIT = 10", "", id="a statement of the module"),
        pytest.param("OT┃HER", "OTHER = [\n    1,\n    2,\n]", "", id="the whole statement"),
        pytest.param("1┃,\n", "    1,", "", id="an element on its own line"),
        pytest.param(
            "┃import sys\n\nLIM┃IT", "import sys\n\nLIMIT = 10", "", id="several statements"
        ),
        pytest.param(
            "┃import os\n┃import sys", "import os", "", id="whole lines, the line end included"
        ),
    ],
)
def test_python(place: str, expected: str, name: str) -> None:
    """The target is the smallest definition around the place, with its decorators."""
    plain = place.replace("┃", "")
    assert PYTHON.count(plain) == 1 or place == "return ┃1"
    at = PYTHON.index(plain)
    check("python", PYTHON[:at] + place + PYTHON[at + len(plain) :], expected, name)


TYPESCRIPT = block(
    """
    import { a } from "./a";

    export interface Größe { breite: number }

    // Ünïcödé
    export const area = async (w: number): Promise<number> => {
      const half = w / 2;
      return half;
    };

    const one = 1;

    @Injectable()
    export class Box<T> {
      private items: T[] = [];

      get(index: number): T {
        return this.items.find((item) => item === index);
      }
    }

    export default function main() {
      run(function () { return 1; });
    }
    """
)
AREA = TYPESCRIPT[TYPESCRIPT.index("export const") : TYPESCRIPT.index("\n\nconst one")]
GET = "  get(index: number): T {\n    return this.items.find((item) => item === index);\n  }"
BOX = TYPESCRIPT[TYPESCRIPT.index("@Injectable") : TYPESCRIPT.index("\n\nexport default")]
MAIN = TYPESCRIPT[TYPESCRIPT.index("export default") :]


@pytest.mark.parametrize(
    ("place", "expected", "name"),
    [
        pytest.param("w ┃/ 2", AREA, "area", id="arrow function"),
        pytest.param("half = ┃w / 2;\n  return┃ half", AREA, "area", id="selection in it"),
        pytest.param("this.┃items.find", GET, "get", id="method, not the arrow inside"),
        pytest.param("private ┃items", BOX, "Box", id="class with its decorator"),
        pytest.param("run(┃function", MAIN, "main", id="exported default function"),
        pytest.param("export┃ const area", AREA, "area", id="on export itself"),
        pytest.param("const o┃ne", "const one = 1;", "", id="a constant is no function"),
        pytest.param(
            "br┃eite", "export interface Größe { breite: number }", "Größe", id="interface"
        ),
        pytest.param("// Ü┃nï", "// Ünïcödé", "", id="comment"),
    ],
)
@pytest.mark.parametrize("language", ["typescript", "typescriptreact"])
def test_typescript(language: str, place: str, expected: str, name: str) -> None:
    """`export`, decorators and the constant that holds a function belong to the target."""
    plain = place.replace("┃", "")
    at = TYPESCRIPT.index(plain)
    check(language, TYPESCRIPT[:at] + place + TYPESCRIPT[at + len(plain) :], expected, name)


@pytest.mark.parametrize(
    ("language", "marked", "expected", "name"),
    [
        pytest.param(
            "typescriptreact",
            "const x = 1;\nexport const App = () => (\n  <div>┃{x}</div>\n);\n",
            "export const App = () => (\n  <div>{x}</div>\n);",
            "App",
            id="tsx",
        ),
        pytest.param(
            "javascriptreact",
            "function App() {\n  return <p>┃é</p>;\n}\nApp();\n",
            "function App() {\n  return <p>é</p>;\n}",
            "App",
            id="jsx",
        ),
        pytest.param(
            "go",
            'package a\n\nimport "fmt"\n\nfunc (t *T) Say() {\n\tfmt.┃Println()\n}\n',
            "func (t *T) Say() {\n\tfmt.Println()\n}",
            "Say",
            id="go method",
        ),
        pytest.param(
            "go",
            "package a\n\ntype T struct {\n\ta┃ int\n}\n",
            "type T struct {\n\ta int\n}",
            "T",
            id="go type",
        ),
        pytest.param(
            "rust",
            "impl S {\n    fn one(&self) -> u8 {\n        ┃1\n    }\n\n    fn two() {}\n}\n",
            "    fn one(&self) -> u8 {\n        1\n    }",
            "one",
            id="rust method",
        ),
        pytest.param(
            "rust",
            "impl S {\n    // ┃ß\n    fn one() {}\n}\n",
            "impl S {\n    // ß\n    fn one() {}\n}",
            "S",
            id="rust impl",
        ),
        pytest.param(
            "c",
            "#include <a.h>\n\nstatic char *name(struct point *p)\n{\n    return ┃p->name;\n}\n",
            "static char *name(struct point *p)\n{\n    return p->name;\n}",
            "name",
            id="c function",
        ),
        pytest.param(
            "c",
            "int f(struct ┃point *p)\n{\n    return p->x;\n}\n",
            "int f(struct point *p)\n{\n    return p->x;\n}",
            "f",
            id="c struct that is only named",
        ),
        pytest.param(
            "c",
            "int f(void)\n{\n    ┃struct point p = {1, 2};\n    return p.x;\n}\n",
            "int f(void)\n{\n    struct point p = {1, 2};\n    return p.x;\n}",
            "f",
            id="c struct in a declaration",
        ),
        pytest.param(
            "c",
            "struct point {\n    int ┃x;\n};\n\nint y;\n",
            "struct point {\n    int x;\n};",
            "point",
            id="c struct",
        ),
        pytest.param(
            "cpp",
            "template <typename T>\nT most(T a, T b) {\n  return ┃a;\n}\n",
            "template <typename T>\nT most(T a, T b) {\n  return a;\n}",
            "most",
            id="c++ template",
        ),
        pytest.param(
            "rust",
            "impl<T: Ord> Show for Größe<T> {\n    ┃type A = T;\n}\n",
            "impl<T: Ord> Show for Größe<T> {\n    type A = T;\n}",
            "Größe",
            id="rust impl of a trait",
        ),
        pytest.param(
            "java",
            "class A {\n  int x;\n\n  @Override\n  public int get() {\n    return ┃x;\n  }\n}\n",
            "  @Override\n  public int get() {\n    return x;\n  }",
            "get",
            id="java method with its annotation",
        ),
        pytest.param(
            "java",
            "class A {\n  A(int ┃x) {\n  }\n}\n",
            "  A(int x) {\n  }",
            "A",
            id="java constructor",
        ),
        pytest.param(
            "csharp",
            "class A\n{\n    int Get()\n    {\n        return ┃1;\n    }\n}\n",
            "    int Get()\n    {\n        return 1;\n    }",
            "Get",
            id="c# method",
        ),
        pytest.param(
            "ruby",
            "class A\n  def b\n    ┃1\n  end\n\n  def self.c\n    2\n  end\nend\n",
            "  def b\n    1\n  end",
            "b",
            id="ruby method",
        ),
        pytest.param(
            "ruby",
            "class A\n  def self.c\n    ┃2\n  end\nend\n",
            "  def self.c\n    2\n  end",
            "c",
            id="ruby singleton method",
        ),
        pytest.param(
            "lua",
            "local M = {}\n\nlocal function add(a, b)\n  return ┃a + b\nend\n\nreturn M\n",
            "local function add(a, b)\n  return a + b\nend",
            "add",
            id="lua local function",
        ),
        pytest.param(
            "lua",
            "function M.add(a)\n  return ┃a\nend\n",
            "function M.add(a)\n  return a\nend",
            "M.add",
            id="lua function in a table",
        ),
        pytest.param(
            "php",
            "<?php\nclass A {\n  function b() {\n    return ┃1;\n  }\n}\n",
            "  function b() {\n    return 1;\n  }",
            "b",
            id="php method",
        ),
        pytest.param(
            "shellscript",
            "set -e\n\nmain() {\n  echo ┃hi\n}\n\nmain\n",
            "main() {\n  echo hi\n}",
            "main",
            id="shell function",
        ),
        pytest.param(
            "json", '{\n  "a": ┃[\n1]\n}\n', '  "a": [\n1]', "", id="json has no definitions"
        ),
    ],
)
def test_languages(language: str, marked: str, expected: str, name: str) -> None:
    """In every language with a grammar the target is the smallest definition."""
    check(language, marked, expected, name)


METHODS = """\
class A:
    x = 1

    def b(self):
        return 1

    def c(self):
        return 2
"""


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        pytest.param(
            METHODS.replace("    def b", "┃    def b").replace("return 2\n", "return 2\n┃"),
            METHODS[METHODS.index("    def b") : -1],
            id="two whole methods",
        ),
        pytest.param(
            METHODS.replace("def b", "┃def b").replace("def c(self)", "d┃ef c(self)"),
            METHODS[:-1],
            id="one method and a piece of the next",
        ),
        pytest.param("┃" + METHODS + "┃\nA()\n", METHODS[:-1], id="a whole class"),
        pytest.param(
            "def a():\n    ┃pass\n\n\ndef b():\n    pa┃ss\n\n\nc = 1\n",
            "def a():\n    pass\n\n\ndef b():\n    pass",
            id="pieces of two functions",
        ),
    ],
)
def test_selections_of_definitions(marked: str, expected: str) -> None:
    """Whole definitions that are selected are the target; cut ones are made whole."""
    check("python", marked, expected)


@pytest.mark.parametrize(
    ("language", "marked", "expected"),
    [
        pytest.param(
            "python",
            "x = 1\r\n\r\n\r\ndef f():\r\n    ┃return 1\r\n",
            "def f():\r\n    return 1",
            id="crlf",
        ),
        pytest.param("python", "x = 1\r\n┃y = 2\r\n┃z = 3", "y = 2", id="crlf line selected"),
        pytest.param(
            NO_GRAMMAR, "f x =\r\n  ┃x + 1\r\n\r\ng y = 2\r\n", "f x =\r\n  x + 1", id="crlf plain"
        ),
        pytest.param("python", "┃", "", id="empty file"),
        pytest.param(NO_GRAMMAR, "┃", "", id="empty plain file"),
        pytest.param("python", "\n┃\n\n", "", id="blank lines alone"),
        pytest.param("python", "x = 1┃", "x = 1", id="the very end"),
        pytest.param("python", "x = 1\n┃", "", id="the line after the last"),
        pytest.param(
            "python", "def f():\n    return 1\n\n\n┃x = 2", "x = 2", id="after a function"
        ),
        pytest.param(NO_GRAMMAR, "a\n  b┃", "a\n  b", id="the very end of a plain file"),
    ],
)
def test_edges(language: str, marked: str, expected: str) -> None:
    """Line ends, empty files and the ends of texts make no difference."""
    check(language, marked, expected)


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        pytest.param(
            "a = 1\n\nf x =\n  let y = x\n  ┃in y\n\ng = 2\n",
            "f x =\n  let y = x\n  in y",
            id="the block above an indented line",
        ),
        pytest.param("f x =\n  x\n\n┃  y\ng = 2\n", "f x =\n  x\n\n  y", id="across a blank line"),
        pytest.param("┃f x =\n  x\n\ng = 2\n", "f x =\n  x", id="a line and what is under it"),
        pytest.param(
            "proc f {\n  ┃a\n}\nproc g {\n}\n", "proc f {\n  a\n}", id="with its closing brace"
        ),
        pytest.param("a\n┃b\n  c┃\nd\n", "b\n  c", id="a selection stays itself"),
        pytest.param("a┃\nb\n", "a", id="one line"),
    ],
)
def test_without_a_grammar(marked: str, expected: str) -> None:
    """Indentation tells what belongs together."""
    check(NO_GRAMMAR, marked, expected)


def test_a_long_definition_is_not_taken_whole() -> None:
    """Beyond the limit of lines the target is the statement, not its huge function."""
    lines = [f"    x{i} = {i}" for i in range(MOST_LINES + 1)]
    text = "\n".join(["def f():", *lines, ""])
    check("python", text.replace("x50 ", "x50┃ "), "    x50 = 50", "")
    check("python", text.replace("x50 = 50", "if┃ x:\n        y"), "    if x:\n        y", "")
    check("python", text.replace("def", "d┃ef"), "def f():", "")
    check(
        NO_GRAMMAR, text.replace("x1 =", "┃x1 =").replace("= 2\n", "= ┃2\n"), "\n".join(lines[1:3])
    )


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        pytest.param("python", PYTHON, ["import os", "import sys"], id="python"),
        pytest.param(
            "python",
            "from __future__ import d\nfrom a import (\n    b,\n)\n\ndef f():\n    import c\n",
            ["from __future__ import d", "from a import (\n    b,\n)"],
            id="those of the module only",
        ),
        pytest.param("typescript", TYPESCRIPT, ['import { a } from "./a";'], id="typescript"),
        pytest.param("go", 'package a\n\nimport "fmt"\n', ["package a", 'import "fmt"'], id="go"),
        pytest.param("rust", "use std::fmt;\nfn f() {}\n", ["use std::fmt;"], id="rust"),
        pytest.param("c", "#include <a.h>\nint x;\n", ["#include <a.h>"], id="c"),
        pytest.param("java", "package a;\nimport b.C;\n", ["package a;", "import b.C;"], id="java"),
        pytest.param("csharp", "using A;\nclass B {}\n", ["using A;"], id="c#"),
        pytest.param("php", "<?php\nuse A\\B;\n", ["use A\\B;"], id="php"),
        pytest.param(NO_GRAMMAR, "import A\n", [], id="no grammar"),
        pytest.param("python", "", [], id="empty"),
    ],
)
def test_imports(language: str, text: str, expected: list[str]) -> None:
    """The imports of a file are its own lines, in order."""
    assert imports(Snapshot("file:///a", 1, language, Text.of(text))) == expected


PIECES = st.sampled_from(
    [
        *("", " ", "    ", "\t", "\n", "\n\n", "\r\n", "\r", "\x0c", "\u2028"),
        *(
            "def f(x):\n",
            "    return x\n",
            "class A:\n",
            "@d\n",
            "x = 1\n",
            "(",
            ")",
            "{",
            "}",
            ":",
        ),
        *("é", "\U0001f600", "\ud800", '"""', "#", "import a\n", "if x:\n        ", "fn f() {\n"),
    ]
)
LANGUAGES = st.sampled_from(["python", "rust", "typescript", "c", "ruby", NO_GRAMMAR])


@given(LANGUAGES, st.lists(PIECES, max_size=25).map("".join), st.integers(0), st.integers(0))
@example("python", "def f():\n    pass\n", 18, 0)
def test_a_target_is_whole_lines_around_the_selection(
    language: str, text: str, start: int, length: int
) -> None:
    """For any text and selection: whole lines, holding all of the selection but white space."""
    start %= len(text) + 1
    selection = Span(start, start + length % (len(text) - start + 1))
    snapshot = Snapshot("file:///a", 1, language, Text.of(text))
    found = scope.enclosing(snapshot, selection).span
    starts, ends, at = set(), set(), 0
    for line in split_lines(text):
        starts.add(at)
        ends.add(at + len(line.rstrip("\r\n")))
        at += len(line)
    assert found.start in starts
    assert found.end in ends
    chosen = snapshot.slice(selection)
    if chosen.strip():
        inside = selection.start + len(chosen) - len(chosen.lstrip())
        assert found.contains(Span(inside, inside + len(chosen.strip())))
