"""JSON values to LSP types and back, as strict as safety needs and as lenient as editors are.

Invariant: a value of the wrong kind never passes as one of the right kind, and a value that
only a newer protocol knows never makes a message unreadable: it stays as it came.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Sequence, get_args  # noqa: UP035  # As lsprotocol has it.

import attrs
import cattrs
from lsprotocol import converters, types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


DIAGNOSTICS: Any = Sequence[types.Diagnostic]
MOST_DIAGNOSTICS = 250
"""Of one message; reading a thousand takes longer than a keystroke may wait."""


def make_converter(*, explaining: bool = False) -> cattrs.Converter:
    """Make lsprotocol's converter, with our hooks for numbers, texts and enumerations.

    An explaining one notes where a value was wrong; the other is half as slow.
    """
    converter = converters.get_converter(cattrs.Converter(detailed_validation=explaining))
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook(bool, _boolean)
    converter.register_structure_hook_func(_is_enum, _enum)
    converter.register_unstructure_hook_func(_is_enum, _raw)
    converter.register_structure_hook_func(
        lambda cls: cls == DIAGNOSTICS,
        lambda value, _: [
            converter.structure(each, types.Diagnostic) for each in value[:MOST_DIAGNOSTICS]
        ],
    )
    return converter


def rehearse(converter: cattrs.Converter, methods: Iterable[str]) -> None:
    """Have the converter write what reads the params of methods, and what writes their results.

    It does so on first use, and takes milliseconds each: the first requests would wait for it.
    """
    known = [types.METHOD_TO_TYPES[method] for method in methods]
    results = [attrs.fields_dict(each[1])["result"].type for each in known if each[1] is not None]
    # cattrs forgets what it wrote for classes when it meets a new kind of list: those first.
    for part in sorted(_parts((*_FREE, *results)), key=attrs.has):
        converter.get_unstructure_hook(part)
    for part in sorted(_parts(each[2] for each in known), key=attrs.has):
        converter.get_structure_hook(part)


_FREE = (dict, list, tuple, str, int)  # What free-form values are made of.


def _parts(hints: Iterable[Any]) -> Iterator[Any]:
    """Yield the types that types are made of, those of fields included."""
    waiting, seen = list(hints), set()
    while waiting:
        part = waiting.pop()
        if part in seen or part in (None, Ellipsis):
            continue
        seen.add(part)
        yield part
        waiting += get_args(part)
        if attrs.has(part):
            waiting += [each.type for each in attrs.fields(part)]


def explain(read: Callable[[cattrs.Converter], object]) -> str:
    """Say in one line what was wrong where, without repeating what the message holds.

    `read` is what failed, done again with an explaining converter.
    """
    try:
        read(_explaining())
    except Exception as error:  # cattrs raises whatever a hook raises.
        where = cattrs.transform_error(error, format_exception=lambda exc, _: _reason(exc))
        return "; ".join(where[:3])
    return "not a valid value"


@lru_cache(maxsize=1)
def _explaining() -> cattrs.Converter:
    return make_converter(explaining=True)


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyError):
        return "a required field is missing"
    return str(error) if isinstance(error, _WrongKindError) else "not a valid value"


class _WrongKindError(TypeError):
    def __init__(self, wanted: str) -> None:
        super().__init__(f"should be {wanted}")


def _text(value: Any, _: Any) -> str:
    if isinstance(value, str):
        return value
    raise _WrongKindError("a string")


def _integer(value: Any, _: Any) -> int:
    if type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer():  # Some JSON writers know only these.
        return int(value)
    raise _WrongKindError("an integer")


def _boolean(value: Any, _: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _WrongKindError("true or false")


def _is_enum(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, Enum)


def _enum(value: Any, cls: type[Enum]) -> Any:
    """Return the member, or an unknown value as it is; lsprotocol knows one version's members."""
    try:
        return cls(value)
    except ValueError:
        kind = int if issubclass(cls, int) else str
        if isinstance(value, kind) and not isinstance(value, bool):
            return value
        raise _WrongKindError("an integer" if kind is int else "a string") from None


def _raw(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
