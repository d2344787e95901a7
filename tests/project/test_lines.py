"""Lines of other files that hold what is looked for: texts in, lines out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.languages import code_named
from glm_lsp.project.lines import Lines
from glm_lsp.project.sought import Sought
from tests.project.rig import indexed, write

if TYPE_CHECKING:
    from pathlib import Path

HOME = """\
class Circle:
    def area_within(self, radius=1): ...


def draw_shape(shape, width=1): ...
"""


def find(root: Path, sought: Sought, home: str = "home") -> list[tuple[str, str]]:
    """Return the files' names and the lines that are found from `home.py`."""
    language = code_named("python")
    assert language is not None
    path = root / "home.py"
    wanted = [sought._replace(home=str(root / f"{home}.py"))]
    found = Lines(indexed(root)).find(str(path), language, path.read_text("utf-8"), wanted)
    return [(each.place.rpartition("/")[2], each.text) for each in found]


def test_a_name_is_found_under_every_way_to_import_it(tmp_path: Path) -> None:
    """By name, by an alias of its own, through its module, and passed on by another file."""
    root = write(
        tmp_path,
        home=HOME,
        plain="from home import draw_shape\ndraw_shape(1)\n",
        alias="from home import draw_shape as draw\ndraw(1)\n",
        module="import home\nhome.draw_shape(1)\nother.draw_shape(1)\n",
        passing="from home import draw_shape\n",
        passed="from passing import draw_shape\ndraw_shape(2)\n",
        own="def draw_shape(): ...\ndraw_shape()\n",
        another="def draw_shape(): ...\n",
        from_another="from another import draw_shape\ndraw_shape(3)\n",
        words="# draw_shape\nx = 'draw_shape'\nfrom home import Circle\n",
    )
    assert find(root, Sought("name", name="draw_shape")) == [
        ("alias.py", "from home import draw_shape as draw"),
        ("module.py", "home.draw_shape(1)"),
        ("passed.py", "from passing import draw_shape"),
        ("passed.py", "draw_shape(2)"),
        ("passing.py", "from home import draw_shape"),
        ("plain.py", "from home import draw_shape"),
        ("plain.py", "draw_shape(1)"),
    ]


def test_a_member_is_found_where_its_class_is_known(tmp_path: Path) -> None:
    """And where it is not known whose it is, nothing is found."""
    use = """\
from home import Circle

class Disc(Circle): ...

def compared(one: Circle, other, disc: Disc):
    one.area_within()
    other.area_within()
    disc.area_within()
    Circle().area_within()
"""
    root = write(tmp_path, home=HOME, use=use)
    lines = [line for _, line in find(root, Sought("member", name="area_within", owner="Circle"))]
    assert lines == [
        "    one.area_within()",
        "    disc.area_within()",
        "    Circle().area_within()",
    ]


def test_an_argument_is_found_in_calls_of_its_function(tmp_path: Path) -> None:
    """Also where the call goes over several lines; not in those of another function."""
    use = "from home import draw_shape\ndraw_shape(\n    1,\n    width=2,\n)\nother(width=3)\n"
    root = write(tmp_path, home=HOME, use=use)
    found = find(root, Sought("keyword", name="width", owner="draw_shape"))
    assert found == [("use.py", "    width=2,")]


def test_words_are_found_where_all_stand_in_a_line(tmp_path: Path) -> None:
    """And only in files that know the names that come in."""
    knows = "from log import level\nlog.write_event(name)\nlog.write_event(other)\n"
    root = write(tmp_path, home=HOME, knows=knows, lacks="log.write_event(name)\n")
    sought = Sought("words", words=("write_event", "name"), known=("level",))
    assert find(root, sought) == [("knows.py", "log.write_event(name)")]


def test_a_file_that_is_ignored_has_no_lines(tmp_path: Path) -> None:
    """What git ignores is not read."""
    root = write(tmp_path, home=HOME, hidden="from home import draw_shape\n")
    (root / ".gitignore").write_text("hidden.py\n", "utf-8")
    assert find(root, Sought("name", name="draw_shape")) == []
