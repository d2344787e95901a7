"""What an index knows, while files change, and after it was kept and taken up again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from glm_lsp.languages import language_named
from glm_lsp.project import settled
from glm_lsp.project.definitions import Definition
from glm_lsp.project.facts import facts_of
from glm_lsp.project.index import Index
from glm_lsp.project.lists import Lists
from glm_lsp.project.rows import definition_of, outline_of, row_of
from tests.project.rig import indexed, names, write

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = language_named("python")


def text_of(dice: random.Random) -> str:
    """Return a file of a few classes and functions, with names that others have, too."""
    lines = []
    for _ in range(dice.randrange(4)):
        one, other, third = (f"{dice.choice('abcd')}_name_{dice.randrange(9)}" for _ in range(3))
        lines += [f"class Of_{one}:", f"    def {other}(self, {third}): ...", ""]
        lines += [f"def {third}({one}, *{other}): ...", ""]
    return "\n".join(lines)


def known(index: Index) -> tuple[object, ...]:
    """Return what an index says, in an order of its own."""
    tables = (index.by_name, index.by_parameter, index.members)
    words = sorted({word for table in tables for word in table})
    return (
        [[sorted(table.get(word, ())) for word in words] for table in tables],
        [index.by_name.kinds(word)[1] for word in words],
        [(word, index.passages.spread(word), sorted(index.holding(word))) for word in words],
        sorted((path, tuple(index.definitions(path))) for path in index.paths()),
        [sorted({n for n in index.with_part(p) if n in index.by_name}) for p in ("name", "class")],
    )


def test_it_says_the_same_after_any_changes_as_if_built_anew() -> None:
    """However often files are replaced and removed, only what they define now is found."""
    dice = random.Random(7)  # noqa: S311
    changed = Index("python")
    texts: dict[str, str] = {}
    for _ in range(1_500):
        path = f"{dice.randrange(15)}.py"
        if dice.random() < 0.2:
            texts.pop(path, None)
            changed.remove(path)
            continue
        texts[path] = text_of(dice)
        changed.replace(path, facts_of(PYTHON, texts[path]))
    anew = Index("python")
    for path, text in texts.items():
        anew.replace(path, facts_of(PYTHON, text))
    assert known(changed) == known(anew)
    assert len(changed.by_name.lists) < 4_000


def test_what_was_kept_counts_where_the_text_is_the_same(tmp_path: Path) -> None:
    """Files that changed or went in the meantime are not as they were; the others are."""
    dice = random.Random(8)  # noqa: S311
    texts = {f"{number}.py": text_of(dice) for number in range(40)}
    kept = Index("python")
    for path, text in texts.items():
        kept.replace(path, facts_of(PYTHON, text), text.encode())
    for path in ("3.py", "5.py", "8.py"):
        kept.remove(path)
        del texts[path]
    for _ in settled.write(tmp_path / "a.settled", kept.parts()):
        pass
    with settled.source(tmp_path / "a.settled") as source:
        assert source is not None
        index = Index.restored("python", source)
    assert len(index) == 0
    assert list(index.by_name) == []
    texts["1.py"], texts["new.py"] = text_of(dice), text_of(dice)
    del texts["2.py"]
    for path, text in texts.items():
        if not index.confirm(path, text.encode()):
            assert path in ("1.py", "new.py")
            index.replace(path, facts_of(PYTHON, text))
    index.drop_unsure()
    anew = Index("python")
    for path, text in texts.items():
        anew.replace(path, facts_of(PYTHON, text))
    assert known(index) == known(anew)


def test_a_second_start_takes_up_the_index_as_it_was(tmp_path: Path) -> None:
    """What is kept of a workspace is taken up; each file counts as it is now."""
    texts = {f"file_{number}": f"def name_{number}(): ...\n" for number in range(30)}
    root = write(tmp_path / "in", **texts)
    store = tmp_path / "cache" / "index.sqlite3"
    indexed(root, store=store)
    (place,) = store.parent.glob("*.settled")
    assert place.stat().st_mode & 0o077 == 0
    store.unlink()
    (root / "file_1.py").write_text("def another(): ...\n", "utf-8")
    (root / "file_2.py").unlink()
    read: list[str] = []
    workspace = indexed(root, store=store, read=read)
    assert read == [str(root / "file_1.py")]
    wanted = {f"name_{number}" for number in range(30)} - {"name_1", "name_2"}
    assert names(workspace) == wanted | {"another"}
    assert workspace.index("python").by_name["name_3"][0].path == "file_3.py"


def test_a_broken_index_is_made_anew(tmp_path: Path) -> None:
    """A changed byte anywhere, or an end that is missing, and it is as good as none."""
    texts = {f"file_{number}": f"def name_{number}(): ...\n" for number in range(30)}
    root = write(tmp_path / "in", **texts)
    store = tmp_path / "cache" / "index.sqlite3"
    indexed(root, store=store)
    (place,) = store.parent.glob("*.settled")
    whole = place.read_bytes()
    middle = len(whole) // 2
    broken = (b"", whole[:40], whole[:-1], whole[:middle] + b"\xff" + whole[middle + 1 :])
    for given in broken:
        place.write_bytes(given)
        with settled.source(place) as source:
            assert source is None
    assert names(indexed(root, store=store)) == {f"name_{number}" for number in range(30)}


def test_lists_are_the_same_however_often_they_are_settled() -> None:
    """What is listed comes back in its order, from one array or from several."""
    dice = random.Random(9)  # noqa: S311
    lists = Lists()
    wanted: dict[str, list[int]] = {}
    for listed in range(3_000):
        word = f"{dice.choice('abc')}{min(dice.randrange(400), dice.randrange(400))}"
        wanted.setdefault(word, []).append(listed)
        lists.add(word, listed)
        if dice.random() < 0.005:
            lists.settle()
    assert {word: list(lists.of(word)) for word in lists.words} == wanted
    assert all(lists.count(lists.numbers[word]) == len(some) for word, some in wanted.items())
    assert len(lists) == 3_000
    assert list(lists.of("unknown")) == []


def test_a_row_says_all_of_a_definition() -> None:
    """Breaks and tabs within a field become blanks; everything else comes back."""
    rest = (("one", "*two"), "list[int]", ("Base", "Other"), "What it\tis.\nMore", "a.py")
    each = Definition("naïve", "function", "Owner", 3, 9, "naïve(one)\n", *rest)
    row = row_of(each)
    clean = each._replace(signature="naïve(one) ", doc="What it is. More")
    assert definition_of(row.decode(), "a.py") == clean
    assert outline_of(row) == ("naïve", "function", "Owner", ("one", "*two"))


def test_what_stands_around_a_file_follows_the_others() -> None:
    """A module that is imported, or stands beside, may come to define something else."""
    index = Index("python")
    index.replace("use.py", facts_of(PYTHON, "from inner.shapes import area\n"))
    index.replace("inner/shapes.py", facts_of(PYTHON, "def area(wide): ...\n"))
    found = index.around("use.py")
    assert found["imported"] == {"area": 1.0, "wide": 0.4}
    assert index.around("use.py") is found
    index.replace("inner/shapes.py", facts_of(PYTHON, "def volume(): ...\n"))
    assert index.around("use.py")["imported"] == {"volume": 0.6}
    index.replace("use.py", facts_of(PYTHON, "import inner.shapes\n"))
    assert index.around("use.py")["imported"] == {"volume": 1.0}
    index.replace("beside.py", facts_of(PYTHON, "def besides(): ...\n"))
    assert index.around("use.py")["folder"] == {"besides": 1.0}


def test_what_a_name_is_follows_its_file() -> None:
    """A function that becomes a class is one."""
    index = Index("python")
    index.replace("shapes.py", facts_of(PYTHON, "def shape(): ...\n"))
    index.replace("use.py", facts_of(PYTHON, "import shapes\n"))
    assert index.nature("shape").kind == "function"
    index.replace("shapes.py", facts_of(PYTHON, "class shape: ...\n"))
    assert index.nature("shape").kind == "class"


def test_java_sees_the_classes_beside_it() -> None:
    """They need no import; variables are often called like a class that may be used."""
    java = language_named("java")
    index = Index("java")
    index.replace("a/Use.java", facts_of(java, "import b.Other;\nclass Use {}\n"))
    for number in range(70):
        text = f"class Beside{number} {{}}\n"
        index.replace(f"a/Beside{number}.java", facts_of(java, text))
    index.replace("b/Other.java", facts_of(java, "class Other {}\n"))
    found = index.around("a/Use.java")["imported_name"]
    assert found["Other"] == 1.0
    assert {"Beside69", "beside69", "other"} <= {name for name in found if found[name] == 0.5}
