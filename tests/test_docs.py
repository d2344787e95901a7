"""What is written about the program agrees with it, and leads where it says."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest

from glm_lsp import cli
from glm_lsp.commands.config import EDITORS
from glm_lsp.context.secret_files import NAMES
from glm_lsp.llm.credentials import ANY_PROVIDER
from glm_lsp.providers import PRESETS
from glm_lsp.settings import keys
from glm_lsp.settings.layers import ENVIRONMENT
from tests.docs import PAGES as GENERATED
from tests.docs import SETTINGS, TAGS, fresh, tags

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *DOCS.rglob("*.md"),
        *ROOT.glob("editors/*.md"),
        *ROOT.glob("editors/*/*.md"),
    ]
)

_FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1`*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.*)$", re.MULTILINE)
_ADDRESS = re.compile(r"[a-z]+:")


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return _FENCE.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts and MkDocs both make them."""
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(prose(page)))
    return {text.strip().replace(" ", "-") for text in words}


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_what_is_generated_is_fresh(path: Path) -> None:
    """Each block is what settings and providers give: run `make docs`."""
    assert path.read_text("utf-8") == fresh(path)


def test_the_tags_of_the_manual_are_fresh() -> None:
    """`:help glm` finds each place that the manual has now: run `make docs`."""
    assert TAGS.read_text("utf-8") == tags()


def test_every_dependency_has_a_reason() -> None:
    """CONTRIBUTING.md gives each runtime dependency a line."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    block = project.split("dependencies = [", 1)[1].split("]", 1)[0]
    names = re.findall(r'"([a-z0-9-]+)', block)
    reasons = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    grammars = [name for name in names if name.startswith("tree-sitter-")]
    missing = [name for name in names if name not in grammars and f"`{name}`" not in reasons]
    assert grammars
    assert missing == []
    assert "`tree-sitter-*`" in reasons


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    """Each relative link names a file of the repository, and each anchor one of its headings."""
    dead = []
    for link in _LINK.findall(prose(page)):
        if _ADDRESS.match(link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path) if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_every_page_is_in_the_navigation() -> None:
    """mkdocs.yml leads to each page of docs/, once, and to nothing else."""
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8").split("\nnav:\n", 1)[1]
    named = re.findall(r": (\S+\.md)$", navigation, re.MULTILINE)
    assert sorted(named) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


def test_every_page_can_be_reached_from_the_readme() -> None:
    """Who follows links from README.md comes to every page of docs/."""
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = (link.partition("#")[0] for link in _LINK.findall(prose(page)))
        waiting += [page.parent / link for link in links if link and not _ADDRESS.match(link)]
    assert {page for page in DOCS.rglob("*.md") if page.resolve() not in seen} == set()


def test_the_readme_lists_every_command() -> None:
    """The table of commands in README.md has those of the command line, and no other."""
    table = (ROOT / "README.md").read_text("utf-8").split("## Commands", 1)[1].split("##")[0]
    named = set(re.findall(r"^\| `glm-lsp (\w+)", table, re.MULTILINE))
    (commands,) = (a for a in cli._parser()._actions if isinstance(a.choices, dict))
    assert isinstance(commands.choices, dict)
    assert named | {"serve"} == set(commands.choices)  # `serve` is what `glm-lsp` does alone.


def test_the_readme_names_every_ready_configuration() -> None:
    """Whatever `glm-lsp config` prints stands in README.md, but for what a plugin does better."""
    text = (ROOT / "README.md").read_text("utf-8")
    missing = [name for name in EDITORS if not re.search(rf"`(glm-lsp config )?{name}`", text)]
    assert missing == ["neovim"]


def test_the_settings_page_knows_the_environment_and_every_key() -> None:
    """Each variable stands in docs/settings.md with the setting it sets, or as a key's."""
    text = SETTINGS.read_text("utf-8")
    rows = dict(re.findall(r"^\| `(GLM_LSP_\w+)` \| `([\w.]+)` \|", text, re.MULTILINE))
    assert rows == dict(ENVIRONMENT)
    names = {ANY_PROVIDER, *(name for preset in PRESETS for name in preset.key_names)}
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_the_security_page_names_what_is_the_users_alone() -> None:
    """SECURITY.md names each setting that no folder may set, and where secret names are listed."""
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    alone = [f"`glm.{name}`" for name, found in keys() if found.metadata.get("machine")]
    assert [name for name in alone if name not in text] == []
    assert "`NAMES` in `glm_lsp/context/secret_files.py`" in text
    assert all(name in NAMES for name in (".env", "*.pem", "credentials.json"))


def test_the_readme_is_short() -> None:
    """What it is, two commands, install and use: the rest is elsewhere."""
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 120


def test_the_packages_description_needs_no_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a package index README.md has no picture and no link that leads nowhere there."""
    interface = ModuleType("hatchling.metadata.plugin.interface")
    interface.MetadataHookInterface = object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    build: dict[str, object] = {}
    exec((ROOT / "hatch_build.py").read_text("utf-8"), build)  # noqa: S102  # Our own file.
    hook = build["Description"]()  # type: ignore[operator]
    hook.root = str(ROOT)
    metadata: dict[str, dict[str, str]] = {}
    hook.update(metadata)
    text = metadata["readme"]["text"]
    assert [link for link in _LINK.findall(text) if not _ADDRESS.match(link)] == []
    assert "docs/settings.md says where else" in text
    assert text.startswith("# glm-lsp\n")
