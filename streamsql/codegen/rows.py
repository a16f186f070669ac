"""Functions of one row: ``function(key, row, timestamp, attempt)``, fast with a careful twin."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streamsql.codegen.evaluation import Evaluation, Place
from streamsql.codegen.expressions import Guard
from streamsql.codegen.liveness import references
from streamsql.codegen.module import Lines, Module
from streamsql.codegen.scope import Scope
from streamsql.codegen.sources import key_columns
from streamsql.codegen.stretch import BranchStep, ProjectStep, Report, Step
from streamsql.types.schema import ROWTIME

_WHOLE = BranchStep(())
PARAMETERS = ["key", "row", "timestamp", "attempt"]


@dataclass(frozen=True, slots=True)
class Shape:
    """The names of a row's columns."""

    keys: tuple[str, ...]
    values: tuple[str, ...]
    windowed: bool


class RowFunctions:
    """Defines functions of rows in one module."""

    __slots__ = ("_module", "_report")

    def __init__(self, module: Module, report: Report) -> None:
        self._module = module
        self._report = report

    def define(
        self,
        name: str,
        description: str,
        steps: Sequence[Step],
        shape: Shape,
        result: Callable[[Scope], str],
    ) -> None:
        """Define a function that returns ``result`` of the scope after the steps.

        It returns ``None`` when a step drops the row. ``attempt`` is what
        :func:`streamsql.codegen.support.attempting` returns.
        """
        lines = Lines()
        body, before = self._body(steps, shape, result, careful=False)
        lines.add(*before.text)
        if len(body.text) == 1:  # nothing is evaluated
            lines.add(*body.text)
            self._module.define(name, PARAMETERS, description, lines)
            return
        again = self._module.namespace.function(f"{name}_careful")
        with lines.block("try:"):
            lines.add(*body.text)
        with lines.block("except Exception:"):
            lines.add(f"return {again}({', '.join(PARAMETERS)})")
        self._module.define(name, PARAMETERS, description, lines)
        careful, keys = self._body(steps, shape, result, careful=True)
        lines = Lines()
        lines.add(*keys.text, *careful.text)
        self._module.define(
            again, PARAMETERS, f"Evaluate expression by expression what failed in {name}.", lines, 2
        )

    def _body(
        self, steps: Sequence[Step], shape: Shape, result: Callable[[Scope], str], *, careful: bool
    ) -> tuple[Lines, Lines]:
        """Return the statements of the steps, and those before them that find the key columns."""
        namespace = self._module.namespace
        names = namespace.locals(*PARAMETERS)
        projects = any(isinstance(step, ProjectStep) for step in steps)
        counted = steps if projects else (*steps[:-1], _WHOLE)  # else the row is returned as it is
        uses = references(counted, shape.keys, shape.values)
        before = Lines(0)
        columns = key_columns(before, names, shape.keys, uses, windowed=shape.windowed)
        for position, column in enumerate(shape.values):
            columns[column] = f"row[{position}]"
            if uses[column] > 1:
                columns[column] = names.new(column)
                before.add(f"{columns[column]} = row[{position}]")
        record = "(key, row, timestamp)"
        scope = Scope(
            columns=columns | {ROWTIME: "timestamp"},
            keys=shape.keys,
            values=shape.values,
            key="key",
            timestamp="timestamp",
            record=record,
            value="row",
            not_null=frozenset([ROWTIME]),
            message_key=False,
        )
        lines = Lines(0)
        place = Place(lines, names, "return None", careful=careful)
        guard = Guard("attempt", record) if careful else None
        _, after = Evaluation(namespace, self._report, place, guard).run(steps, scope)
        lines.add(f"return {result(after)}")
        return lines, before
