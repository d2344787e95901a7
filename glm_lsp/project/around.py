"""Signs of what a file imports, and of what stands in its folder.

Invariant: they depend on the file's path, its import statements and other files alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.project.imports import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glm_lsp.project.index import Index

_MOST_BESIDE, _MOST_NAMED_BESIDE = 60, 400
_BY_FILE = frozenset(("java", "csharp"))
"""Languages of which a file has the name of its class, and sees those beside it."""
_BESIDE, _CALLED_BY_ITS_CLASS = 0.5, 0.5
"""What a class beside counts, and a variable named like a class that may be used here."""


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
    folder = list(index.files.folders.get(path.rpartition("/")[0], ()))
    if index.family in _BY_FILE:
        named = {**_called_by_classes([*named, *_stems(folder[:_MOST_NAMED_BESIDE])]), **named}
    for there in folder[:_MOST_BESIDE]:
        if there != path:
            beside.update(dict.fromkeys((outline[0] for outline in index.outline(there)), 1.0))
    return {"imported_name": named, "imported": imported, "folder": beside}


def _stems(folder: Iterable[str]) -> list[str]:
    """Return the names of files without folder and ending."""
    return [there.rpartition("/")[2].partition(".")[0] for there in folder]


def _called_by_classes(names: Iterable[str]) -> dict[str, float]:
    """Return what names of classes count that may be used, and variables named like them."""
    classes = [name for name in names if name[:1].isupper()]
    likely = dict.fromkeys(classes, _BESIDE)
    return {
        **dict.fromkeys((n[0].lower() + n[1:] for n in classes), _CALLED_BY_ITS_CLASS),
        **likely,
    }
