"""Stretches as functions."""

from streamsql.expr.codegen.namespace import Namespace
from streamsql.expr.stretch import CompiledFunction, Stretch


def generate(stretch: Stretch, namespace: Namespace | None = None) -> CompiledFunction:
    """Return the function of a stretch; its signature depends on the kind of input.

    ``source(messages)``, ``stage(key, value, timestamp)`` or ``stage(key, new, old, timestamp)``.
    """
    raise NotImplementedError
