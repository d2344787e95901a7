"""Who says what code means, and is not ours: jedi for Python, TypeScript's own server.

Both are fetched into the bench's cache by pip and npm of this machine when they are first needed.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.bench.context.packages import CACHE

if TYPE_CHECKING:
    from collections.abc import Iterator

_CALL = re.compile(r"(?<![\w$.])(?:[\w$]+!?\??\.)*(?P<name>[\w$]+)(?:<[^<>()\n]{0,60}>)?\(")
_KINDS = frozenset("function method class const constructor let var interface getter".split())
TOOLS = CACHE.parent / "tools"


class Place(NamedTuple):
    """A line of a file, from 0; the file relative to the workspace."""

    path: str
    line: int


class Jedi:
    """Asks jedi."""

    def __init__(self, root: Path) -> None:
        folder = TOOLS / "jedi"
        if not folder.exists():
            _pip(folder, "jedi", "parso")
        sys.path.insert(0, str(folder))
        jedi: Any = importlib.import_module("jedi")

        self._root = root
        self._jedi = jedi
        self._project = jedi.Project(str(root), sys_path=[str(root)], smart_sys_path=False)

    def _script(self, path: str) -> Any:
        return self._jedi.Script(path=str(self._root / path), project=self._project)

    def called(self, path: str, text: str, first: int, last: int) -> Iterator[set[Place]]:
        """Yield, for each call in some lines, where what it calls is defined in other files."""
        script = self._script(path)
        for line, column in sorted(set(_python_calls(text, first, last))):
            try:
                names = script.goto(line + 1, column, follow_imports=True)
            except Exception:  # noqa: S112  # It is not ours to mend.
                continue
            found = set(self._places(names, ("function", "class")))
            if found and not any(place.path == path for place in found):
                yield found

    def callers(self, path: str, line: int, column: int) -> set[Place]:
        """Return the lines that call what is defined at a place."""
        try:
            names = self._script(path).get_references(line + 1, column, include_builtins=False)
        except Exception:  # It is not ours to mend.
            return set()
        found: set[Place] = set()
        for name in names:
            if name.is_definition() or name.line is None:
                continue
            content = name.get_line_code()
            if content[name.column + len(name.name) :].lstrip().startswith("("):
                found.update(self._places([name], None))
        return found

    def _places(self, names: Any, kinds: tuple[str, ...] | None) -> Iterator[Place]:
        for name in names:
            module = Path(name.module_path) if name.module_path else None
            if module is None or not module.is_relative_to(self._root) or name.line is None:
                continue
            if kinds is None or name.type in kinds:
                yield Place(module.relative_to(self._root).as_posix(), name.line - 1)

    def close(self) -> None:
        """Nothing is left open."""


def _python_calls(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    lines = text.split("\n")
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not first <= node.lineno - 1 <= last:
            continue
        called = node.func
        if isinstance(called, ast.Name):
            yield called.lineno - 1, _column(lines, called.lineno - 1, called.col_offset)
        elif isinstance(called, ast.Attribute) and called.end_lineno and called.end_col_offset:
            end = _column(lines, called.end_lineno - 1, called.end_col_offset)
            yield called.end_lineno - 1, end - len(called.attr)


def _column(lines: list[str], line: int, byte: int) -> int:
    return len(lines[line].encode()[:byte].decode(errors="ignore"))


class TypeScript:
    """Asks TypeScript's server."""

    def __init__(self, root: Path) -> None:
        folder = TOOLS / "typescript"
        if not folder.exists():
            _npm(folder, "typescript@5.4.5")
        options = {"target": "es2022", "module": "esnext", "moduleResolution": "node"}
        config = {"compilerOptions": {**options, "types": []}, "include": ["**/*.ts"]}
        (root / "tsconfig.json").write_text(json.dumps(config), "utf-8")
        command = ["node", "--max-old-space-size=2048", str(folder / "package/lib/tsserver.js")]
        command += ["--disableAutomaticTypingAcquisition"]
        self._root = root
        self._opened: set[str] = set()
        self._number = 0
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def called(self, path: str, text: str, first: int, last: int) -> Iterator[set[Place]]:
        """Yield, for each call in some lines, where what it calls is defined in other files."""
        lines = text.split("\n")
        for line in range(first, last + 1):
            for match in _CALL.finditer(lines[line]):
                where = {"line": line + 1, "offset": match.start("name") + 1}
                body = self._ask("definitionAndBoundSpan-full", path, **where)
                given = (body or {}).get("definitions", ())
                found = set(self._full(d for d in given if d.get("kind") in _KINDS))
                if found and not any(place.path == path for place in found):
                    yield found

    def callers(self, path: str, line: int, column: int) -> set[Place]:
        """Return the lines that call what is defined at a place."""
        body = self._ask("references", path, line=line + 1, offset=column + 1) or {}
        refs = []
        for ref in body.get("refs", ()):
            rest = ref["lineText"][ref["end"]["offset"] - 1 :]
            declares = ref.get("isDefinition") or ref.get("isWriteAccess")  # Overrides do, too.
            if not declares and re.match(r"\s*(?:<[^<>()]*>)?\(", rest):
                refs.append(ref)
        return set(self._places(refs))

    def _full(self, found: Any) -> Iterator[Place]:
        for each in found:
            file = Path(each["fileName"])
            if file.is_relative_to(self._root):
                text = file.read_text("utf-8").replace("\r\n", "\n")
                line = text[: each["textSpan"]["start"]].count("\n")
                yield Place(file.relative_to(self._root).as_posix(), line)

    def _places(self, found: Any) -> Iterator[Place]:
        for each in found:
            file = Path(each["file"])
            if file.is_relative_to(self._root):
                yield Place(file.relative_to(self._root).as_posix(), each["start"]["line"] - 1)

    def _ask(self, command: str, path: str, **arguments: Any) -> Any:
        file = str(self._root / path)
        if path not in self._opened:
            self._opened.add(path)
            self._send("open", {"file": file, "projectRootPath": str(self._root)})
        number = self._send(command, {"file": file, **arguments})
        assert self._process.stdout is not None
        while True:
            length = 0
            while (head := self._process.stdout.readline().strip()) or not length:
                if head.lower().startswith(b"content-length:"):
                    length = int(head.split(b":")[1])
            message = json.loads(self._process.stdout.read(length))
            if message.get("type") == "response" and message.get("request_seq") == number:
                return message.get("body")

    def _send(self, command: str, arguments: dict[str, Any]) -> int:
        self._number += 1
        message = {"seq": self._number, "type": "request", "command": command}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({**message, "arguments": arguments}).encode() + b"\n")
        self._process.stdin.flush()
        return self._number

    def close(self) -> None:
        """End the server."""
        self._process.kill()
        self._process.communicate()


def _pip(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True)
    pip = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:")
    subprocess.run([*pip, "-d", ".", *names], cwd=folder, check=True)
    for archive in folder.glob("*.whl"):
        zipfile.ZipFile(archive).extractall(folder)
        archive.unlink()


def _npm(folder: Path, name: str) -> None:
    folder.mkdir(parents=True)
    subprocess.run(["npm", "pack", "--silent", name], cwd=folder, capture_output=True, check=True)
    for archive in folder.glob("*.tgz"):
        subprocess.run(["tar", "xzf", archive.name], cwd=folder, check=True)
        archive.unlink()
