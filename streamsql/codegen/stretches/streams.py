"""The function of a stretch in the middle of a stream: ``stage(key, value, timestamp)``."""

from streamsql.codegen.scope import RecordScope, key_columns
from streamsql.codegen.source import Lines, Module
from streamsql.codegen.stretches.flow import Below, Flow
from streamsql.codegen.stretches.liveness import uses
from streamsql.codegen.stretches.place import Place
from streamsql.codegen.stretches.records import RecordStatements
from streamsql.types.schema import ROWTIME, Schema


def define_stage(
    module: Module, flow: Flow, below: Below, schema: Schema, description: str
) -> None:
    """Define the function for records of the schema."""
    keys = tuple(column.name for column in schema.key)
    values = tuple(column.name for column in schema.value)
    counted = uses(flow, below)
    parameters = ("key", "value", "timestamp")
    names = module.namespace.locals(*parameters)
    lines = Lines()
    columns = {column: f"value[{position}]" for position, column in enumerate(values)}
    columns |= key_columns(lines, names, keys, counted, windowed=schema.window is not None)
    scope = RecordScope(
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
    statements = RecordStatements(module, flow, below, cached=frozenset())
    with lines.block("if value is None:"):
        statements.emit_null(below, scope, names, lines)
        lines.add("return")
    for column in values:
        if counted[column] > 1:
            local = names.new(column)
            lines.add(f"{local} = {columns[column]}")
            scope.columns[column] = local
    statements.emit(below, scope, Place(lines, names, "return"))
    module.define("stage", parameters, description, lines)
