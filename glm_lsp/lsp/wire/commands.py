"""The arguments of commands: from JSON values to what a handler's annotations ask for.

Invariant: a command runs with arguments of the types it declares, or not at all.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, get_type_hints

from attrs import frozen
from pygls.constants import PARAM_LS
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from glm_lsp.lsp.wire.converter import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import cattrs


@frozen
class Signature:
    """What a command takes: the types of its arguments, and how many it needs.

    `rest` takes any further arguments as JSON values.
    """

    types: tuple[Any, ...]
    required: int
    rest: bool


def signature(handler: Callable[..., Any]) -> Signature:
    """Read a command's signature, without the server that pygls passes first.

    Raises:
        NameError: an annotation cannot be evaluated at run time.
    """
    function = getattr(handler, "func", handler)
    hints = get_type_hints(function)
    kinds: list[Any] = []
    required, rest = 0, False
    for index, parameter in enumerate(inspect.signature(function).parameters.values()):
        hint = hints.get(parameter.name, Any)
        if index == 0 and (parameter.name == PARAM_LS or _is_server(hint)):
            continue
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            rest = True
        elif parameter.kind in (
            inspect.Parameter.POSITIONAL_ONLY,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
        ):
            kinds.append(hint)
            required += parameter.default is inspect.Parameter.empty
    return Signature(tuple(kinds), required, rest)


def bind(
    takes: Signature, arguments: Sequence[Any], converter: cattrs.Converter
) -> tuple[Any, ...]:
    """Structure the arguments of a command.

    Raises:
        JsonRpcInvalidParams: there are too few or too many, or one is of another kind.
    """
    if len(arguments) < takes.required or (len(arguments) > len(takes.types) and not takes.rest):
        raise JsonRpcInvalidParams(
            f"The command takes {len(takes.types)} arguments, not {len(arguments)}."
        )
    hints = [*takes.types, *[Any] * len(arguments)]
    return tuple(
        _structure(index, argument, hint, converter)
        for index, (argument, hint) in enumerate(zip(arguments, hints, strict=False))
    )


def _structure(index: int, argument: Any, hint: Any, converter: cattrs.Converter) -> Any:
    if hint is Any:
        return argument
    try:
        return converter.structure(argument, hint)
    except Exception as error:  # cattrs raises whatever a hook raises.
        reason = explain(lambda explaining: explaining.structure(argument, hint))
        raise JsonRpcInvalidParams(f"Argument {index}: {reason}") from error


def _is_server(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, LanguageServer)
