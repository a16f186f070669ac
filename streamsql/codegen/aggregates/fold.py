"""Folds: the aggregates of one GROUP BY as a handful of functions over one state.

A state is a list: the values of the aggregation's columns, then a state for each aggregate.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from streamsql.codegen.aggregates.accumulate import (
    Texts,
    accumulate,
    aggregators,
    change,
    inputs_of,
    text_of,
)
from streamsql.codegen.aggregates.emission import define_emission
from streamsql.codegen.expressions.evaluation import Columns, Evaluation
from streamsql.codegen.load import Supplies, load
from streamsql.codegen.namespace import Locals
from streamsql.codegen.scope import key_columns, tuple_text
from streamsql.codegen.source import Lines, Module, SourceText
from streamsql.expr.nodes import AggregateCall
from streamsql.expr.registry import Aggregator
from streamsql.expr.walk import column_refs
from streamsql.topology.nodes import StreamAggregate, TableAggregate
from streamsql.types.record import Key, Row
from streamsql.types.schema import ROWTIME, Schema
from streamsql.types.windows import SessionWindows


@dataclass(frozen=True, slots=True)
class Fold:
    """The functions of a fold.

    Attributes:
        initial: Returns the state of a group without rows (its columns are NULL).
        add: ``add(state, key, value, timestamp)`` takes a row in, in place; the columns become
            those of that row.
        result: Returns the row: the columns, then the aggregates' results.
        undo: ``undo(state, key, value, timestamp)`` takes an added row back, in place, columns set
            from it; only of tables.
        merge: ``merge(left, right)`` returns the state of both groups together, the columns of
            ``right``; only of sessions. It may reuse either argument.
        flush: Forwards a change of each held group; only where groups are held until the next one.
        close: Forwards the results of closed windows; only where that is when they are forwarded.
    """

    initial: Callable[[], list[Any]]
    add: Callable[[list[Any], Key, Row, int], None]
    result: Callable[[list[Any]], Row]
    undo: Callable[[list[Any], Key, Row, int], None] | None = None
    merge: Callable[[list[Any], list[Any]], list[Any]] | None = None
    flush: Callable[..., None] | None = None
    close: Callable[..., None] | None = None


def load_fold(source: SourceText, supplies: Supplies) -> Fold:
    """Return the functions of a fold."""
    return Fold(**load(source, supplies))


def generate_fold(
    node: StreamAggregate | TableAggregate, schema: Schema, *, cached: bool
) -> SourceText:
    """Return the fold of an aggregation of the rows of ``schema``.

    An argument that fails counts as NULL and is reported, an aggregate that fails stays as it was.
    ``cached``: changed groups are held until the next flush.
    """
    writer = _Writer(node, schema)
    writer.initial()
    writer.update("add", "Take a row in.", writer.add)
    if isinstance(node, TableAggregate):
        writer.update("undo", "Take an added row back.", writer.undo)
    elif isinstance(node.windows, SessionWindows):
        writer.merge()
    writer.result()
    if isinstance(node, StreamAggregate):
        define_emission(writer.module, node, writer.row(), cached=cached)
    return writer.module.source()


class _Writer:
    """Writes the functions of one fold."""

    def __init__(self, node: StreamAggregate | TableAggregate, schema: Schema) -> None:
        self.module = Module(node.name)
        self._namespace = self.module.namespace
        self._schema = schema
        self._columns = node.columns
        self._inputs = inputs_of(node.columns, node.aggregates)
        self._calls = list(zip(node.aggregates, aggregators(node), strict=True))

    def initial(self) -> None:
        makers = [
            f"{self._add_global('initial', call, aggregator.initial)}()"
            for call, aggregator in self._calls
        ]
        lines = Lines()
        lines.add(f"return [{', '.join(['None'] * len(self._columns) + makers)}]")
        self.module.define("initial", [], "The state of a group without rows.", lines)

    def update(
        self, purpose: str, description: str, change: Callable[[Evaluation, Texts], None]
    ) -> None:
        """Define the function that evaluates the inputs of a row and changes the state by them."""
        parameters = ("state", "key", "value", "timestamp")
        names = self._namespace.locals(*parameters)
        lines = Lines()
        columns = self._input_columns(lines, names)
        evaluation = Evaluation(self.module, names, lines, "(key, value, timestamp)")
        change(evaluation, self._evaluate(evaluation, columns))
        self.module.define(purpose, parameters, description, lines)

    def add(self, evaluation: Evaluation, texts: Texts) -> None:
        accumulate(evaluation, self._columns, self._calls, texts)

    def undo(self, evaluation: Evaluation, texts: Texts) -> None:
        for position, column in enumerate(self._columns):
            evaluation.lines.add(f"state[{position}] = {text_of(column.expression, texts)}")
        for state, call, aggregator in self._states("state"):
            arguments = [text_of(argument, texts) for argument in call.arguments]
            assert aggregator.undo is not None, "the binder allows only aggregates that can undo"
            undo = self._add_global("undo", call, aggregator.undo)
            statement = f"{state} = {undo}({', '.join([state, *arguments])})"
            change(evaluation, call, aggregator, statement)

    def merge(self) -> None:
        parts = [f"right[{position}]" for position in range(len(self._columns))]
        lines = Lines()
        names = self._namespace.locals("left", "right")
        evaluation = Evaluation(self.module, names, lines, "(None, right, None)")
        for position, (call, aggregator) in enumerate(self._calls, len(self._columns)):
            assert aggregator.merge is not None, "the binder allows only aggregates that can merge"
            merge = self._add_global("merge", call, aggregator.merge)
            merged = f"{merge}(left[{position}], right[{position}])"
            if aggregator.may_fail:
                change(evaluation, call, aggregator, f"left[{position}] = {merged}")
                merged = f"left[{position}]"
            parts.append(merged)
        lines.add(f"return [{', '.join(parts)}]")
        description = "The state of two groups together."
        self.module.define("merge", ["left", "right"], description, lines)

    def result(self) -> None:
        lines = Lines()
        lines.add(f"return {self.row()}")
        self.module.define("result", ["state"], "The columns, then the results.", lines)

    def row(self) -> str:
        """Return the text of the results of the local ``state``."""
        parts = [f"state[{position}]" for position in range(len(self._columns))]
        for state, call, aggregator in self._states("state"):
            if aggregator.result_inline is not None:
                parts.append(aggregator.result_inline.format(state=state))
            else:
                parts.append(f"{self._add_global('result', call, aggregator.result)}({state})")
        return tuple_text(parts)

    def _input_columns(self, lines: Lines, names: Locals) -> Columns:
        """Return where the columns are, in locals if an expression needs them."""
        keys = tuple(column.name for column in self._schema.key)
        uses = Counter(reference.name for reference in column_refs(*self._inputs))
        windowed = self._schema.window is not None
        texts = key_columns(lines, names, keys, uses, windowed=windowed)
        for position, column in enumerate(self._schema.value):
            texts[column.name] = f"value[{position}]"
            if uses[column.name]:
                texts[column.name] = names.new(column.name)
                lines.add(f"{texts[column.name]} = value[{position}]")
        return Columns(texts | {ROWTIME: "timestamp"}, frozenset([ROWTIME]))

    def _evaluate(self, evaluation: Evaluation, columns: Columns) -> Texts:
        """Write the evaluation of the inputs; return the text of each."""
        return [
            (expression, evaluation.value("argument", expression, columns).text)
            for expression in self._inputs
        ]

    def _states(self, local: str) -> list[tuple[str, AggregateCall, Aggregator]]:
        """Return each aggregate with where its state is."""
        pairs = enumerate(self._calls, len(self._columns))
        return [(f"{local}[{position}]", *pair) for position, pair in pairs]

    def _add_global(self, verb: str, call: AggregateCall, value: object) -> str:
        function = call.function.name
        return self._namespace.add(f"{verb}_{function.lower()}", value, f"{verb} of {function}")
