"""Signs of what a file imports, and of what stands in its folder.

Invariant: they depend on the file's import statements and on other files alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.project.imports import ALL

if TYPE_CHECKING:
    from glm_lsp.project.index import Index

_MOST_BESIDE = 60


def signs_around(index: Index, path: str) -> dict[str, dict[str, float]]:
    """Return these signs, each with the names that have it."""
    named: dict[str, float] = {}
    imported: dict[str, float] = {}
    for there, names in index.imports(path).items():
        named.update(dict.fromkeys(sorted(names), 1.0))
        for name, _, owner, parameters in index.outline(there):
            value = 1.0 if not owner else 0.5
            if owner and (owner in names or ALL in names):
                value = 0.9
            if names and not (name in names or owner in names or ALL in names):
                value *= 0.6
            if imported.get(name, -1.0) < value:
                imported[name] = value
            value *= 0.4
            for parameter in parameters:
                parameter = parameter.lstrip("*")
                if imported.get(parameter, -1.0) < value:
                    imported[parameter] = value
    beside: dict[str, float] = {}
    folder = path.rpartition("/")[0]
    for there in list(index.files.folders.get(folder, ()))[:_MOST_BESIDE]:
        if there != path:
            beside.update(dict.fromkeys((outline[0] for outline in index.outline(there)), 1.0))
    return {"imported_name": named, "imported": imported, "folder": beside}
