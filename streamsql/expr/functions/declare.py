"""Shorthands of the modules that declare functions."""

from collections.abc import Callable, Mapping
from typing import Any

from streamsql.expr.registry import Checks, ScalarFunction

Overloads = Mapping[str, Callable[..., Any]]
"""Implementations by signature."""


def strict(
    name: str, description: str, overloads: Overloads, checks: Checks = ()
) -> tuple[ScalarFunction, ...]:
    """Return overloads that are NULL as soon as an argument is."""
    return tuple(
        ScalarFunction(name, signature, implementation, description=description, checks=checks)
        for signature, implementation in overloads.items()
    )


def null_aware(name: str, description: str, overloads: Overloads) -> tuple[ScalarFunction, ...]:
    """Return overloads whose implementations are called with NULL arguments too."""
    return tuple(
        ScalarFunction(name, signature, implementation, strict=False, description=description)
        for signature, implementation in overloads.items()
    )


def same_value(value: Any) -> Any:
    """Return the argument."""
    return value
