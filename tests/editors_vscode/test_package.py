"""What the extension's package says, held against what the server says."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from typing import Any

import pytest

from glm_lsp.settings import keys
from tests.editors_vscode import setup_vscode

EXTENSION = setup_vscode.EXTENSION
MOST_LINES = 3000
MOST_BYTES = 600_000


def manifest() -> dict[str, Any]:
    """Return `package.json`."""
    found: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    return found


def generator() -> Any:
    """Import the script that writes the settings into `package.json`."""
    path = EXTENSION / "scripts" / "generate_settings.py"
    spec = importlib.util.spec_from_file_location("generate_settings", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate_settings"] = module
    spec.loader.exec_module(module)
    return module


def test_settings_are_those_of_the_server() -> None:
    """`package.json` is what the generator makes of the settings as they are in Python now."""
    text = (EXTENSION / "package.json").read_text(encoding="utf-8")
    assert generator().generated(text) == text, "run editors/vscode/scripts/generate_settings.py"


def test_what_is_the_users_alone_is_out_of_a_workspaces_reach() -> None:
    """Each setting for machines only is machine-scoped, and restricted in untrusted folders."""
    alone = {f"glm.{name}" for name, found in keys() if found.metadata.get("machine")}
    assert alone >= {"glm.provider", "glm.baseUrl", "glm.headers", "glm.prices"}
    alone |= {"glm-lsp.server.path", "glm-lsp.server.args"}
    groups = manifest()["contributes"]["configuration"]
    schemas = {name: schema for group in groups for name, schema in group["properties"].items()}
    assert {name for name, schema in schemas.items() if schema["scope"] == "machine"} == alone
    trust = manifest()["capabilities"]["untrustedWorkspaces"]
    assert set(trust["restrictedConfigurations"]) >= alone


def test_folder_that_is_not_trusted_sets_only_what_protects_more() -> None:
    """In Restricted Mode VS Code hands over nothing else of a folder's settings."""
    trust = manifest()["capabilities"]["untrustedWorkspaces"]
    groups = manifest()["contributes"]["configuration"]
    names = {name for group in groups for name in group["properties"] if name.startswith("glm.")}
    assert names - set(trust["restrictedConfigurations"]) == {
        "glm.completion.enabled",
        "glm.completion.trigger",
        "glm.completion.disabledLanguages",
        "glm.context.exclude",
        "glm.context.maxTokens",
        "glm.context.relatedFiles",
        "glm.context.project",
        "glm.edits.delivery",
        "glm.limits.dailyBudget",
        "glm.nextEdits.model",
        "glm.nextEdits.perHour",
    }


def test_settings_stand_in_an_order_and_each_choice_is_described() -> None:
    """The settings' page shows them as the tree has them, GLM's first, with what a choice means."""
    groups = manifest()["contributes"]["configuration"]
    assert [group["order"] for group in groups] == [0, 1, 2]
    assert groups[0]["title"] == "GLM"
    for group in groups:
        schemas = list(group["properties"].values())
        assert [schema["order"] for schema in schemas] == list(range(len(schemas)))
        for schema in schemas:
            described = schema.get("markdownEnumDescriptions", schema.get("enumDescriptions", []))
            assert len(described) == len(schema.get("enum", []))


def test_every_command_is_declared_and_registered() -> None:
    """The commands of `package.json`, its menus and its keys are those that the code registers."""
    contributes = manifest()["contributes"]
    declared = {command["command"] for command in contributes["commands"]}
    source = (EXTENSION / "src" / "commands.ts").read_text(encoding="utf-8")
    table = source.split("= {", 1)[1].split("\n  };", 1)[0]
    registered = re.findall(r"^    (\w+)[:,]", table, re.MULTILINE)
    assert {f"glm-lsp.{name}" for name in registered} == declared
    menus = [entry for menu in contributes["menus"].values() for entry in menu]
    used = [
        entry["command"] for entry in [*menus, *contributes["keybindings"]] if "command" in entry
    ]
    assert set(used) <= declared
    pressed = [(binding["key"], binding["when"]) for binding in contributes["keybindings"]]
    assert len(pressed) == len(set(pressed))


def test_lock_file_names_no_registry() -> None:
    """`package-lock.json` pins versions and says nothing of where they come from."""
    lock = json.loads((EXTENSION / "package-lock.json").read_text(encoding="utf-8"))
    assert not [name for name, found in lock["packages"].items() if "resolved" in found]


def test_extension_stays_thin() -> None:
    """The extension has fewer than 3,000 lines of TypeScript, comments and blank lines included."""
    sources = (EXTENSION / "src").glob("*.ts")
    count = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in sources)
    assert count < MOST_LINES


@pytest.mark.editor
def test_package_is_small(ready: None) -> None:
    """The package has less than 600 KB."""
    assert setup_vscode.PACKAGE.stat().st_size < MOST_BYTES


@pytest.mark.editor
def test_code_that_needs_no_editor_passes_its_own_tests(ready: None) -> None:
    """Lines and parts are followed rightly, in thousands of random texts: `npm test`."""
    words = [str(shutil.which("npm")), "test", "--silent"]
    done = subprocess.run(
        words, cwd=EXTENSION, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
