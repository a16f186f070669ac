"""The function of a stretch in the middle of a stream: ``stage(key, value, timestamp)``."""

from streamsql.codegen.evaluation import Place
from streamsql.codegen.liveness import references
from streamsql.codegen.module import Lines, Module
from streamsql.codegen.scope import Scope
from streamsql.codegen.segments import StreamSegments
from streamsql.codegen.sources import key_columns
from streamsql.codegen.stretch import StreamInput, Stretch
from streamsql.types.schema import ROWTIME


def generate_stage(module: Module, stretch: Stretch, stream: StreamInput, name: str) -> None:
    """Define the function."""
    schema = stream.schema
    keys = tuple(column.name for column in schema.key)
    values = tuple(column.name for column in schema.value)
    uses = references(stretch.steps, keys, values)
    names = module.namespace.locals("key", "value", "timestamp")
    lines = Lines()
    columns = {column: f"value[{position}]" for position, column in enumerate(values)}
    columns |= key_columns(lines, names, keys, uses, windowed=schema.window is not None)
    scope = Scope(
        columns=columns | {ROWTIME: "timestamp"},
        keys=keys,
        values=values,
        key="key",
        timestamp="timestamp",
        record="(key, value, timestamp)",
        value="value",
        not_null=frozenset([ROWTIME]),
        message_key=False,
    )
    segments = StreamSegments(module, name, stretch.report)
    with lines.block("if value is None:"):
        segments.emit_null(stretch.steps, scope, names, lines)
        lines.add("return")
    for column in values:
        if uses[column] > 1:
            local = names.new(column)
            lines.add(f"{local} = {columns[column]}")
            scope.columns[column] = local
    segments.emit(stretch.steps, scope, Place(lines, names, "return"))
    module.define(name, ["key", "value", "timestamp"], stretch.description, lines, rank=0)
