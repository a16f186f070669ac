"""GROUP BY: the grouped plan, and select items in terms of its groups."""

from collections.abc import Callable, Mapping, Sequence

from streamsql.errors import BindError, Span
from streamsql.expr.nodes import AggregateCall, ColumnRef, Expression, NamedExpression
from streamsql.expr.walk import column_refs, transform
from streamsql.logical.nodes import Aggregate, Plan
from streamsql.sql.binding.durations import duration_ms
from streamsql.sql.binding.names import unused
from streamsql.sql.dialect.nodes.clauses import SessionWindow, TumblingWindow, WindowClause
from streamsql.sql.dialect.nodes.node import span
from streamsql.types.record import SourceKind
from streamsql.types.schema import WINDOW_COLUMNS, Column, Schema
from streamsql.types.windows import SessionWindows, TimeWindows, Windows, default_grace_ms

Rewrite = Callable[[Expression, Span], Expression]
"""From an expression over rows to one over groups; the span is where it is written."""

WINDOW_REFS = tuple(ColumnRef(column.name, column.type) for column in WINDOW_COLUMNS)

_MAX_OVERLAP = 100_000
"""Windows that a record is in: each is a row to be changed."""


def aggregate(
    plan: Plan,
    keys: Sequence[Expression],
    calls: Sequence[AggregateCall],
    windows: Windows | None,
    *,
    final: bool,
) -> Aggregate:
    """Return the aggregation of a plan by the key expressions."""
    taken = [call.name for call in calls]
    named: list[NamedExpression] = []
    for number, key in enumerate(keys):
        name = key.name if isinstance(key, ColumnRef) else f"KSQL_KEY_{number}"
        name = unused(name, taken)
        taken.append(name)
        named.append(NamedExpression(name, key))
    schema = Schema(
        tuple(Column(key.name, key.expression.type) for key in named),
        tuple(Column(call.name, call.type) for call in calls),
        None if windows is None else windows.kind,
    )
    return Aggregate(plan, tuple(named), (), tuple(calls), windows, final, schema)


def regrouped(aggregation: Aggregate) -> Rewrite:
    """Return a function that rewrites an expression over rows to one over groups.

    It raises BindError for a column that is neither grouped by nor inside of an aggregate.
    """
    known = [ColumnRef(call.name, call.type) for call in aggregation.aggregates]
    if aggregation.windows is not None:
        known += WINDOW_REFS

    def rewrite(expression: Expression, where: Span) -> Expression:
        def change(part: Expression) -> Expression | None:
            for key in aggregation.keys:
                if part == key.expression:
                    return ColumnRef(key.name, part.type)
            if isinstance(part, ColumnRef) and part not in known:
                raise BindError(
                    f'column "{part.name}" is neither grouped by nor aggregated',
                    where,
                    hint="Add it to GROUP BY, or use an aggregate such as LATEST_BY_OFFSET.",
                )
            return None

        return transform(expression, change)

    return rewrite


def check_calls(
    calls: Sequence[AggregateCall], kind: SourceKind, places: Mapping[str, Span]
) -> None:
    """Check that the aggregates can be computed over rows of that kind.

    Raises:
        BindError: One cannot take rows of a table back, or is of a window's bounds.
    """
    for call in calls:
        if any(reference in WINDOW_REFS for reference in column_refs(call)):
            raise BindError(
                f'aggregate function "{call.function.name}" cannot be of a window\'s bounds',
                places[call.name],
            )
    if kind is SourceKind.STREAM:
        return
    stuck = [call for call in calls if not call.function.undoable]
    if stuck:
        raise BindError(
            f'aggregate function "{stuck[0].function.name}" cannot be used over a table',
            places[stuck[0].name],
            hint="A changed row must be taken back, which it cannot; aggregate a stream instead.",
        )


def bind_window(node: WindowClause, *, final: bool) -> Windows:
    """Return the windows of a query.

    Raises:
        BindError: A duration is zero, or they contradict each other.
    """
    size, advance = _size_and_advance(node)
    written = None if node.grace is None else duration_ms(node.grace)
    grace = written if written is not None else 0 if final else default_grace_ms(size)
    retention = size + grace
    if node.retention is not None:
        given = duration_ms(node.retention)
        least = retention if written is not None else size
        if given < least:
            raise BindError(
                "the retention is at least the size plus the grace period", span(node.retention)
            )
        retention = max(given, retention)
    if advance:
        return TimeWindows(size, advance, grace, retention)
    return SessionWindows(size, grace, retention)


def _size_and_advance(node: WindowClause) -> tuple[int, int]:
    """Return both in milliseconds; a session has its gap as size and no advance."""
    if isinstance(node, SessionWindow):
        return _positive(duration_ms(node.gap), "gap", node), 0
    size = _positive(duration_ms(node.size), "size", node)
    if isinstance(node, TumblingWindow):
        return size, size
    advance = _positive(duration_ms(node.advance), "advance", node)
    if advance > size:
        raise BindError("the advance of hopping windows is at most their size", span(node.advance))
    if size > _MAX_OVERLAP * advance:
        raise BindError(
            f"a record would be in {-(-size // advance)} windows at once",
            span(node.advance),
            hint=f"At most {_MAX_OVERLAP} windows of a query overlap: advance by more.",
        )
    return size, advance


def _positive(duration: int, what: str, node: WindowClause) -> int:
    if duration <= 0:
        raise BindError(f"the {what} of a window is more than zero", span(node))
    return duration
