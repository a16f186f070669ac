"""Folds: the aggregates of one GROUP BY as a handful of generated functions over a list."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from streamsql.codegen import support
from streamsql.codegen.accumulate import Texts, accumulate, inputs_of, text_of
from streamsql.codegen.expressions import ExpressionCompiler, Guard
from streamsql.codegen.fragment import Fragment, Level
from streamsql.codegen.module import Lines, Module
from streamsql.codegen.namespace import Locals, Namespace, identifier
from streamsql.codegen.scope import tuple_text
from streamsql.codegen.segments import free_names
from streamsql.codegen.sources import key_columns
from streamsql.codegen.stretch import Report
from streamsql.expr import wording
from streamsql.expr.nodes import AggregateCall, ColumnRef, Expression, Literal, NamedExpression
from streamsql.expr.registry import Aggregator
from streamsql.expr.walk import column_refs
from streamsql.types.record import Key, Row
from streamsql.types.schema import ROWTIME, Schema


@dataclass(frozen=True, slots=True)
class Fold:
    """The generated functions. A state is a list: the columns' values, then the aggregates' states.

    Attributes:
        initial: Returns the state of a group without rows (its columns are NULL).
        add: ``add(state, key, value, timestamp)`` takes a row in, in place; the columns become
            those of that row.
        undo: ``undo(state, key, value, timestamp)`` takes an added row back, in place, columns set
            from it; ``None`` when an aggregate cannot.
        merge: ``merge(left, right)`` returns the state of both groups together, the columns of
            ``right``; ``None`` when an aggregate cannot. It may reuse either argument.
        result: Returns the row: the columns, then the aggregates' results.
        source: The source text of all of them.
        aggregators: How each aggregate is computed.
    """

    initial: Callable[[], list[Any]]
    add: Callable[[list[Any], Key, Row, int], None]
    undo: Callable[[list[Any], Key, Row, int], None] | None
    merge: Callable[[list[Any], list[Any]], list[Any]] | None
    result: Callable[[list[Any]], Row]
    source: str
    aggregators: tuple[Aggregator, ...]


def generate_fold(
    name: str,
    schema: Schema,
    columns: Sequence[NamedExpression],
    calls: Sequence[AggregateCall],
    report: Report,
) -> Fold:
    """Return the fold of the rows of ``schema``.

    An argument that fails counts as NULL and is reported; what an aggregate raises is not caught.
    """
    return _Folding(name, schema, columns, calls, report).generate()


class _Folding:
    """Writes the functions of one fold."""

    def __init__(
        self,
        name: str,
        schema: Schema,
        columns: Sequence[NamedExpression],
        calls: Sequence[AggregateCall],
        report: Report,
    ) -> None:
        self._module = Module(name, Namespace())
        self._namespace = self._module.namespace
        self._name = identifier(name).lower()
        self._schema = schema
        self._columns = columns
        self._calls = calls
        self._report = report
        self._aggregators = tuple(
            call.function.make([a.type for a in call.arguments], call.parameters, call.type)
            for call in calls
        )
        self._careful_call: str | None = None
        self._inputs = inputs_of(columns, calls)

    def generate(self) -> Fold:
        """Define the functions and load them."""
        initial = self._initial()
        add = self._update("add", "Take a row in.", self._add)
        undoable = all(aggregator.undo is not None for aggregator in self._aggregators)
        undo = self._update("undo", "Take an added row back.", self._undo) if undoable else ""
        merge = self._merge()
        result = self._result()
        values = self._module.load()
        return Fold(
            values[initial],
            values[add],
            values.get(undo),
            values.get(merge),
            values[result],
            self._module.source(),
            self._aggregators,
        )

    def _initial(self) -> str:
        makers = [
            f"{self._add_global('initial', call, aggregator.initial)}()"
            for call, aggregator in zip(self._calls, self._aggregators, strict=True)
        ]
        lines = Lines()
        lines.add(f"return [{', '.join(['None'] * len(self._columns) + makers)}]")
        return self._define("initial", [], "The state of a group without rows.", lines)

    def _merge(self) -> str:
        lines = Lines()
        parts = [f"right[{position}]" for position in range(len(self._columns))]
        for position, call, aggregator in self._states():
            if aggregator.merge is None:
                return ""
            merge = self._add_global("merge", call, aggregator.merge)
            parts.append(f"{merge}(left[{position}], right[{position}])")
        lines.add(f"return [{', '.join(parts)}]")
        return self._define("merge", ["left", "right"], "The state of two groups together.", lines)

    def _result(self) -> str:
        lines = Lines()
        parts = [f"state[{position}]" for position in range(len(self._columns))]
        for position, call, aggregator in self._states():
            state = f"state[{position}]"
            if aggregator.result_inline is not None:
                parts.append(Fragment(aggregator.result_inline.format(state=state)).text)
            else:
                parts.append(f"{self._add_global('result', call, aggregator.result)}({state})")
        lines.add(f"return {tuple_text(parts)}")
        return self._define("result", ["state"], "The columns, then the results.", lines)

    # Adding and taking back

    def _update(
        self,
        kind: str,
        description: str,
        change: Callable[[Lines, Texts], None],
    ) -> str:
        """Define the function that evaluates the inputs of a row and changes the state by them."""
        names = self._namespace.locals("state", "key", "value", "timestamp")
        lines = Lines()
        where = self._input_columns(lines, names)
        texts = self._evaluate(lines, names, where)
        change(lines, texts)
        return self._define(kind, ["state", "key", "value", "timestamp"], description, lines)

    def _add(self, lines: Lines, texts: Texts) -> None:
        calls = list(zip(self._calls, self._aggregators, strict=True))
        lines.add(*accumulate(self._namespace, self._columns, calls, texts))

    def _undo(self, lines: Lines, texts: Texts) -> None:
        for position, column in enumerate(self._columns):
            lines.add(f"state[{position}] = {text_of(column.expression, texts)}")
        for position, call, aggregator in self._states():
            arguments = [text_of(argument, texts) for argument in call.arguments]
            state = f"state[{position}]"
            undo = self._add_global("undo", call, aggregator.undo)
            lines.add(f"{state} = {undo}({', '.join([state, *arguments])})")

    def _input_columns(self, lines: Lines, names: Locals) -> dict[str, str]:
        """Return where the columns are, in locals if an expression needs them."""
        keys = tuple(column.name for column in self._schema.key)
        uses = Counter(reference.name for reference in column_refs(*self._inputs))
        windowed = self._schema.window is not None
        columns = key_columns(lines, names, keys, uses, windowed=windowed)
        for position, column in enumerate(self._schema.value):
            columns[column.name] = f"value[{position}]"
            if uses[column.name]:
                columns[column.name] = names.new(column.name)
                lines.add(f"{columns[column.name]} = value[{position}]")
        return columns | {ROWTIME: "timestamp"}

    def _evaluate(self, lines: Lines, names: Locals, where: dict[str, str]) -> Texts:
        """Write the evaluation of the inputs; return the text of each."""
        texts: Texts = []
        computed: list[tuple[str, Expression]] = []
        compiler = self._compiler(names, where, None)
        body: list[str] = []
        for expression in self._inputs:
            fragment = compiler.compile(expression)
            if isinstance(expression, ColumnRef | Literal) and fragment.simple:
                texts.append((expression, fragment.text))
                continue
            local = names.new("argument")
            computed.append((local, expression))
            texts.append((expression, local))
            body.append(f"{local} = {fragment.text}")
        if computed:
            with lines.block("try:"):
                lines.add(*body)
            with lines.block("except Exception:"):
                targets = ", ".join(local for local, _ in computed)
                lines.add(f"{targets} = {self._careful(computed, where)}")
        return texts

    def _careful(self, computed: list[tuple[str, Expression]], where: dict[str, str]) -> str:
        """Define the function that evaluates the inputs one by one; return the call of it."""
        if self._careful_call is not None:
            return self._careful_call  # add and undo have the same locals
        outer = self._namespace.locals("key", "value", "timestamp", *sorted(_local_texts(where)))
        record = "(key, value, timestamp)"
        guard = Guard(self._namespace.add("attempt", support.attempting(self._report)), record)
        names = self._namespace.locals(*outer.names)
        compiler = self._compiler(names, where, guard)
        lines = Lines()
        parts: list[str] = []
        for _, expression in computed:
            body = compiler.compile(expression).at(Level.TERNARY)
            text = self._namespace.add("text", wording.describe(expression))
            parts.append(names.new("argument"))
            lines.add(f"{parts[-1]} = {guard.attempt}(lambda: {body}, None, {text}, {record})")
        lines.add(f"return {', '.join(parts)}")
        parameters = free_names(lines, outer)
        description = f"Evaluate one by one what failed in {self._name}."
        name = self._define("careful", parameters, description, lines, rank=2)
        self._careful_call = f"{name}({', '.join(parameters)})"
        return self._careful_call

    def _compiler(
        self, names: Locals, where: dict[str, str], guard: Guard | None
    ) -> ExpressionCompiler:
        return ExpressionCompiler(self._namespace, names, where, guard, [ROWTIME])

    # Names

    def _states(self) -> list[tuple[int, AggregateCall, Aggregator]]:
        first = len(self._columns)
        pairs = enumerate(zip(self._calls, self._aggregators, strict=True), first)
        return [(position, call, aggregator) for position, (call, aggregator) in pairs]

    def _add_global(self, verb: str, call: AggregateCall, value: object) -> str:
        return self._namespace.add(f"{verb}_{call.function.name.lower()}", value)

    def _define(
        self, kind: str, parameters: list[str], description: str, lines: Lines, rank: int = 1
    ) -> str:
        name = self._namespace.function(f"{self._name}_{kind}")
        self._module.define(name, parameters, description, lines, rank)
        return name


def _local_texts(where: dict[str, str]) -> set[str]:
    return {text for text in where.values() if text.isidentifier()} - {"None", "timestamp", "key"}
