"""The logical plan: a closed sum of immutable nodes.

Each node knows its ``schema`` (key and value columns) and its ``kind``: whether its rows are the
events of a STREAM or the state of a TABLE. Expressions of a node refer by name to columns of its
input's schema, and to the pseudo columns ROWTIME, WINDOWSTART, WINDOWEND (ROWPARTITION and
ROWOFFSET directly above a scan).

In a query over several sources every scan has a ``qualifier``, its alias: its columns are then
named ``ALIAS.COLUMN`` (pseudo columns as well) until the final projection names the outputs.
"""

from dataclasses import dataclass

from streamsql.catalog.catalog import Source
from streamsql.expr.nodes import AggregateCall, Expression, NamedExpression, TableCall
from streamsql.topology.nodes import JoinKind
from streamsql.types.record import SourceKind
from streamsql.types.schema import Schema
from streamsql.types.windows import JoinWindow, Windows


@dataclass(frozen=True, slots=True)
class Scan:
    """Reads a source. ``schema`` holds its columns, qualified when there is a qualifier."""

    source: Source
    qualifier: str | None
    schema: Schema

    @property
    def kind(self) -> SourceKind:
        """The source's kind."""
        return self.source.kind


@dataclass(frozen=True, slots=True)
class Filter:
    """Rows for which the predicate is true: WHERE, or HAVING above an aggregation."""

    input: "Plan"
    predicate: Expression

    @property
    def schema(self) -> Schema:
        """The input's."""
        return self.input.schema

    @property
    def kind(self) -> SourceKind:
        """The input's."""
        return self.input.kind


@dataclass(frozen=True, slots=True)
class Project:
    """New value columns; key columns keep values and order, and may be renamed (``schema``)."""

    input: "Plan"
    columns: tuple[NamedExpression, ...]
    schema: Schema

    @property
    def kind(self) -> SourceKind:
        """The input's."""
        return self.input.kind


@dataclass(frozen=True, slots=True)
class FlatMap:
    """One row for each row of the table functions; their results are appended value columns."""

    input: "Plan"
    calls: tuple[TableCall, ...]
    schema: Schema

    @property
    def kind(self) -> SourceKind:
        """STREAM."""
        return SourceKind.STREAM


@dataclass(frozen=True, slots=True)
class Rekey:
    """A new key computed from each row of a stream. Empty ``keys``: no key.

    The value columns stay; the columns of the old key come before them as value columns.

    Attributes:
        drop_null_key: Rows whose key is NULL are dropped (join), not kept (PARTITION BY).
        shuffle: The rows must come together by key afterwards (joins): repartition. PARTITION BY
            alone only writes the new key.
    """

    input: "Plan"
    keys: tuple[NamedExpression, ...]
    drop_null_key: bool
    shuffle: bool
    schema: Schema

    @property
    def kind(self) -> SourceKind:
        """STREAM."""
        return SourceKind.STREAM


@dataclass(frozen=True, slots=True)
class Aggregate:
    """GROUP BY: one row for each value of ``keys`` (and window).

    The schema's key columns are ``keys`` by name; its value columns are ``columns`` (values of the
    newest row, for grouping expressions or their parts that are selected besides the key) and then
    the aggregates. Over a stream or over a table.

    Attributes:
        final: EMIT FINAL: each window once, when it is closed.
    """

    input: "Plan"
    keys: tuple[NamedExpression, ...]
    columns: tuple[NamedExpression, ...]
    aggregates: tuple[AggregateCall, ...]
    windows: Windows | None
    final: bool
    schema: Schema

    @property
    def kind(self) -> SourceKind:
        """TABLE."""
        return SourceKind.TABLE


@dataclass(frozen=True, slots=True)
class Join:
    """Two relations on the equality of one expression of each side.

    The binder has put a :class:`Rekey` (``shuffle``) below a stream side whose join expression is
    not its key, so both sides come with the join key as their key. The schema's key is the join key
    column; its value columns are the left's key and value columns, then the right's, all qualified.
    A foreign-key join keeps the left's key: ``foreign_key`` is the left expression.

    Attributes:
        window: WITHIN, of stream-stream joins only.
    """

    left: "Plan"
    right: "Plan"
    join_kind: JoinKind
    window: JoinWindow | None
    foreign_key: Expression | None
    schema: Schema

    @property
    def kind(self) -> SourceKind:
        """TABLE when both sides are tables, else STREAM."""
        both = self.left.kind is SourceKind.TABLE and self.right.kind is SourceKind.TABLE
        return SourceKind.TABLE if both else SourceKind.STREAM


Plan = Scan | Filter | Project | FlatMap | Rekey | Aggregate | Join
