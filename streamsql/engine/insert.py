"""INSERT VALUES: one record of constant expressions, encoded as the source's topic wants it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from streamsql.catalog.catalog import SourceKind
from streamsql.codegen.stretch import ForwardStep, ProjectStep, StreamInput, Stretch
from streamsql.codegen.stretches import generate
from streamsql.errors import BindError, EngineError, Span
from streamsql.expr.nodes import Expression, Literal, NamedExpression
from streamsql.formats.formats import key_encoder, value_encoder
from streamsql.sql.statements import InsertValues
from streamsql.types.schema import Schema


@dataclass(frozen=True, slots=True)
class EncodedRecord:
    """A record as a topic takes it."""

    topic: str
    key: bytes | None
    value: bytes | None
    timestamp_ms: int


def encode_values(
    statement: InsertValues, span: Span, wall_clock_ms: Callable[[], int]
) -> EncodedRecord:
    """Return the record that the statement asks to write.

    Raises:
        BindError: A value cannot be computed, or the format cannot write it.
    """
    sink = statement.sink
    headers = {header.column for header in sink.headers}
    schema = Schema(sink.schema.key, tuple(c for c in sink.schema.value if c.name not in headers))
    names = [column.name for column in schema.columns()]
    values = evaluate([statement.values.get(name) for name in names], span)
    timestamp_ms = wall_clock_ms()
    if statement.timestamp is not None:
        (timestamp_ms,) = evaluate([statement.timestamp], span)
        if timestamp_ms is None or timestamp_ms < 0:
            raise BindError("ROWTIME must be a time since 1970", span)
    keys, row = values[: len(schema.key)], values[len(schema.key) :]
    if sink.kind is SourceKind.TABLE and all(value is None for value in keys):
        raise BindError(f'the primary key of table "{sink.name}" must not be NULL', span)
    key = keys[0] if len(keys) == 1 else tuple(keys)
    try:
        key_bytes = None
        if keys and key is not None:
            key_bytes = key_encoder(sink.key_format, schema)(key)
        encoder = value_encoder(sink.value_format, schema)
        payload = encoder.encode(encoder.row_type(*row))
    except (ValueError, TypeError) as error:
        raise BindError(f"the values cannot be written: {error}", span) from error
    return EncodedRecord(sink.topic, key_bytes, payload, timestamp_ms)


def evaluate(expressions: list[Expression | None], span: Span) -> list[Any]:
    """Return the values of constant expressions, in flight form; of ``None``, NULL.

    Raises:
        BindError: One has no value.
    """
    columns = tuple(
        NamedExpression(f"V{position}", expression)
        for position, expression in enumerate(expressions)
        if expression is not None and not isinstance(expression, Literal)
    )
    computed = _compute(columns, span) if columns else {}
    return [
        expression.value if isinstance(expression, Literal) else computed.get(f"V{position}")
        for position, expression in enumerate(expressions)
    ]


def _compute(columns: tuple[NamedExpression, ...], span: Span) -> dict[str, Any]:
    rows: list[tuple[Any, ...]] = []
    failures: list[str] = []

    def take(_key: object, value: tuple[Any, ...], _timestamp_ms: int) -> None:
        rows.append(value)

    def report(error: Exception, text: str, _record: object) -> None:
        failures.append(f"{text} has no value: {str(error) or type(error).__name__}")

    steps = (ProjectStep((), columns), ForwardStep(take))
    stretch = Stretch("values", "INSERT VALUES", StreamInput(Schema((), ())), steps, report)
    generate(stretch).function(None, (), 0)
    if failures:
        raise BindError(failures[0], span)
    if len(rows) != 1:
        raise EngineError("constant expressions gave no row")
    return {column.name: value for column, value in zip(columns, rows[0], strict=True)}
