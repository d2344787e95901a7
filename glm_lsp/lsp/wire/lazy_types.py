"""LSP's types, imported in a fifth of the time: each is made when it is first used.

lsprotocol declares some 550 attrs classes, of which a server uses a fifth. Writing the methods
of all of them is two thirds of what an LSP server in Python does before it can answer.

Invariants: whoever makes one, reads its fields or structures JSON to it finds a class that
attrs and lsprotocol have finished; a class is finished once, whichever thread comes first. The
classes differ from stock ones in two things: they have no `repr`, which only logs would use,
and should not (what it shows is the user's text), and no slots, which need a second class.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELDS = "__attrs_attrs__"  # Where attrs, and whoever asks it, finds a class's fields.


def import_types() -> None:
    """Import `lsprotocol.types`; call it before anything else does, else it does nothing."""
    unfinished = _Unfinished()
    define = attrs.define
    attrs.define = unfinished.add  # type: ignore[assignment]
    try:
        from lsprotocol import types
    finally:
        attrs.define = define
    if unfinished.count:
        from lsprotocol import _hooks

        # What a type's names mean is looked up as each is finished, not for all of them now.
        _hooks._resolved_forward_references = True  # noqa: SLF001
        unfinished.names = dict(types.ALL_TYPES_MAP)


class _Unfinished:
    """The classes whose methods are not written yet."""

    def __init__(self) -> None:
        self.count = 0
        self.names: Mapping[str, Any] = {}
        # `init` is told, for attrs would keep the one that stands in for it.
        self._finish = attrs.define(
            slots=False, repr=False, init=True, field_transformer=self._resolved
        )
        self._lock = threading.RLock()

    def add(self, cls: type) -> type:
        """Stand in for `attrs.define`: leave on the class what finishes it on its first use."""
        self.count += 1

        def init(made: Any, *args: Any, **kwargs: Any) -> None:
            self.finish(cls)
            cls.__init__(made, *args, **kwargs)  # type: ignore[misc]

        setattr(cls, _FIELDS, _Fields(self, cls))
        cls.__init__ = init  # type: ignore[misc]
        return cls

    def finish(self, cls: type) -> None:
        """Have attrs write the methods of a class, as it would have at first."""
        with self._lock:
            if isinstance(vars(cls).get(_FIELDS), _Fields):
                self._finish(cls)

    def _resolved(self, cls: type, fields: list[Any]) -> list[Any]:
        """Look up what names in a class's fields mean, before any thread sees the fields."""
        attrs.resolve_types(cls, dict(self.names), attribs=fields)
        return fields


class _Fields:
    """Stands where a class's fields will: who reads them has the class finished."""

    def __init__(self, unfinished: _Unfinished, cls: type) -> None:
        self._unfinished = unfinished
        self._cls = cls

    def __get__(self, _: object, owner: type) -> Any:
        self._unfinished.finish(self._cls)
        return vars(self._cls)[_FIELDS]
