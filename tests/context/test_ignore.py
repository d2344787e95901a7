"""Which files never leave this machine, and how URIs become paths."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.context.ignore import Exclusions
from glm_lsp.context.names import path_of

ROOT = Path.cwd().anchor
PROJECT = Path(ROOT) / "home" / "me" / "project"


def uri(path: str) -> str:
    return (PROJECT / path).as_uri()


@pytest.mark.parametrize(
    ("path", "excluded"),
    [
        pytest.param(".env", True, id="env"),
        pytest.param("sub/.env.local", True, id="env of a kind, deeper"),
        pytest.param(".env.example", False, id="example of an env"),
        pytest.param("ID_RSA", True, id="key in capitals"),
        pytest.param(".ssh/config", True, id="anything under .ssh"),
        pytest.param("keys/server.PEM", True, id="certificate"),
        pytest.param("infra/prod.tfvars", True, id="terraform variables"),
        pytest.param("secrets.py", False, id="code that is named so"),
        pytest.param("environment.py", False, id="begins like env"),
        pytest.param("keyboard.py", False, id="begins like key"),
        pytest.param("a #1/.env", True, id="special characters above it"),
    ],
)
@pytest.mark.parametrize("roots", [(), (PROJECT,)], ids=["no folder", "in a folder"])
def test_files_of_secrets_stay(path: str, excluded: bool, roots: tuple[Path, ...]) -> None:
    """A file that holds secrets by its name is excluded without any setting."""
    assert Exclusions((), roots).excludes(uri(path)) is excluded


@pytest.mark.parametrize(
    ("patterns", "path", "excluded"),
    [
        pytest.param(["*.sql"], "a/b.sql", True, id="by suffix"),
        pytest.param(["/private/"], "private/a/b.py", True, id="anchored folder"),
        pytest.param(["/private/"], "src/private/b.py", False, id="anchored elsewhere"),
        pytest.param(["private"], "src/private/b.py", True, id="by a folder's name"),
        pytest.param(["*.py", "!keep.py"], "src/keep.py", False, id="taken back"),
        pytest.param(["!.env"], ".env", True, id="secrets cannot be taken back"),
        pytest.param(["# *.py", ""], "a.py", False, id="comment and blank"),
        pytest.param(["größe*"], "größe.py", True, id="not ascii"),
    ],
)
def test_patterns_are_those_of_gitignore(patterns: list[str], path: str, excluded: bool) -> None:
    """`context.exclude` means in a workspace folder what it would in its `.gitignore`."""
    assert Exclusions([patterns], [PROJECT]).excludes(uri(path)) is excluded


@pytest.mark.parametrize(
    ("given_uri", "excluded"),
    [
        pytest.param("untitled:Untitled-1", False, id="untitled"),
        pytest.param("untitled:.env", True, id="untitled with a name"),
        pytest.param("vscode-remote://host/home/me/.env", True, id="remote"),
        pytest.param("vscode-notebook-cell:/p/.ssh/a.py#W0sZm", True, id="notebook cell"),
        pytest.param("zipfile:///a.zip::b/id_rsa", True, id="in an archive"),
        pytest.param("file:///p/%2Eenv", True, id="escaped dot"),
        pytest.param("file:///p/a#b/.env", True, id="hash that was not escaped"),
        pytest.param("file:///p/what?/.env", True, id="question mark that was not escaped"),
        pytest.param("file://server/share/.env", True, id="network share"),
        pytest.param("file://server/share/a.py", False, id="code on a network share"),
        pytest.param("odd://[/.env", True, id="malformed"),
        pytest.param("", False, id="empty"),
    ],
)
def test_any_uri_is_judged(given_uri: str, excluded: bool) -> None:
    """Documents without a file, and odd URIs, are judged by the names that they hold."""
    assert Exclusions((), [PROJECT]).excludes(given_uri) is excluded


@pytest.mark.parametrize(
    ("path", "as_uri"),
    [
        pytest.param("a b.py", None, id="space"),
        pytest.param("größe 📐.py", None, id="not ascii"),
        pytest.param("100%.py", None, id="percent"),
        pytest.param("c#?/a.py", None, id="hash and question mark"),
        pytest.param("c#/a.py", PROJECT.as_uri() + "/c#/a.py", id="hash as some editors send it"),
        pytest.param(
            "a.py", PROJECT.as_uri().replace("file:///", "file://localhost/") + "/a.py", id="host"
        ),
    ],
)
def test_a_file_uri_leads_to_its_path(path: str, as_uri: str | None) -> None:
    """The path is the one that the URI was made of."""
    assert path_of(as_uri or uri(path)) == PROJECT / path


@given(st.text(max_size=40), st.sampled_from(["", "file:", "file://", "file:///", "untitled:"]))
def test_no_uri_is_too_odd(text: str, scheme: str) -> None:
    """Whatever a client sends as a URI is judged without an error."""
    Exclusions([["*.sql"]], [PROJECT]).excludes(scheme + text)
    assert scheme.startswith("file") or path_of(scheme + text) is None or "file:" in text.lower()
