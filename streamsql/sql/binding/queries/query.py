"""SELECT to a logical plan: FROM, WHERE, table functions, PARTITION BY or GROUP BY, projection.

All expressions are bound first, over the columns of the sources; only then is the plan made, and
the expressions are rewritten to the columns that are left at their place in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from streamsql.catalog.catalog import Source
from streamsql.errors import BindError, Span
from streamsql.expr.nodes import AggregateCall, ColumnRef, Expression, Literal, TableCall
from streamsql.expr.walk import column_refs
from streamsql.logical.nodes import Filter, FlatMap, Plan
from streamsql.sql.binding.context import Context
from streamsql.sql.binding.expressions.calls import CallContext
from streamsql.sql.binding.expressions.expression import ExpressionBinder
from streamsql.sql.binding.names import Namer
from streamsql.sql.binding.queries.aggregation import (
    Rewrite,
    aggregate,
    bind_window,
    check_calls,
    regrouped,
)
from streamsql.sql.binding.queries.clauses import Clauses
from streamsql.sql.binding.queries.items import Item, StarRules, bind_items, is_star
from streamsql.sql.binding.queries.joins import plan_from
from streamsql.sql.binding.queries.partition import partitioned
from streamsql.sql.binding.queries.projection import (
    KeyColumns,
    check_persistent,
    output_names,
    project,
    select,
)
from streamsql.sql.binding.queries.relations import From, bind_from
from streamsql.sql.dialect.dialect import StreamSQL
from streamsql.sql.dialect.nodes.clauses import EmitMode
from streamsql.sql.dialect.nodes.node import span
from streamsql.types.record import SourceKind
from streamsql.types.schema import WINDOW_COLUMNS, Column, Schema
from streamsql.types.sqltypes import INTEGER
from streamsql.types.windows import Windows


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """A bound query.

    Attributes:
        origin: What it reads.
        columns: Names of the result's columns in the order written.
        keyless: PARTITION BY NULL: the result has no key on purpose.
        rekeyed: The key is not that of the sources: GROUP BY, PARTITION BY.
        windows: The windows it groups by.
        aggregates: The aggregates it computes.
        places: Where each aggregate is written, by the name of its result.
    """

    plan: Plan
    origin: From
    columns: tuple[str, ...]
    keyless: bool
    rekeyed: bool
    windows: Windows | None
    aggregates: tuple[AggregateCall, ...]
    limit: int | None
    places: Mapping[str, Span]

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources, in the order written."""
        return tuple(scoped.source for scoped in self.origin.scope.sources)


def bind_query(query: exp.Select, context: Context, *, persistent: bool) -> BoundQuery:
    """Return the plan of a query.

    Args:
        query: The query.
        context: What it is bound against.
        persistent: Its result is written to a topic: the key must be selected.

    Raises:
        BindError: A name, a type or a rule is wrong.
    """
    return _QueryBinder(query, context, persistent=persistent).bind()


@dataclass(frozen=True, slots=True)
class _Keys:
    """What the key of the result is: expressions, and how an error calls them."""

    columns: KeyColumns
    texts: Sequence[str]


class _QueryBinder:
    """One query on its way from syntax to plan."""

    def __init__(self, query: exp.Select, context: Context, *, persistent: bool) -> None:
        self._query = Clauses.of(query)
        self._context = context
        self._persistent = persistent
        self._from = bind_from(query, context)
        self._taken = frozenset(self._from.scope.names())
        emit, window = self._query.emit, self._query.window
        self._final = emit is not None and emit.mode is EmitMode.FINAL
        self._windows = None if window is None else bind_window(window, final=self._final)
        self._aggregates: list[AggregateCall] = []
        self._tables: list[TableCall] = []
        self._places: dict[str, Span] = {}

    def bind(self) -> BoundQuery:
        """Bind all clauses, then make the plan."""
        self._check_clauses()
        query = self._query
        where = self._condition(query.where.this, "WHERE") if query.where else None
        keys = self._key_expressions()
        items = self._items(keys)
        having = self._having()
        grouped = query.group_by is not None or bool(self._aggregates)
        self._check_aggregation(grouped=grouped)
        used = self._used([*(item.expression for item in items), *(keys or ()), where])
        plan = plan_from(self._from, used)
        if where is not None:
            plan = Filter(plan, where)
        if self._tables:
            plan = self._flat_map(plan)
        key = self._result_key(keys)
        selection = select(items, key.columns)
        if grouped:
            plan, rewrite = self._group(plan, keys or (), having)
            rewritten = [rewrite(item.expression, item.where) for item in selection.value]
        elif keys is not None:
            values = [item.expression for item in selection.value]
            plan, change = partitioned(plan, keys, values, self._from)
            rewritten = [change(value) for value in values]
        else:
            rewritten = [item.expression for item in selection.value]
        if self._persistent:
            check_persistent(selection, key.texts, self._list_span())
        projection = project(plan, selection, rewritten)
        return BoundQuery(
            plan=projection,
            origin=self._from,
            columns=output_names(items, selection, projection),
            keyless=keys is not None and not keys and not grouped,
            rekeyed=keys is not None or grouped,
            windows=self._windows,
            aggregates=tuple(self._aggregates),
            limit=None if query.limit is None else int(query.limit.expression.name),
            places=self._places,
        )

    # Clauses

    def _check_clauses(self) -> None:
        query = self._query
        table = self._from.kind is SourceKind.TABLE
        if query.partition_by is not None:
            self._check_partition_by(table=table)
        if query.window is not None and query.group_by is None:
            raise BindError(
                "WINDOW needs GROUP BY", span(query.window), hint="Windows are of groups."
            )
        if query.window is not None and table:
            raise BindError(
                "WINDOW is only for streams",
                span(query.window),
                hint="The rows of a table have no history to be cut into windows.",
            )
        if self._final and query.window is None:
            assert query.emit is not None
            raise BindError(
                "EMIT FINAL is only for windowed aggregations",
                span(query.emit),
                hint="Add a WINDOW clause, or write EMIT CHANGES.",
            )
        if self._persistent:
            self._check_persistent_sources()

    def _check_partition_by(self, *, table: bool) -> None:
        clause = self._query.partition_by
        assert clause is not None
        if table:
            raise BindError(
                "PARTITION BY is only for streams",
                span(clause),
                hint="A table is partitioned by its primary key; GROUP BY makes a new one.",
            )
        if self._query.group_by is not None:
            raise BindError(
                "PARTITION BY and GROUP BY exclude each other",
                span(clause),
                hint="GROUP BY makes its expressions the key.",
            )
        if self._from.leftmost.schema.window is not None:
            raise BindError("a windowed source cannot be repartitioned", span(clause))

    def _check_persistent_sources(self) -> None:
        for source in self._from.scope.sources:
            windowed = source.source.schema.window is not None
            if windowed and source.source.kind is SourceKind.TABLE:
                raise BindError(
                    f'table "{source.source.name}" is windowed and cannot be read by a '
                    "persistent query",
                    source.where,
                    hint="Declare a windowed stream over its topic and read that.",
                )

    def _binder(self, context: CallContext, extra: Sequence[Column] = ()) -> ExpressionBinder:
        scope = self._from.scope.with_extra(extra)
        return ExpressionBinder(scope, self._context.names, context)

    def _condition(self, node: exp.Expr, clause: str) -> Expression:
        return self._binder(CallContext(clause)).condition(node, f"the condition of {clause}")

    def _having(self) -> Expression | None:
        clause = self._query.having
        if clause is None:
            return None
        if self._query.group_by is None:
            raise BindError("HAVING needs GROUP BY", span(clause), hint="Use WHERE for rows.")
        calls = CallContext("HAVING", self._aggregates, taken=self._taken, places=self._places)
        return self._binder(calls).condition(clause.this, "the condition of HAVING")

    def _key_expressions(self) -> list[Expression] | None:
        """Return what GROUP BY or PARTITION BY name; ``None`` without either."""
        query = self._query
        if query.group_by is not None:
            binder = self._binder(CallContext("GROUP BY"))
            grouping = [binder.bind(key) for key in query.group_by.expressions]
            _check_distinct(grouping, query.group_by.expressions)
            return grouping
        if query.partition_by is None:
            return None
        binder = self._binder(CallContext("PARTITION BY"))
        operands = [binder.operand(key) for key in query.partition_by.keys]
        if not operands:
            raise BindError("PARTITION BY needs an expression", span(query.partition_by))
        if len(operands) == 1 and operands[0].expression is None:
            return []
        keys = [operand.expression for operand in operands if operand.expression is not None]
        if len(keys) < len(operands):
            raise BindError(
                "NULL cannot be one of several keys",
                span(query.partition_by),
                hint="PARTITION BY NULL alone removes the key.",
            )
        _check_distinct(keys, query.partition_by.keys)
        return keys

    def _items(self, keys: list[Expression] | None) -> list[Item]:
        windowed = self._windows is not None and not self._from.steps
        extra = WINDOW_COLUMNS if windowed else ()
        calls = CallContext(
            "SELECT", self._aggregates, self._tables, self._taken, places=self._places
        )
        namer = Namer(self._from.scope)
        return bind_items(
            self._query.items, self._binder(calls, extra), self._star_rules(keys, namer), namer
        )

    def _star_rules(self, keys: list[Expression] | None, namer: Namer) -> StarRules:
        partition = self._query.partition_by
        if not any(map(is_star, self._query.items)):
            return StarRules()
        if partition is not None and keys:
            names = [self._star_name(node, namer) for node in partition.keys]
            return StarRules(tuple(zip(names, keys, strict=True)), rekeyed=True)
        made_up = self._from.synthetic
        first: tuple[tuple[str, Expression], ...] = ()
        if made_up is not None:
            first = ((made_up.name, ColumnRef(made_up.name, made_up.type)),)
        return StarRules(first, window_bounds=bool(self._from.steps) or not self._persistent)

    def _star_name(self, node: exp.Expr, namer: Namer) -> str:
        if isinstance(node, exp.Column):
            reference = self._from.scope.resolve(node)
            owner = self._from.scope.owner_of(reference)
            if owner is not None and owner.qualified:
                return f"{owner.alias}_{node.this.name}"
        return namer.name(node)

    def _list_span(self) -> Span:
        """Return the place of the select list."""
        items = self._query.items
        return span(items[0]).cover(span(items[-1]))

    # Plan

    def _used(self, expressions: Sequence[Expression | None]) -> set[ColumnRef]:
        present = [expression for expression in expressions if expression is not None]
        keys = [key for step in self._from.steps for key in (step.left_key, step.right_key)]
        return set(column_refs(*present, *self._aggregates, *self._tables, *keys))

    def _flat_map(self, plan: Plan) -> Plan:
        if plan.kind is SourceKind.TABLE:
            raise BindError(
                f'table function "{self._tables[0].function.name}" cannot be used over a table',
                self._places[self._tables[0].name],
                hint="Table functions make several rows of one, which have no primary key.",
            )
        columns = tuple(Column(call.name, call.type) for call in self._tables)
        own = plan.schema
        schema = Schema(own.key, (*own.value, *columns), own.window)
        return FlatMap(plan, tuple(self._tables), schema)

    def _check_aggregation(self, *, grouped: bool) -> None:
        query = self._query
        if not grouped:
            return
        if not self._aggregates:
            assert query.group_by is not None
            raise BindError(
                "GROUP BY needs an aggregate function in SELECT or HAVING",
                span(query.group_by),
                hint="Add one, such as COUNT(*).",
            )
        if query.group_by is None and self._persistent:
            raise BindError(
                f'aggregate function "{self._aggregates[0].function.name}" needs GROUP BY',
                self._places[self._aggregates[0].name],
                hint="Group by the columns that shall identify a row.",
            )
        if query.group_by is None and query.partition_by is not None:
            raise BindError("PARTITION BY and aggregates exclude each other", query.whole)
        if self._tables:
            raise BindError(
                f'table function "{self._tables[0].function.name}" cannot be used with aggregates',
                self._places[self._tables[0].name],
                hint="Use it in a query of its own and aggregate the result.",
            )
        check_calls(self._aggregates, self._from.kind, self._places)

    def _result_key(self, keys: list[Expression] | None) -> _Keys:
        query = self._query
        clause = query.keys
        if clause is not None:
            texts = [node.sql(StreamSQL) for node in clause]
            return _Keys([[key] for key in keys or ()], texts if keys else ())
        if self._aggregates:
            return _Keys([[Literal(0, INTEGER)]], ("nothing",))
        return _source_key(self._from)

    def _group(
        self, plan: Plan, keys: Sequence[Expression], having: Expression | None
    ) -> tuple[Plan, Rewrite]:
        if not keys:
            keys = [Literal(0, INTEGER)]
        grouped = aggregate(plan, keys, self._aggregates, self._windows, final=self._final)
        rewrite = regrouped(grouped)
        if having is None:
            return grouped, rewrite
        assert self._query.having is not None
        return Filter(grouped, rewrite(having, span(self._query.having.this))), rewrite


def _check_distinct(keys: Sequence[Expression], nodes: Sequence[exp.Expr]) -> None:
    for position, (key, node) in enumerate(zip(keys, nodes, strict=True)):
        if key in keys[:position]:
            raise BindError("the same expression is there twice", span(node), hint="Name it once.")


def _source_key(origin: From) -> _Keys:
    """Return the key that the sources and their joins give the result."""
    if origin.keeps_key:
        left = origin.scope.sources[0]
        keys = [left.reference(column) for column in left.source.schema.key]
        return _Keys([[key] for key in keys], [key.name for key in keys])
    if origin.synthetic is not None:
        name = origin.synthetic.name
        return _Keys([[ColumnRef(name, origin.synthetic.type)]], [name])
    viable = origin.steps[-1].viable
    return _Keys([list(viable)], [" or ".join(reference.name for reference in viable)])
