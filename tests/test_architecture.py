"""ARCHITECTURE.md says what is so: its paths, its layers, its values, and what a tool can see."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "glm_lsp"
PAGE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "samples" not in path.parts)
FOLDERS = {path.parent for path in MODULES}

_FENCE = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"`([\w./]+)`")
_PATH = re.compile(r"(?:[\w-]+/)+|(?:[\w-]+/)*[\w-]+\.(?:py|md|ts|lua|yml|toml)")

# Where the time of day and the environment are read; everywhere else they are parameters.
EDGES = (
    *("cli.py", "app.py", "commands/usage.py", "completion/statistics.py", "demo/editor.py"),
    "evaluation/drive.py",  # Starts the server that it measures.
    "context/git.py",  # What git is started with.
    *("llm/certificates.py", "llm/proxies.py"),  # As OpenSSL and HTTP libraries do.
)


def block(start: str) -> str:
    """Return the block of the page that begins with a word."""
    blocks: list[str] = _FENCE.findall(PAGE)
    return next(found for found in blocks if found.lstrip().startswith(start))


def mapped() -> set[Path]:
    """Return what the code map names, each under the folder it is indented to."""
    found: set[Path] = set()
    parents: list[tuple[int, Path]] = [(-1, ROOT)]
    for line in block("glm_lsp/").splitlines():
        depth = len(line) - len(line.lstrip())
        names, *_ = line.strip().split("  ")
        if not all(_PATH.fullmatch(name) for name in names.split()):
            continue  # A description goes on.
        while parents[-1][0] >= depth:
            parents.pop()
        paths = [parents[-1][1] / name for name in names.split()]
        found.update(paths)
        parents.append((depth, paths[-1]))
    return found


def test_everything_on_the_map_exists() -> None:
    """Each folder and file of the code map is there, under the folder it is indented to."""
    assert {path for path in mapped() if not path.exists()} == set()


def test_every_folder_is_on_the_map() -> None:
    """Each folder of glm_lsp with code in it has its line, and so has each file beside them."""
    tops = {path for path in PACKAGE.glob("*.py") if path.name != "__init__.py"}
    assert (FOLDERS | tops) - mapped() == set()


def test_every_path_and_class_named_exists() -> None:
    """What stands in backticks is a path of the repository, or a name that the code defines."""
    defined = {name for path in MODULES for name in definitions(path)}
    names = set(_NAMED.findall(_FENCE.sub("", PAGE)))
    names = {name for name in names if not name.startswith("glm/")}  # Messages of our own.
    paths = {name for name in names if "/" in name or _PATH.fullmatch(name)}
    assert {path for path in paths if not places(path)} == set()
    classes = {name for name in names - paths if re.fullmatch(r"(?:[A-Z][a-z]+)+", name)}
    assert classes - defined == set()


def places(name: str) -> list[Path]:
    """Return what a path in the text may mean: of the repository, or within the package."""
    found = [ROOT / name] if (ROOT / name).exists() else []
    stem = name.strip("/").removesuffix(".py")
    return [
        *found,
        *(p for p in (PACKAGE, *FOLDERS) if (p / stem).is_dir() or (p / f"{stem}.py").is_file()),
    ]


def definitions(path: Path) -> set[str]:
    """Return the names that a module defines at its top level."""
    body = ast.parse(path.read_text("utf-8")).body
    found = {node.name for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    assigned = (node.targets for node in body if isinstance(node, ast.Assign))
    return found | {t.id for targets in assigned for t in targets if isinstance(t, ast.Name)}


def test_values_are_defined_where_the_table_says() -> None:
    """Each value that crosses rooms is defined in the module, or the folder, beside it."""
    rows = re.findall(r"^\| (`[^|]+`) \| `([^|`]+)` \|", PAGE, re.MULTILINE)
    assert rows
    for names, where in rows:
        place = PACKAGE / where
        modules = sorted(place.rglob("*.py")) if place.is_dir() else [place]
        defined = {name for module in modules for name in definitions(module)}
        assert set(_NAMED.findall(names)) - defined == set(), where


def test_the_glossary_leads_to_its_words() -> None:
    """Each module of docs/glossary.md exists, and defines the name beside it."""
    glossary = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    rows = re.findall(r"\| `([\w/]+\.py)`(?: `(\w+)`)? \|$", glossary, re.MULTILINE)
    assert len(rows) > 50
    lost = [row for row in rows if not (PACKAGE / row[0]).is_file()]
    assert lost == []
    wrong = [
        (path, name) for path, name in rows if name and name not in definitions(PACKAGE / path)
    ]
    assert wrong == []


def test_one_name_means_one_thing() -> None:
    """No class has the name of another, but for interfaces and what implements them."""
    modules: dict[str, set[str]] = {}
    for path in MODULES:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules.setdefault(node.name, set()).add(path.relative_to(PACKAGE).as_posix())
    twice = {name for name, found in modules.items() if len(found) > 1}
    assert twice - {"Definition", "Grammar"} == set()  # `editing/answer` says what it needs.


def test_files_and_functions_can_be_seen_at_once() -> None:
    """No file is over 350 lines and no function over 50; ruff holds the number of branches."""
    long = []
    for path in MODULES:
        source = path.read_text("utf-8")
        long += [path.name] if source.count("\n") > 350 else []
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                long += [f"{path.name}: {node.name}"] if lines > 50 else []
    assert long == []


def test_the_layers_are_those_that_import_linter_holds() -> None:
    """The line of the layers is the contract of pyproject.toml."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    house = r'containers = \["glm_lsp"\]\nexhaustive = true\nlayers = \[\n(.*?)\n\]'
    contract = re.search(house, project, re.DOTALL)
    assert contract is not None
    layers = re.findall(r'"([^"]+)"', contract.group(1))
    line = " ".join(block("cli").split())
    assert line.split(" > ") == [layer for layer in layers if layer != "__main__"]


def test_nothing_at_module_level_changes() -> None:
    """No function rebinds or fills what its module holds: clients of a process share no state."""
    assert {path: names for path in MODULES if (names := changed(path))} == {}


def changed(path: Path) -> set[str]:
    """Return what a module holds that something in it changes."""
    tree = ast.parse(path.read_text("utf-8"))
    held = {name for name in definitions(path) if name.upper() == name or name.startswith("_")}
    rebound = {n for node in ast.walk(tree) if isinstance(node, ast.Global) for n in node.names}
    return rebound | (held & {name for node in ast.walk(tree) for name in _changes(node)})


def test_a_global_that_changes_is_seen(tmp_path: Path) -> None:
    """The test before this one would notice."""
    module = tmp_path / "a.py"
    ways = ("SEEN[1] = 2", "SEEN.add(1)", "global SEEN; SEEN = 2", "del SEEN[0]", "SEEN[0] += 1")
    for way in ways:
        module.write_text(f"SEEN = made()\n\ndef run():\n    {way}\n")
        assert changed(module) == {"SEEN"}, way
    module.write_text("SEEN = made()\n\ndef run():\n    return SEEN[0]\n")
    assert changed(module) == set()


def _changes(node: ast.AST) -> set[str]:
    """Return the names whose value a statement changes in place."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign | ast.Delete):
        targets = node.targets
    elif isinstance(node, ast.AugAssign):
        targets = [node.target]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        fills = ("append", "extend", "insert", "add", "update", "setdefault", "pop", "clear")
        targets = [node.func] if node.func.attr in fills else []
    inner = [t.value for t in targets if isinstance(t, ast.Subscript | ast.Attribute)]
    return {value.id for value in inner if isinstance(value, ast.Name)}


def test_time_and_environment_are_parameters() -> None:
    """Only the edges of the program read the clock on the wall, or the environment."""
    reads = re.compile(r"time\.time\(\)|datetime\.now\(|os\.environ|os\.getenv")
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if reads.search(path.read_text("utf-8"))
    }
    assert found - set(EDGES) == set()
