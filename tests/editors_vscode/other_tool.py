"""Another extension in VS Code, with the language server that the tests have beside GLM's."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

from tests.editors import other_server

_FOLDER = Path(__file__).with_name("other_tool")

SETTINGS: dict[str, Any] = {"otherTool.command": [sys.executable, other_server.__file__]}
"""Settings that tell the extension which server to start."""


def package(folder: Path) -> Path:
    """Write the extension's package, and return where."""
    told = json.loads((_FOLDER / "package.json").read_text(encoding="utf-8"))
    identity = (
        f'<Identity Language="en-US" Id="{told["name"]}" Version="{told["version"]}"'
        f' Publisher="{told["publisher"]}"/>'
    )
    schema = "http://schemas.microsoft.com/developer/vsx-schema/2011"
    manifest = (
        f'<PackageManifest Version="2.0.0" xmlns="{schema}"><Metadata>{identity}'
        f"<DisplayName>{told['displayName']}</DisplayName></Metadata>"
        '<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>'
        "<Dependencies/><Assets>"
        '<Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json"'
        ' Addressable="true"/></Assets></PackageManifest>'
    )
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="json" ContentType="application/json"/>'
        '<Default Extension="js" ContentType="application/javascript"/>'
        '<Default Extension="vsixmanifest" ContentType="text/xml"/></Types>'
    )
    path = folder / "other-tool.vsix"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("extension.vsixmanifest", manifest)
        archive.writestr("[Content_Types].xml", types)
        for name in ("package.json", "extension.js"):
            archive.write(_FOLDER / name, f"extension/{name}")
    return path
