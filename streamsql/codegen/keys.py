"""Keys as functions of a row, for regrouping tables."""

from collections.abc import Callable, Sequence

from streamsql.codegen import support
from streamsql.codegen.module import Module
from streamsql.codegen.namespace import Namespace, identifier
from streamsql.codegen.rows import RowFunctions, Shape
from streamsql.codegen.stretch import ForwardStep, RekeyStep, Report
from streamsql.expr.nodes import NamedExpression
from streamsql.types.record import Key, Row
from streamsql.types.schema import Schema

KeyFunction = Callable[[Key, Row, int], Key]


def generate_key(
    name: str, schema: Schema, keys: Sequence[NamedExpression], report: Report
) -> KeyFunction:
    """Return ``group(key, value, timestamp)``: the new key, ``None`` when any part of it is NULL.

    A part that fails is NULL and reported.
    """
    module = Module(name, Namespace())
    function = module.namespace.function(f"{identifier(name).lower()}_key")
    shape = Shape(
        tuple(column.name for column in schema.key),
        tuple(column.name for column in schema.value),
        schema.window is not None,
    )
    steps = (RekeyStep(tuple(keys), drop_null_key=True), ForwardStep(report))
    RowFunctions(module, report).define(
        function, f"The group of a row of {name}.", steps, shape, lambda scope: scope.key
    )
    compute = module.load()[function]
    attempt = support.attempting(report)

    def group(key: Key, value: Row, timestamp_ms: int) -> Key:
        return compute(key, value, timestamp_ms, attempt)

    return group
