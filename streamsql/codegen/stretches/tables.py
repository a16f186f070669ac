"""The function of a stretch in the middle of a table: ``stage(key, new, old, timestamp)``.

Filters and projections become a function of one row, which is called for the new and for the old
row and returns the row after them, or ``None`` when a filter drops it. For the old row nothing is
reported: it was when it was new. Of the old row a chain that ends in a sink needs to know only
whether it passes the filters.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from streamsql.codegen import support
from streamsql.codegen.expressions.evaluation import Evaluation, report_global
from streamsql.codegen.expressions.fragment import perhaps_null
from streamsql.codegen.source import Lines, Module
from streamsql.codegen.stretches.ends import Ends
from streamsql.codegen.stretches.flow import Below, Flow, Written
from streamsql.codegen.stretches.liveness import WHOLE_VALUE, spread
from streamsql.codegen.stretches.rows import PARAMETERS, REPORTING, RowCode, row_function
from streamsql.codegen.stretches.sending import Writing
from streamsql.expr.nodes import ColumnRef
from streamsql.topology.nodes import Filter, Node, Project, Repartition, Sink
from streamsql.types.schema import Schema


@dataclass(frozen=True, slots=True)
class _Change:
    """The locals that hold a change, ``old`` only where it is known, and its rows' schema."""

    new: str
    old: str | None
    schema: Schema


class TableStage:
    """Writes the function of a stretch on the changes of a table."""

    def __init__(self, module: Module, flow: Flow, below: Below) -> None:
        self._module = module
        self._namespace = module.namespace
        self._flow = flow
        self._below = below
        self._ends = Ends(module.namespace, flow.ends(below))
        self._names = self._namespace.locals("key", "new", "old", "timestamp")

    def define(self, schema: Schema, description: str, *, old_known: bool) -> None:
        """Define the function for changes of rows of the schema.

        ``old_known``: ``old`` is the row before the change. When it is not (a table without a
        store), every record goes on, if need be as a tombstone; otherwise a change that neither row
        survives is dropped.
        """
        lines = Lines()
        change = _Change("new", "old" if old_known else None, schema)
        self._emit(self._below, change, lines, "return")
        self._module.define("stage", ("key", "new", "old", "timestamp"), description, lines)

    def _emit(self, below: Below, change: _Change, lines: Lines, leave: str | None) -> None:
        """Write the statements of the nodes on a change."""
        chain: list[Filter | Project] = []
        while len(below.nodes) == 1 and isinstance(below.nodes[0], Filter | Project):
            chain.append(below.nodes[0])
            below = self._flow.below(below.nodes[0].name)
        after = self._evaluated(chain, below, change, lines) if chain else change
        if after.old is None:
            self._end(below, after, lines, leave)
        elif leave is not None:
            with lines.block(f"if {after.new} is None and {after.old} is None:"):
                lines.add(leave)
            self._end(below, after, lines, leave)
        else:
            with lines.block(f"if {after.new} is not None or {after.old} is not None:"):
                self._end(below, after, lines, leave)

    def _evaluated(
        self, chain: Sequence[Filter | Project], below: Below, change: _Change, lines: Lines
    ) -> _Change:
        """Write the evaluation of both rows; return where the results are."""
        schema = _schema_after(chain, change.schema)
        if _only_rename(chain, change.schema):
            return _Change(change.new, change.old, schema)
        projects = any(isinstance(node, Project) for node in chain)
        needed = spread(Counter([WHOLE_VALUE] * projects), schema)  # else the row is returned
        row = row_function(chain, change.schema, needed, lambda scope: scope.value_text())
        after = chain[-1].name
        function = self._define("row", row, f"The row as {after} makes it.")
        report = report_global(self._namespace)
        new = self._call(function, "new", change.new, report, lines)
        old, writes = change.old, all(isinstance(node, Written) for node in below.nodes)
        if old is not None and not writes:
            old = self._call(function, "old", old, self._unreported(), lines)
        elif old is not None and any(isinstance(node, Filter) for node in chain):
            passes = row_function(chain, change.schema, Counter(), lambda _: "True")
            function = self._define("passes", passes, f"Whether {after} has the row.")
            old = self._call(function, "old", old, self._unreported(), lines)
        return _Change(new, old, schema)

    def _define(self, purpose: str, function: RowCode, description: str) -> str:
        """Define a function of a row, which is told where its reports go; return its name."""
        name = self._module.function(purpose)
        lines = function.lines(self._module, REPORTING)
        self._module.define_helper(name, (*PARAMETERS, REPORTING), description, lines)
        return name

    def _unreported(self) -> str:
        about = "notes nothing: a failure in an old row was reported when it was new"
        return self._namespace.add("unreported", support.unreported, about)

    def _call(self, function: str, hint: str, row: str, report: str, lines: Lines) -> str:
        local = self._names.new(f"{hint}_row")
        call = f"{function}(key, {row}, timestamp, {report})"
        lines.add(f"{local} = None if {row} is None else {call}")
        return local

    def _end(self, below: Below, change: _Change, lines: Lines, leave: str | None) -> None:
        if len(below.nodes) > 1:
            for position, node in enumerate(below.nodes):
                last = position == len(below.nodes) - 1
                only = Below(below.parent, (node,))
                self._emit(only, change, lines, leave if last else None)
            return
        match below.nodes[0]:
            case Sink() | Repartition() as node:
                self._send(node, change, lines)
            case node:
                self._forward(node, below.parent, change, lines)

    def _forward(self, node: Node, parent: str, change: _Change, lines: Lines) -> None:
        target = self._ends.target(node, parent)
        lines.add(f"{target}(key, {change.new}, {change.old}, timestamp)")

    def _send(self, node: Written, change: _Change, lines: Lines) -> None:
        writing = Writing(self._namespace, self._ends, node)
        new = change.new
        record = f"(key, {new}, timestamp)"
        evaluation = Evaluation(self._module, self._names, lines, record)
        key, value = self._names.passing("key_bytes"), self._names.passing("value_bytes")
        sent_at = "timestamp"
        with lines.block("try:"):
            lines.add(f"{key} = {writing.key(perhaps_null('key'), self._names.new)}")
            lines.add(f"{value} = None if {new} is None else {writing.value(f'*{new}')}")
            spec = writing.timestamp
            if spec is not None:
                sent_at = self._names.passing("sent_at")
                position = [column.name for column in change.schema.value].index(spec.column)
                time = writing.time(f"{new}[{position}]", spec, self._names.new)
                lines.add(f"{sent_at} = timestamp if {new} is None else {time}")
        with lines.block("except Exception as error:"):
            lines.add(evaluation.report_of(node.topic.name))
        with lines.block("else:"):
            lines.add(f"{writing.send()}({key}, {value}, {sent_at})")


def _only_rename(chain: Sequence[Filter | Project], schema: Schema) -> bool:
    """Tell whether a row comes out of the nodes as it went in."""
    names = [column.name for column in schema.value]
    for node in chain:
        if not isinstance(node, Project):
            return False
        found = [c.expression.name for c in node.columns if isinstance(c.expression, ColumnRef)]
        if found != names or len(found) != len(node.columns):
            return False
        names = [column.name for column in node.columns]
    return True


def _schema_after(chain: Sequence[Filter | Project], schema: Schema) -> Schema:
    projects = [node.schema for node in chain if isinstance(node, Project)]
    return projects[-1] if projects else schema
