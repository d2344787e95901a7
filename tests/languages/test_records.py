"""The records of the languages: what they say is true of their grammars."""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from pathlib import PurePath

import pytest
import tree_sitter

from glm_lsp.languages import LANGUAGES, Language, language_named, language_of_file, recorded

PARSED = {each.name: each for each in LANGUAGES if each.grammar is not None}


@pytest.mark.parametrize("name", PARSED)
def test_what_a_record_names_is_in_the_grammar(name: str) -> None:
    """A kind of node that the grammar does not know is a slip of the pen."""
    record = PARSED[name]
    assert record.grammar is not None
    module, function = record.grammar
    grammar = tree_sitter.Language(getattr(import_module(module), function)())
    kinds = {grammar.node_kind_for_id(index) for index in range(grammar.node_kind_count)}
    named = record.definitions | record.wrappers | record.bindings | record.imports
    assert named | record.bodied | record.function_values <= kinds
    assert record.bodied | record.wrappers <= record.definitions | record.wrappers


def test_a_name_and_a_suffix_belong_to_one_language() -> None:
    """No two records claim the same name, alias or suffix; names are in lower case."""
    names = [name for each in LANGUAGES for name in (each.name, *each.aliases)]
    suffixes = [suffix for each in LANGUAGES for suffix in each.suffixes]
    assert [name for name, count in Counter(names + suffixes).items() if count > 1] == []
    assert [name for name in names + suffixes if name != name.lower()] == []


@pytest.mark.parametrize("record", LANGUAGES, ids=lambda record: record.name)
def test_a_record_is_in_order(record: Language) -> None:
    """Its patterns compile, its kin is recorded, its tests are not the source itself."""
    re.compile(record.import_line)
    assert not record.import_list or re.compile(record.import_list).groups in (2, 3)
    assert recorded(record.family) is not None
    assert record.test_name.format("a") not in ("a", record.test_name)
    assert all(suffix.startswith(".") for suffix in record.suffixes)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Python", "python"),
        ("typescript.tsx", "typescriptreact"),
        ("JavaScriptReact", "javascript"),
        ("zsh", "shellscript"),
        ("c++", "cpp"),
        ("Brainfuck", "brainfuck"),
        ("", ""),
    ],
)
def test_every_name_has_a_record(name: str, expected: str) -> None:
    """Editors' names of a language lead to its record; an unknown one to the plainest."""
    record = language_named(name)
    assert record.name == expected
    if recorded(name) is None:
        assert record == Language(name=expected)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b.PY", "python"),
        ("b.test.tsx", "typescriptreact"),
        ("x.h", "c"),
        ("README.md", "markdown"),
        ("LICENSE", "plaintext"),
        ("a.unknown", "plaintext"),
    ],
)
def test_a_files_language_is_told_by_its_suffix(path: str, expected: str) -> None:
    """The last suffix decides, in whatever case; what has none is plain text."""
    assert language_of_file(PurePath(path)).name == expected
