"""FROM and JOIN: which sources a query reads, and the rules by which two of them join.

What is found out here is data (:class:`From`); the plan is made of it in ``bind_joins`` once all
expressions of the query are bound, because only then it is known which pseudo columns they use.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from streamsql.catalog.catalog import Source
from streamsql.errors import BindError
from streamsql.expr.nodes import ColumnRef, Expression
from streamsql.expr.walk import column_refs
from streamsql.sql.binding.context import Context
from streamsql.sql.binding.durations import duration_ms
from streamsql.sql.binding.expressions.calls import CallContext
from streamsql.sql.binding.expressions.expression import ExpressionBinder
from streamsql.sql.binding.names import unused
from streamsql.sql.binding.scope import Scope, ScopedSource, kind_word
from streamsql.sql.dialect.nodes.clauses import Within
from streamsql.sql.dialect.nodes.node import optional, required, several, span
from streamsql.topology.nodes import JoinKind
from streamsql.types.record import SourceKind
from streamsql.types.schema import Column, WindowKind
from streamsql.types.windows import JoinWindow


@dataclass(frozen=True, slots=True)
class JoinStep:
    """One JOIN: what is to its left, equal to what of the source to its right.

    Attributes:
        on_key: The left side has the left expression as its key already.
        foreign: A foreign-key join: the result has the key of the left side.
        equal: Expressions that are the key of the result, the preferred ones first.
        key_name: The plan's name for the key of the result.
    """

    right: ScopedSource
    kind: JoinKind
    left_key: Expression
    right_key: Expression
    window: JoinWindow | None
    on_key: bool
    foreign: bool
    equal: tuple[Expression, ...]
    key_name: str

    @property
    def viable(self) -> tuple[ColumnRef, ...]:
        """The columns among what is the key of the result."""
        return tuple(side for side in self.equal if isinstance(side, ColumnRef))


@dataclass(frozen=True, slots=True)
class From:
    """The sources of a query and how they join, left to right.

    Attributes:
        synthetic: The key that the last join makes up, when no column is its key.
    """

    scope: Scope
    steps: tuple[JoinStep, ...]
    synthetic: Column | None

    @property
    def keeps_key(self) -> bool:
        """Whether the result has the key of the source written first, of however many columns."""
        return all(step.foreign for step in self.steps)

    @property
    def kind(self) -> SourceKind:
        """A TABLE when all sources are tables, else a STREAM."""
        tables = all(s.source.kind is SourceKind.TABLE for s in self.scope.sources)
        return SourceKind.TABLE if tables else SourceKind.STREAM

    @property
    def leftmost(self) -> Source:
        """The source written first."""
        return self.scope.sources[0].source


def bind_from(query: exp.Select, context: Context) -> From:
    """Return the sources and joins of a query.

    Raises:
        BindError: A source does not exist, or the sources cannot be joined so.
    """
    joins = several(query, "joins", exp.Join)
    first = required(query, "from_", exp.From)
    written = [required(part, "this", exp.Table) for part in (first, *joins)]
    sources = [_scoped(table, context, qualified=bool(joins)) for table in written]
    _check_distinct(sources)
    scope = Scope(sources)
    steps: list[JoinStep] = []
    for count, join in enumerate(joins, start=1):
        name = _key_name(scope) if count == len(joins) else f"KSQL_JOIN_{count}"
        steps.append(
            _JoinRules(join, sources[:count], sources[count], scope, steps).step(name, context)
        )
    keyed = [step for step in steps if not step.foreign]
    if not keyed or steps[-1].viable:
        return From(scope, tuple(steps), None)
    synthetic = Column(steps[-1].key_name, keyed[-1].left_key.type)
    return From(scope.with_extra([synthetic]), tuple(steps), synthetic)


def _scoped(table: exp.Table, context: Context, *, qualified: bool) -> ScopedSource:
    source = context.source(table)
    return ScopedSource(table.alias or source.name, source, qualified, span(table))


def _check_distinct(sources: Sequence[ScopedSource]) -> None:
    for position, source in enumerate(sources):
        for other in sources[:position]:
            if (other.source.name, other.source.application) == (
                source.source.name,
                source.source.application,
            ):
                raise BindError(
                    f'{kind_word(source.source.kind)} "{source.source.name}" cannot be joined '
                    "with itself",
                    source.where,
                    hint="Copy it with CREATE … AS SELECT and join the copy.",
                )
            if other.alias == source.alias:
                raise BindError(
                    f'alias "{source.alias}" is given twice',
                    source.where,
                    hint="Give each source its own alias.",
                )


def _key_name(scope: Scope) -> str:
    return unused("ROWKEY", scope.names())


class _JoinRules:
    """One join against the rules of the language."""

    __slots__ = ("_condition", "_left", "_right", "_scope", "_side", "_steps", "_where", "_within")

    def __init__(
        self,
        join: exp.Join,
        left: Sequence[ScopedSource],
        right: ScopedSource,
        scope: Scope,
        steps: Sequence[JoinStep],
    ) -> None:
        self._side = join.side or JoinKind.INNER.value
        self._where = span(join.this)
        self._within = optional(join, "match_condition", Within)
        self._condition = required(join, "on", exp.Expression)
        self._left = left
        self._right = right
        self._scope = scope
        self._steps = steps

    def step(self, key_name: str, context: Context) -> JoinStep:
        """Check the join and return what is known of it."""
        kind = JoinKind(self._side)
        left_key, right_key = self._keys(context)
        self._check_kinds(kind)
        if left_key.type != right_key.type:
            raise BindError(
                f"a join compares values of one type, not {left_key.type} and {right_key.type}",
                span(self._condition),
                hint="Convert one side with CAST.",
            )
        on_key = self._is_left_key(left_key)
        foreign = self._is_foreign(right_key, kind, on_key=on_key)
        self._check_windows(on_keys=on_key and self._is_right_key(right_key))
        if not foreign and on_key and self._is_right_key(right_key):
            self._check_partitions()
        return JoinStep(
            self._right,
            kind,
            left_key,
            right_key,
            self._window(),
            on_key,
            foreign,
            self._left_keys() if foreign else self._equal(kind, left_key, right_key),
            key_name,
        )

    @property
    def _left_kind(self) -> SourceKind:
        tables = all(source.source.kind is SourceKind.TABLE for source in self._left)
        return SourceKind.TABLE if tables else SourceKind.STREAM

    def _check_kinds(self, kind: JoinKind) -> None:
        left, right = self._left_kind, self._right.source.kind
        where = self._where
        if left is SourceKind.TABLE and right is SourceKind.STREAM:
            raise BindError(
                "a table cannot be joined with a stream",
                where,
                hint="Write the stream to the left of the table.",
            )
        if left is right is SourceKind.STREAM:
            if self._within is None:
                raise BindError(
                    "two streams are joined within a time",
                    where,
                    hint="Add it before ON, as in WITHIN 1 HOUR GRACE PERIOD 5 MINUTES.",
                )
            return
        if self._within is not None:
            raise BindError(
                "WITHIN is only for joins of two streams",
                span(self._within),
                hint="Leave it out: the row of the table at that time is joined.",
            )
        if left is SourceKind.STREAM and kind in (JoinKind.RIGHT, JoinKind.FULL):
            raise BindError(
                f"a stream and a table cannot be joined with {kind.value} JOIN",
                where,
                hint="Use INNER JOIN or LEFT JOIN.",
            )

    def _keys(self, context: Context) -> tuple[Expression, Expression]:
        """Return the two sides of the condition, that of the left first."""
        condition: exp.Expr = self._condition
        while isinstance(condition, exp.Paren):
            condition = condition.this
        if not isinstance(condition, exp.EQ):
            raise BindError(
                "a join condition is one equality",
                span(condition),
                hint="Write ON a.x = b.y, and put other conditions into WHERE.",
            )
        visible = Scope([*self._left, self._right])
        binder = ExpressionBinder(visible, context.names, CallContext("a join condition"))
        first, second = binder.bind(condition.this), binder.bind(condition.expression)
        one = self._owner(first, condition.this, visible)
        other = self._owner(second, condition.expression, visible)
        if one is other:
            raise BindError(
                f'both sides of the condition are of "{one.alias}"',
                span(condition),
                hint="One side must be of each of the two sources.",
            )
        if other is self._right:
            return first, second
        if one is self._right:
            return second, first
        raise BindError(
            f'the condition does not refer to "{self._right.alias}"',
            span(condition),
            hint="One of its sides must be of the source that is joined.",
        )

    def _owner(self, side: Expression, node: exp.Expr, scope: Scope) -> ScopedSource:
        owners = [scope.owner_of(reference) for reference in column_refs(side)]
        distinct = [owner for owner in dict.fromkeys(owners) if owner is not None]
        if len(distinct) != 1:
            raise BindError(
                "each side of a join condition refers to exactly one source",
                span(node),
                hint="Move other conditions to WHERE.",
            )
        return distinct[0]

    def _is_left_key(self, left_key: Expression) -> bool:
        return left_key in self._left_keys()

    def _left_keys(self) -> tuple[Expression, ...]:
        """Return the expressions that are the key of what is on the left, if it is one column."""
        return self._steps[-1].equal if self._steps else tuple(_key_of(self._left[0]))

    def _is_right_key(self, right_key: Expression) -> bool:
        return right_key in _key_of(self._right)

    def _is_foreign(self, right_key: Expression, kind: JoinKind, *, on_key: bool) -> bool:
        """Check joins with a table; tell whether it is a foreign-key join."""
        if self._right.source.kind is SourceKind.STREAM:
            return False
        where = span(self._condition)
        if not self._is_right_key(right_key):
            keys = ", ".join(column.name for column in self._right.source.schema.key)
            raise BindError(
                f'table "{self._right.source.name}" is joined on its primary key ({keys})',
                where,
                hint=None
                if len(self._right.source.schema.key) == 1
                else "A table with several key columns cannot be joined.",
            )
        if self._left_kind is SourceKind.STREAM or on_key:
            return False
        if kind not in (JoinKind.INNER, JoinKind.LEFT):
            raise BindError(
                f"a foreign-key join cannot be a {kind.value} JOIN",
                where,
                hint="Use INNER JOIN or LEFT JOIN.",
            )
        return True

    def _check_windows(self, *, on_keys: bool) -> None:
        left, right = self._left[0].source, self._right.source
        one, other = left.schema.window, right.schema.window
        if one is None and other is None:
            return
        where = self._where
        if one is None or other is None:
            windowed, plain = (right, left) if one is None else (left, right)
            raise BindError(
                f'windowed "{windowed.name}" cannot be joined with "{plain.name}", '
                "which is not windowed",
                where,
            )
        if (one is WindowKind.SESSION) != (other is WindowKind.SESSION):
            raise BindError(
                f"{one.value} windows cannot be joined with {other.value} windows", where
            )
        same = (one, left.window_size_ms) == (other, right.window_size_ms)
        if not on_keys or not same:
            raise BindError(
                "windowed sources are joined on their keys and equal windows",
                span(self._condition),
                hint="A windowed source cannot be repartitioned.",
            )

    def _check_partitions(self) -> None:
        left, right = self._left[0].source, self._right.source
        if left.partitions and right.partitions and left.partitions != right.partitions:
            raise BindError(
                f'"{left.name}" has {left.partitions} partitions and "{right.name}" '
                f"{right.partitions}",
                self._where,
                hint="Repartition one of them: CREATE … WITH (PARTITIONS=…) AS SELECT.",
            )

    def _window(self) -> JoinWindow | None:
        within = self._within
        if within is None:
            return None
        before = duration_ms(within.before)
        after = before if within.after is None else duration_ms(within.after)
        return JoinWindow(
            before, after, None if within.grace is None else duration_ms(within.grace)
        )

    def _equal(
        self, kind: JoinKind, left_key: Expression, right_key: Expression
    ) -> tuple[Expression, ...]:
        """Return the expressions that are the key of every row of the result."""
        if kind is JoinKind.FULL:
            return ()
        before = self._steps[-1].equal if self._steps else ()
        inherited = before if left_key in before else ()
        equal = list(inherited)
        for side in (left_key, right_key):
            if side not in equal:
                equal.append(side)
        return tuple(equal)


def _key_of(source: ScopedSource) -> list[ColumnRef]:
    """Return the key of a source when it is one column, else nothing."""
    key = source.source.schema.key
    return [source.reference(key[0])] if len(key) == 1 else []
