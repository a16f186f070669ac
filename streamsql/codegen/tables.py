"""The function of a stretch in the middle of a table: ``stage(key, new, old, timestamp)``.

Each segment becomes a function of one row, which is called for the new and for the old row and
returns the row after it, or ``None`` when a filter drops it. For the old row nothing is reported:
it was when it was new. Of the old row a segment that ends in a send needs to know only whether it
passes the filters.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from streamsql.codegen import support
from streamsql.codegen.fragment import Fragment, strict
from streamsql.codegen.module import Lines, Module
from streamsql.codegen.rows import RowFunctions, Shape
from streamsql.codegen.stretch import (
    BranchStep,
    EventTime,
    FilterStep,
    ForwardStep,
    ProjectStep,
    SendStep,
    Step,
    Stretch,
    TableInput,
)
from streamsql.expr.nodes import ColumnRef

_MATCH = BranchStep(())
"""An end that needs no column: what remains of the steps before it are the filters."""


@dataclass(frozen=True, slots=True)
class _Change:
    """The locals that hold a change, ``old`` only where it is known."""

    new: str
    old: str | None
    shape: Shape


class TableStage:
    """Writes the function of a stretch on the changes of a table."""

    def __init__(self, module: Module, stretch: Stretch, table: TableInput, name: str) -> None:
        self._module = module
        self._namespace = module.namespace
        self._stretch = stretch
        self._table = table
        self._name = name
        self._names = self._namespace.locals("key", "new", "old", "timestamp")
        self._rows = RowFunctions(module, stretch.report)
        self._attempt = self._namespace.add("attempt_new", support.attempting(stretch.report))
        self._quietly = self._namespace.add("attempt_old", support.QUIETLY)

    def generate(self) -> None:
        """Define the function."""
        schema = self._table.schema
        shape = Shape(
            tuple(column.name for column in schema.key),
            tuple(column.name for column in schema.value),
            schema.window is not None,
        )
        lines = Lines()
        change = _Change("new", "old" if self._table.old_known else None, shape)
        self._emit(self._stretch.steps, change, lines, "return")
        parameters = ["key", "new", "old", "timestamp"]
        self._module.define(self._name, parameters, self._stretch.description, lines, rank=0)

    def _emit(
        self, steps: Sequence[Step], change: _Change, lines: Lines, leave: str | None
    ) -> None:
        """Write the statements of the steps on a change."""
        count = sum(1 for step in steps if isinstance(step, FilterStep | ProjectStep))
        before, end = tuple(steps[:count]), steps[count]
        after = self._evaluated(before, end, change, lines) if before else change
        if after.old is None:
            self._end(end, after, lines, leave)
        elif leave is not None:
            with lines.block(f"if {after.new} is None and {after.old} is None:"):
                lines.add(leave)
            self._end(end, after, lines, leave)
        else:
            with lines.block(f"if {after.new} is not None or {after.old} is not None:"):
                self._end(end, after, lines, leave)

    def _evaluated(
        self, before: tuple[Step, ...], end: Step, change: _Change, lines: Lines
    ) -> _Change:
        """Write the evaluation of both rows; return where the results are."""
        if _only_rename(before, change.shape):
            return _Change(change.new, change.old, _shape_after(before, change.shape))
        whole = end if isinstance(end, BranchStep) else ForwardStep(self._stretch.report)
        function = self._namespace.function(f"{self._name}_row")
        description = f"One row of {self._name}."
        self._rows.define(
            function, description, (*before, whole), change.shape, lambda scope: scope.value_text()
        )
        new = self._call(function, "new", change.new, self._attempt, lines)
        old = change.old
        if old is not None and not isinstance(end, SendStep):
            old = self._call(function, "old", old, self._quietly, lines)
        elif old is not None and any(isinstance(step, FilterStep) for step in before):
            match = self._namespace.function(f"{self._name}_matches")
            self._rows.define(
                match,
                f"Whether a row passes the filters of {self._name}.",
                (*before, _MATCH),
                change.shape,
                lambda scope: "True",  # noqa: ARG005
            )
            old = self._call(match, "old", old, self._quietly, lines)
        return _Change(new, old, _shape_after(before, change.shape))

    def _call(self, function: str, hint: str, row: str, attempt: str, lines: Lines) -> str:
        local = self._names.new(hint)
        call = f"{function}(key, {row}, timestamp, {attempt})"
        lines.add(f"{local} = None if {row} is None else {call}")
        return local

    def _end(self, end: Step, change: _Change, lines: Lines, leave: str | None) -> None:
        match end:
            case BranchStep(branches):
                for position, branch in enumerate(branches):
                    last = position == len(branches) - 1
                    self._emit(branch, change, lines, leave if last else None)
            case ForwardStep(target):
                name = self._namespace.add("forward", target)
                lines.add(f"{name}(key, {change.new}, {change.old}, timestamp)")
            case SendStep():
                self._send(end, change, lines)
            case _:
                raise AssertionError(f"a table has no {type(end).__name__}")

    def _send(self, step: SendStep, change: _Change, lines: Lines) -> None:
        send = self._namespace.add("send", step.send)
        report = self._namespace.add("report", self._stretch.report)
        label = self._namespace.add("text", step.label)
        key_bytes, value_bytes = self._names.new("key_bytes"), self._names.new("value_bytes")
        assert step.encode_key is not None, "a table's key needs an encoder"
        encode_key = self._namespace.add("encode_key", step.encode_key)
        encode = self._namespace.add("encode", step.encode)
        row_type = self._namespace.add("row_type", step.row_type)
        sent_at = "timestamp"
        with lines.block("try:"):
            lines.add(f"{key_bytes} = None if key is None else {encode_key}(key)")
            row = f"{encode}({row_type}(*{change.new}))"
            lines.add(f"{value_bytes} = None if {change.new} is None else {row}")
            if step.event_time is not None:
                sent_at = self._event_time(step.event_time, change, lines)
        with lines.block("except Exception as error:"):
            lines.add(f"{report}(error, {label}, (key, {change.new}, timestamp))")
        with lines.block("else:"):
            lines.add(f"{send}({key_bytes}, {value_bytes}, {sent_at})")

    def _event_time(self, event_time: EventTime, change: _Change, lines: Lines) -> str:
        check = self._namespace.add("record_time", support.record_time)
        position = change.shape.values.index(event_time.column)
        column = Fragment(f"{change.new}[{position}]", nullable=True)
        if event_time.convert is not None:
            convert = self._namespace.add("convert_time", event_time.convert)
            column = strict(
                [column], lambda o: Fragment(f"{convert}({o[0].text})"), self._names.new
            )
        local = self._names.new("sent_at")
        time = f"timestamp if {change.new} is None else {check}({column.text})"
        lines.add(f"{local} = {time}")
        return local


def _only_rename(steps: tuple[Step, ...], shape: Shape) -> bool:
    """Tell whether a row comes out of the steps as it went in."""
    names = list(shape.values)
    for step in steps:
        if not isinstance(step, ProjectStep):
            return False
        found = [c.expression.name for c in step.columns if isinstance(c.expression, ColumnRef)]
        if found != names or len(found) != len(step.columns):
            return False
        names = [column.name for column in step.columns]
    return True


def _shape_after(steps: tuple[Step, ...], shape: Shape) -> Shape:
    for step in steps:
        if isinstance(step, ProjectStep):
            names = tuple(column.name for column in step.columns)
            shape = Shape(step.key_names, names, shape.windowed)
    return shape
