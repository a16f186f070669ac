"""Joins as operators: both sides cut down to what is needed, together by key, and joined."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from streamsql.errors import UnsupportedError
from streamsql.expr.nodes import ColumnRef, Expression, NamedExpression
from streamsql.formats.format import FormatSpec
from streamsql.formats.formats import REGISTERED
from streamsql.logical.nodes import Join
from streamsql.streams.kstream import ROW, KStream
from streamsql.streams.ktable import KTable
from streamsql.types.schema import Column, Schema

_Relation = TypeVar("_Relation", KStream, KTable)


@dataclass(frozen=True, slots=True)
class Sides:
    """The two relations of a join, with qualified column names."""

    left: KStream | KTable
    right: KStream | KTable


def join_relations(plan: Join, sides: Sides, needed: frozenset[str]) -> KStream | KTable:
    """Return the joined relation; its key is named as the plan says.

    Args:
        needed: The columns of the sides that are read above, apart from the join's key.
    """
    match sides.left, sides.right:
        case KStream() as left, KStream() as right:
            return _stream_stream(plan, left, right, needed)
        case KStream() as left, KTable() as right:
            return _stream_table(plan, left, right, needed)
        case KTable() as left, KTable() as right:
            if plan.foreign_key is not None:
                return _foreign_key(plan, plan.foreign_key, Sides(left, right), needed)
            return _table_table(plan, left, right, needed)
        case _:
            raise UnsupportedError(
                "a table cannot be joined with a stream on its right",
                hint="Write the stream first.",
            )


def _stream_stream(plan: Join, left: KStream, right: KStream, needed: frozenset[str]) -> KStream:
    assert plan.window is not None, "the binder demands WITHIN"
    sides = _nameless(_side(left, needed)), _nameless(_side(right, needed))
    formats = sides[0].key_format, sides[1].key_format
    left_format = formats[0] or formats[1] or ROW
    left, right = (
        side if key_format == left_format else side.repartition(left_format)
        for side, key_format in zip(sides, formats, strict=True)
    )
    schema = _joined(plan, (*left.schema.value, *right.schema.value))
    return left.join_stream(right, plan.join_kind, plan.window, schema)


def _stream_table(plan: Join, left: KStream, right: KTable, needed: frozenset[str]) -> KStream:
    wanted = ROW if _names_schema(right.key_format) else right.key_format
    stream = _together(_side(left, needed), left.key_format, wanted)
    table = _nameless(_side(right, needed)).materialize()
    schema = _joined(plan, (*stream.schema.value, *table.schema.value))
    return stream.join_table(table, plan.join_kind, schema)


def _table_table(plan: Join, left: KTable, right: KTable, needed: frozenset[str]) -> KTable:
    first = _nameless(_side(left, needed)).materialize()
    second = _nameless(_side(right, needed))
    if second.key_format != first.key_format:
        second = second.repartition(first.key_format)
    second = second.materialize()
    schema = _joined(plan, (*first.schema.value, *second.schema.value))
    return first.join(second, plan.join_kind, schema)


def _foreign_key(
    plan: Join, foreign_key: Expression, sides: Sides, needed: frozenset[str]
) -> KTable:
    left, right = sides.left, sides.right
    assert isinstance(left, KTable)
    assert isinstance(right, KTable)
    referring = _nameless(_side(left, needed, [NamedExpression("$FOREIGN_KEY", foreign_key)]))
    if len(left.schema.key) > 1 and referring.key_format != ROW:
        # Written with the names of its columns, which are others in the topic of the answers.
        referring = referring.repartition(ROW)
    first, second = referring.materialize(), _nameless(_side(right, needed)).materialize()
    schema = _joined(plan, (*first.schema.value[:-1], *second.schema.value))
    return first.join_foreign_key(second, plan.join_kind, schema)


def _together(stream: KStream, written: FormatSpec | None, wanted: FormatSpec) -> KStream:
    """Return the stream with its records where the table has their keys."""
    return stream if written == wanted else stream.repartition(wanted)


def _nameless(relation: _Relation) -> _Relation:
    """Return the side with keys of which equal ones are equal bytes.

    Those that name their schema are not: each topic has schemas of its own.
    """
    return relation.repartition(ROW) if _names_schema(relation.key_format) else relation


def _names_schema(written: FormatSpec | None) -> bool:
    return written is not None and written.name in REGISTERED


def _side(
    relation: _Relation, needed: frozenset[str], computed: Sequence[NamedExpression] = ()
) -> _Relation:
    """Return the side with the columns needed as values, those of its key among them."""
    columns: list[NamedExpression] = [
        NamedExpression(column.name, ColumnRef(column.name, column.type))
        for column in relation.schema.columns()
        if column.name in needed
    ]
    hidden = [f"$KEY{position}" for position in range(len(relation.schema.key))]
    return relation.select([*columns, *computed], hidden)


def _joined(plan: Join, values: tuple[Column, ...]) -> Schema:
    return Schema(plan.schema.key, values, plan.schema.window)
