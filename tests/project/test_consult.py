"""What an action is shown of other files: the right definitions, who uses them, and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glm_lsp.languages import language_of_file
from glm_lsp.project.consult import consult
from glm_lsp.project.wanted import Excerpt, Wanted
from tests.project.rig import indexed

if TYPE_CHECKING:
    from pathlib import Path


def written(root: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root.resolve()


def shown(
    root: Path,
    name: str,
    *,
    bodies: bool = False,
    callers: bool = False,
    tests: bool = False,
    style: bool = False,
    characters: int = 24_000,
    lines: tuple[int, int] = (0, 10_000),
    patterns: tuple[tuple[str, ...], ...] = (),
) -> list[Excerpt]:
    path = root / name
    text = path.read_text("utf-8")
    last = min(lines[1], text.count("\n"))
    wanted = Wanted(lines[0], last, bodies, callers, tests, style, characters)
    workspace = indexed(root, patterns=patterns)
    return consult(workspace, str(path), language_of_file(path), text, wanted)


def places(found: list[Excerpt], part: str = "definition") -> set[str]:
    return {f"{each.path}:{each.line + 1}" for each in found if each.part == part}


BASE = "class Base:\n    def save(self): ...\n\n    def load(self): ...\n"
PYTHON: dict[str, tuple[dict[str, str], str, set[str]]] = {
    "an alias": (
        {"a.py": "def run(): ...\n", "b.py": "def run(): ...\n"},
        "from b import run as go\n\n\ndef f():\n    go()\n",
        {"b.py:1"},
    ),
    "a module": (
        {"a.py": "def run(): ...\n", "pkg/__init__.py": "", "pkg/b.py": "\ndef run(): ...\n"},
        "import pkg.b\n\n\ndef f():\n    pkg.b.run()\n",
        {"pkg/b.py:2"},
    ),
    "a star": (
        {"a.py": "def run(): ...\n", "b.py": "def run(): ...\n"},
        "from a import *\n\n\ndef f():\n    run()\n",
        {"a.py:1"},
    ),
    "what a package passes on": (
        {
            "pkg/__init__.py": "from .deep import (\n    run,  # noqa\n)\nfrom .more import *\n",
            "pkg/deep.py": "def run(): ...\n",
            "pkg/more.py": "from .most import walk as stroll\n",
            "pkg/most.py": "def walk(): ...\n",
            "other.py": "def run(): ...\n\n\ndef stroll(): ...\n",
        },
        "from pkg import run, stroll\n\n\ndef f():\n    run()\n    stroll()\n",
        {"pkg/deep.py:1", "pkg/most.py:1"},
    ),
    "a parameter's type": (
        {"a.py": BASE, "b.py": BASE.replace("Base", "Other")},
        "import b\n\n\ndef f(x: 'b.Other | None'):\n    x.save()\n",
        {"b.py:1", "b.py:2"},
    ),
    "a field's constructor, and a base": (
        {"a.py": BASE, "b.py": "from a import Base\n\n\nclass Row(Base): ...\n", "c.py": BASE},
        "from b import Row\n\n\nclass T:\n    def __init__(self):\n        self.row = Row()\n\n"
        "    def f(self):\n        self.row.save()\n",
        {"b.py:4", "a.py:2"},
    ),
    "what is assigned to a field later, from a parameter": (
        {"a.py": BASE, "c.py": BASE.replace("Base", "Other")},
        "from c import Other\n\n\nclass T:\n    def __init__(self, given: Other):\n"
        "        self.row = None\n        self.row = given\n\n"
        "    def f(self):\n        self.row.save()\n",
        {"c.py:1", "c.py:2"},
    ),
    "what a function returns, and a loop": (
        {"a.py": BASE, "c.py": BASE, "b.py": "from a import Base\ndef rows() -> list[Base]: ...\n"},
        "from b import rows\n\n\ndef f():\n    for row in rows():\n        row.load()\n",
        {"b.py:2", "a.py:4"},
    ),
    "an overridden method's super": (
        {"a.py": BASE, "c.py": BASE},
        "from a import Base\n\n\nclass T(Base):\n    def save(self):\n        super().save()\n",
        {"a.py:1", "a.py:2"},
    ),
    "what a collection holds": (
        {"a.py": BASE, "c.py": BASE},
        "from a import Base\n\n\ndef f(rows: dict[str, Base], more: list[Base]):\n"
        "    rows.get('x').save()\n    for row in sorted(more):\n        row.load()\n",
        {"a.py:1", "a.py:2", "a.py:4"},
    ),
    "a check of its class": (
        {"a.py": BASE, "c.py": BASE},
        "from a import Base\n\n\ndef f(x):\n    if isinstance(x, Base):\n        x.save()\n",
        {"a.py:1", "a.py:2"},
    ),
    "what is imported within the function": (
        {"a.py": "def run(): ...\n", "b.py": "def run(): ...\n"},
        "def f():\n    from b import run\n\n    run()\n",
        {"b.py:1"},
    ),
    "a property's class": (
        {
            "a.py": BASE,
            "b.py": "from a import Base\nclass Row:\n    @property\n"
            "    def base(self) -> Base: ...\n",
            "c.py": BASE,
        },
        "from b import Row\n\n\ndef f(x: Row):\n    x.base.save()\n",
        {"b.py:2", "b.py:4", "a.py:2"},
    ),
    "a copy": (
        {"a.py": BASE, "c.py": BASE},
        "import copy\n\nfrom a import Base\n\n\nclass T(Base):\n    def other(self):\n"
        "        new = copy.copy(self)\n        new.load()\n",
        {"a.py:1", "a.py:4"},
    ),
    "a base in a module of a package": (
        {"pkg/__init__.py": "", "pkg/a.py": BASE, "c.py": BASE},
        "from pkg import a\n\n\nclass T(a.Base):\n    def save(self):\n        super().save()\n",
        {"pkg/a.py:1", "pkg/a.py:2"},
    ),
    "a name of the function's own": (
        {"a.py": "def run(): ...\n"},
        "from a import run\n\n\ndef f(run):\n    run()\n",
        set(),
    ),
    "a member of another package's": (
        {"a.py": BASE},
        "import json\n\n\ndef f():\n    json.load('x')\n",
        set(),
    ),
    "a member that few have": (
        {"a.py": BASE},
        "def f(x):\n    x.save()\n",
        {"a.py:2"},
    ),
    "a member that many have": (
        {f"{name}.py": BASE for name in "abcd"},
        "def f(x):\n    x.save()\n",
        set(),
    ),
}


@pytest.mark.parametrize("case", PYTHON)
def test_the_right_definition_of_python(case: str, tmp_path: Path) -> None:
    """Of several definitions of a name the one is shown that is meant, and no other."""
    texts, use, expected = PYTHON[case]
    root = written(tmp_path, {**texts, "use.py": use})
    found = {place for place in places(shown(root, "use.py")) if not place.startswith("use.py")}
    assert found == expected


STORE = "export class Store {\n  save(): void {}\n  get rows(): Row[] { return []; }\n}\n"
ROW = "export interface Row {\n  open(): void;\n}\n"
TYPESCRIPT: dict[str, tuple[dict[str, str], str, set[str]]] = {
    "an alias": (
        {"a.ts": "export function run() {}\n", "b.ts": "export function run() {}\n"},
        "import { run as go } from './b';\nexport function f() { go(); }\n",
        {"b.ts:1"},
    ),
    "what an index passes on": (
        {
            "lib/index.ts": "export * from './deep';\nexport { walk as stroll } from './most';\n",
            "lib/deep.ts": "export const run = () => 1;\n",
            "lib/most.ts": "export function walk() {}\n",
            "a.ts": "export const run = 1;\nexport function stroll() {}\n",
        },
        "import { run, stroll } from './lib';\nexport function f() { run(); stroll(); }\n",
        {"lib/deep.ts:1", "lib/most.ts:1"},
    ),
    "a default, and all of a file": (
        {"a.ts": "export default function run() {}\n", "b.ts": "export function walk() {}\n"},
        "import go from './a.js';\nimport * as b from './b.js';\n"
        "export function f() { go(); b.walk(); }\n",
        {"a.ts:1", "b.ts:1"},
    ),
    "a parameter property, a getter and an array": (
        {"a.ts": f"import {{ Row }} from './b';\n{STORE}", "b.ts": ROW, "c.ts": STORE + ROW},
        "import { Store } from './a';\nexport class T {\n  constructor(private store: Store) {}\n"
        "  f() {\n    for (const row of this.store.rows) { row.open(); }\n  }\n}\n",
        {"a.ts:2", "a.ts:4", "b.ts:2"},
    ),
    "a check by its custom, and a type for `this`": (
        {"a.ts": STORE, "c.ts": STORE},
        "import { Store, isStore } from './a';\nexport function f(x) {\n"
        "  if (isStore(x)) { x.save(); }\n}\n"
        "export function g(this: Store) { this.save(); }\n",
        {"a.ts:1", "a.ts:2"},
    ),
    "what stands behind an error that the grammar makes": (
        {"a.ts": "const f = function g(a, b?): any {\n};\nexport function run() {}\n"},
        "import { run } from './a';\nexport function f() { run(); }\n",
        {"a.ts:3"},
    ),
    "what is made": (
        {"a.ts": STORE, "c.ts": STORE},
        "import { Store } from './a';\nexport function f() {\n  const s = new Store();\n"
        "  s.save();\n}\n",
        {"a.ts:1", "a.ts:2"},
    ),
}


@pytest.mark.parametrize("case", TYPESCRIPT)
def test_the_right_definition_of_typescript(case: str, tmp_path: Path) -> None:
    """The same in TypeScript, with its own ways to pass names on."""
    texts, use, expected = TYPESCRIPT[case]
    root = written(tmp_path, {**texts, "use.ts": use})
    found = {place for place in places(shown(root, "use.ts")) if not place.startswith("use.ts")}
    assert found == expected


def test_a_definition_is_shown_with_its_first_words_and_small_ones_whole(tmp_path: Path) -> None:
    """A head with all its types and its documentation; the body where it is wanted and small."""
    long = "\n".join(f"    a = {n}" for n in range(20))
    texts = {
        "a.py": f'def long(x: int = 1) -> str:\n    """Say it. And more."""\n{long}\n',
        "b.py": "@cached\ndef short(y):\n    return y + 1\n",
        "use.py": "from a import long\nfrom b import short\n\n\ndef f():\n    long(short(1))\n",
    }
    root = written(tmp_path, texts)
    without = {each.path: each.text for each in shown(root, "use.py")}
    assert without["a.py"] == "def long(x: int = 1) -> str:  # Say it."
    assert without["b.py"] == "def short(y):"
    bodies = {each.path: each.text for each in shown(root, "use.py", bodies=True)}
    assert bodies["a.py"] == without["a.py"]
    assert bodies["b.py"] == "def short(y):\n    return y + 1"


def test_callers_are_shown_with_their_function(tmp_path: Path) -> None:
    """Each call that means the definition, and none that means another of its name."""
    texts = {
        "a.py": "def render(x):\n    return x\n",
        "b.py": "import a\n\n\ndef page(y):\n    z = y\n    return a.render(z)\n",
        "c.py": "def render(x): ...\n\n\ndef other():\n    render(1)\n",
        "d.py": "from a import render as r\n\nr(3)\n",
        "tests/test_a.py": "from a import render\n\n\ndef test_it():\n    assert render(1) == 1\n",
    }
    root = written(tmp_path, texts)
    found = shown(root, "a.py", callers=True, tests=True)
    callers = {each.path: each.text for each in found if each.part == "caller"}
    assert callers == {"b.py": "def page(y):\n    ...\n    return a.render(z)"}
    tests = [each.text for each in found if each.part == "test"]
    assert tests == ["def test_it():\n    assert render(1) == 1"]


def test_callers_of_a_method_by_the_types_of_objects(tmp_path: Path) -> None:
    """A method's callers are those whose object is of its class; short names are found, too."""
    texts = {
        "a.py": "class A:\n    def go(self): ...\n",
        "b.py": "class B:\n    def go(self): ...\n",
        "c.py": "from a import A\nfrom b import B\n\n\ndef f(a: A, b: B):\n    a.go()\n"
        "    b.go()\n",
    }
    root = written(tmp_path, texts)
    found = shown(root, "a.py", callers=True, lines=(1, 1))
    assert [each.text for each in found if each.part == "caller"] == [
        "def f(a: A, b: B):\n    a.go()"
    ]


def test_a_constructor_is_called_by_the_name_of_its_class(tmp_path: Path) -> None:
    """Who makes an object calls `__init__`."""
    texts = {
        "a.py": "class Row:\n    def __init__(self, x):\n        self.x = x\n",
        "b.py": "from a import Row\n\n\ndef f():\n    return Row(1)\n",
    }
    root = written(tmp_path, texts)
    found = shown(root, "a.py", callers=True, lines=(1, 2))
    assert [each.text for each in found if each.part == "caller"] == ["def f():\n    return Row(1)"]


def test_a_caller_through_a_base_comes_after_those_that_are_sure(tmp_path: Path) -> None:
    """What calls a base's method may call the one that overrides it."""
    texts = {
        "a.py": "class Base:\n    def go(self): ...\n\n    def all(self):\n        self.go()\n",
        "b.py": "from a import Base\n\n\nclass Row(Base):\n    def go(self): ...\n",
        "c.py": "from b import Row\n\n\ndef f():\n    Row().go()\n",
    }
    root = written(tmp_path, texts)
    found = shown(root, "b.py", callers=True, lines=(4, 4))
    assert [(each.path, each.reason) for each in found if each.part == "caller"] == [
        ("c.py", "uses go"),
        ("a.py", "may use go"),
    ]


def test_the_style_of_tests_is_that_of_the_nearest(tmp_path: Path) -> None:
    """The imports and the shortest test of the file that is named like this one."""
    texts = {
        "pkg/a.py": "def run(): ...\n",
        "tests/test_a.py": "import pytest\n\n\n@pytest.mark.slow\ndef test_long():\n    a = 1\n"
        "    b = 2\n    assert a\n\n\ndef test_short():\n    assert 1\n",
        "pkg/test/a_tools.py": "import os\n\n\ndef render_test(x):\n    return x\n",
        "tests/test_b.py": "import unittest\n\n\ndef test_b():\n    assert 2\n",
    }
    root = written(tmp_path, texts)
    styles = [each for each in shown(root, "pkg/a.py", style=True) if each.part == "style"]
    assert [each.text for each in styles] == ["import pytest\n\ndef test_short():\n    assert 1"]


def test_nothing_of_an_excluded_file_is_shown(tmp_path: Path) -> None:
    """Neither its definitions nor its calls, whatever imports it."""
    texts = {
        "secret.py": "from a import render\n\n\ndef hidden():\n    render(1)\n",
        "a.py": "from secret import hidden\n\n\ndef render(x):\n    hidden()\n",
    }
    root = written(tmp_path, texts)
    assert shown(root, "a.py", callers=True, lines=(3, 4))
    excluded = shown(root, "a.py", callers=True, lines=(3, 4), patterns=(("secret.py",),))
    assert excluded == []


def test_the_characters_asked_for_are_never_exceeded(tmp_path: Path) -> None:
    """Whatever there is, it fits; the same question has the same answer."""
    names = [f"name{n}" for n in range(40)]
    texts = {
        "a.py": "".join(f"def {name}(first, second): ...\n" for name in names),
        "use.py": "from a import *\n\n\ndef f():\n" + "".join(f"    {n}(1, 2)\n" for n in names),
    }
    root = written(tmp_path, texts)
    for most in (0, 100, 500, 1_000):
        found = shown(root, "use.py", characters=most)
        assert sum(len(each.text) + len(each.path) for each in found) <= most
        assert found == shown(root, "use.py", characters=most)
        assert bool(found) == (most > 50)
