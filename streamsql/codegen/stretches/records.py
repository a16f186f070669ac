"""The nodes of a stretch as statements on the records of a stream.

An expression that may fail stands in a ``try`` of its own, encoding too; the calls that hand a
record on stand outside of any.
"""

from collections.abc import Sequence
from dataclasses import replace

from streamsql.codegen import support
from streamsql.codegen.expressions.conditions import negation
from streamsql.codegen.expressions.evaluation import Columns, Evaluation
from streamsql.codegen.expressions.fragment import Fragment, Level, null_test
from streamsql.codegen.namespace import Locals
from streamsql.codegen.scope import RecordScope
from streamsql.codegen.source import Lines, Module
from streamsql.codegen.stretches.ends import Ends
from streamsql.codegen.stretches.flow import Below, Flow
from streamsql.codegen.stretches.folding import FoldEnd, folds_in_loop, hand_over, is_held
from streamsql.codegen.stretches.liveness import spread, uses
from streamsql.codegen.stretches.place import Place
from streamsql.codegen.stretches.sending import send_record
from streamsql.expr import wording
from streamsql.expr.nodes import ColumnRef, TableCall
from streamsql.topology.nodes import (
    Filter,
    FlatMap,
    Node,
    Project,
    Rekey,
    Repartition,
    Sink,
    StreamAggregate,
)


class RecordStatements:
    """Writes what nodes do with records, into the functions of one module."""

    __slots__ = ("_cached", "_ends", "_flow", "_module")

    def __init__(self, module: Module, flow: Flow, below: Below, *, cached: frozenset[str]) -> None:
        """Prepare for the stretch that goes on with the given nodes.

        ``cached``: the aggregations that hold their groups until the next flush.
        """
        self._module = module
        self._flow = flow
        self._ends = Ends(module.namespace, flow.ends(below))
        self._cached = cached

    def emit(self, below: Below, scope: RecordScope, place: Place) -> None:
        """Write the statements of the nodes that take the record in scope."""
        if len(below.nodes) != 1:
            self._branches(below, scope, place)
            return
        match below.nodes[0]:
            case Filter() as node:
                self._filter(node, scope, place)
            case Project() as node:
                after = self._project(node, scope, place)
                self.emit(self._flow.below(node.name), after, place)
            case Rekey() as node:
                self._rekey(node, scope, place)
            case FlatMap() as node:
                self._flat_map(node, scope, place)
            case Sink() | Repartition() as node:
                raw_key = self._flow.key_passes_through(node)
                send_record(self._module, self._ends, node, scope, place, raw_key=raw_key)
            case StreamAggregate() as node:
                self._aggregate(node, scope, place)
            case node:
                target = self._ends.target(node, below.parent)
                place.lines.add(f"{target}({scope.key}, {scope.value_text()}, {scope.timestamp})")

    def emit_null(self, below: Below, scope: RecordScope, names: Locals, lines: Lines) -> None:
        """Write the statements for a record without a value, unless no node lets one pass."""
        if self._flow.survives_null(below):
            columns = scope.columns | dict.fromkeys(scope.values, "None")
            null = replace(scope, columns=columns, value="None")
            self.emit(below, null, Place(lines, names, "return"))

    def _branches(self, below: Below, scope: RecordScope, place: Place) -> None:
        alive = [n for n in below.nodes if not scope.is_null or self._flow.passes_null(n)]
        for position, node in enumerate(alive):
            last = position == len(alive) - 1
            only = Below(below.parent, (node,))
            self.emit(only, scope, place if last else replace(place, leave=None))

    def _go_on(self, node: Node, condition: str | None, scope: RecordScope, place: Place) -> None:
        """Write the statements below a node, for the records of a condition if there is one."""
        below = self._flow.below(node.name)
        if condition is None:
            self.emit(below, scope, place)
        else:
            with place.lines.block(f"if {condition}:"):
                self.emit(below, scope, place)

    # Nodes

    def _filter(self, node: Filter, scope: RecordScope, place: Place) -> None:
        evaluation = self._evaluation(scope, place)
        columns = Columns(scope.columns, scope.not_null)
        condition, not_null = evaluation.only_if(node.predicate, columns, place.leave)
        self._go_on(node, condition, replace(scope, not_null=not_null), place)

    def _project(self, node: Project, scope: RecordScope, place: Place) -> RecordScope:
        keys = tuple(column.name for column in node.schema.key)
        names = tuple(column.name for column in node.columns)
        if scope.is_null:
            return scope.projected(keys, dict.fromkeys(names, "None"), frozenset())
        used = spread(uses(self._flow, self._flow.below(node.name)), node.schema)
        evaluation = self._evaluation(scope, place)
        return project(node, scope, evaluation, [name for name in names if used[name]])

    def _rekey(self, node: Rekey, scope: RecordScope, place: Place) -> None:
        evaluation = self._evaluation(scope, place)
        condition, after = rekey(node, scope, evaluation, place.leave)
        self._go_on(node, condition, after, place)

    def _flat_map(self, node: FlatMap, scope: RecordScope, place: Place) -> None:
        rows = [self._rows(call, scope, place) for call in node.calls]
        looped = f"{rows[0]} or ()"
        if len(rows) > 1:
            looped = (
                f"{self._module.namespace.add('zip_rows', support.zip_rows)}({', '.join(rows)})"
            )
        names = [place.names.new(call.name) for call in node.calls]
        columns = {call.name: name for call, name in zip(node.calls, names, strict=True)}
        with place.lines.block(f"for {', '.join(names)} in {looped}:"):
            inner = replace(place, leave="continue")
            self.emit(self._flow.below(node.name), scope.extended(columns), inner)

    def _rows(self, call: TableCall, scope: RecordScope, place: Place) -> str:
        """Write the call of a table function; return where its rows are.

        An argument that fails is no NULL: it fails the call, and no row comes of it.
        """
        evaluation = self._evaluation(scope, place)
        columns = Columns(scope.columns, scope.not_null)
        arguments = [evaluation.text(argument, columns) for argument in call.arguments]
        name = call.function.name
        function = self._module.namespace.add(
            name, call.function.implementation, call.function.description or f"the function {name}"
        )
        rows = place.names.new("rows")
        with place.lines.block("try:"):
            place.lines.add(f"{rows} = {function}({', '.join(arguments)})")
        with place.lines.block("except Exception as error:"):
            label = wording.describe_call(name, call.arguments)
            place.lines.add(f"{rows} = None", evaluation.report_of(label))
        return rows

    def _aggregate(self, node: StreamAggregate, scope: RecordScope, place: Place) -> None:
        if is_held(node, self._cached) and folds_in_loop(node, scope, place):
            FoldEnd(self._module, self._ends, node, scope, place).emit()
        else:
            hand_over(self._ends, node, scope, place.lines)

    def _evaluation(self, scope: RecordScope, place: Place) -> Evaluation:
        return Evaluation(self._module, place.names, place.lines, scope.record)


def project(
    node: Project, scope: RecordScope, evaluation: Evaluation, used: Sequence[str]
) -> RecordScope:
    """Write the computation of those of the node's columns that are used; return the scope."""
    columns: dict[str, str] = {}
    not_null: set[str] = set()
    before = Columns(scope.columns, scope.not_null)
    for column in node.columns:
        if column.name not in used:
            columns[column.name] = "None"
            continue
        fragment = evaluation.value(column.name, column.expression, before)
        columns[column.name] = fragment.text
        if not fragment.nullable:
            not_null.add(column.name)
    keys = tuple(column.name for column in node.schema.key)
    not_null |= {new for new, old in zip(keys, scope.keys, strict=True) if old in scope.not_null}
    pseudo = scope.not_null - set(scope.values) - set(scope.keys)
    return scope.projected(keys, columns, frozenset(not_null | pseudo))


def rekey(
    node: Rekey, scope: RecordScope, evaluation: Evaluation, leave: str | None
) -> tuple[str | None, RecordScope]:
    """Write the computation of the key; return the condition that a NULL key must not pass."""
    seen = scope.without_value() if scope.is_null else scope
    before = Columns(seen.columns, seen.not_null)
    keys = {key.name: evaluation.value(key.name, key.expression, before) for key in node.keys}
    not_null, condition = scope.not_null, None
    if node.drop_null_key:
        tests = [
            null_test(key, True, evaluation.names.new) for key in keys.values() if key.nullable
        ]
        if tests:
            condition = evaluation.pass_if(_all_of(tests), leave)
        for key in node.keys:
            if isinstance(key.expression, ColumnRef):
                not_null |= {key.expression.name}
            if key.name not in scope.values:  # else the name stays that of the value column
                not_null |= {key.name}
    return condition, scope.rekeyed({name: key.text for name, key in keys.items()}, not_null)


def _all_of(tests: Sequence[Fragment]) -> Fragment:
    distinct = {test.text: test for test in tests}
    if len(distinct) == 1:
        return tests[0]
    opposites = [negation(test).text for test in distinct.values()]
    return Fragment(
        " and ".join(distinct), Level.AND, opposite=Fragment(" or ".join(opposites), Level.OR)
    )
