"""Steps on the records of a stream as statements.

A tree of steps is cut into *segments*: what is evaluated up to a branch, a flat-map or the end. The
fast form of a segment is one ``try`` block; when anything in it raises, the record goes to the
segment's *careful* function, which evaluates it (and all that follows) expression by expression and
reports what fails. The calls that pass a record on stand outside of any ``try``.
"""

import ast
from collections.abc import Sequence
from dataclasses import replace

from streamsql.codegen import support
from streamsql.codegen.evaluation import Evaluation, Place
from streamsql.codegen.expressions import Guard
from streamsql.codegen.folding import FoldEnd, folds_in_loop
from streamsql.codegen.module import Lines, Module
from streamsql.codegen.namespace import Locals
from streamsql.codegen.scope import Scope, tuple_text
from streamsql.codegen.stretch import (
    BranchStep,
    FilterStep,
    FlatMapStep,
    FoldStep,
    ForwardStep,
    RekeyStep,
    Report,
    SendStep,
    Step,
)


class StreamSegments:
    """Writes the segments of one module."""

    __slots__ = ("_attempt", "_careful", "_module", "_name", "_report")

    def __init__(self, module: Module, name: str, report: Report) -> None:
        self._module = module
        self._name = name
        self._report = report
        self._attempt: str | None = None
        self._careful: dict[object, tuple[Sequence[Step], str]] = {}

    def emit(self, steps: Sequence[Step], scope: Scope, place: Place) -> None:
        """Write the statements for the steps on the record in scope."""
        if place.careful:
            self._emit_careful(steps, scope, place)
        else:
            self._emit_fast(steps, scope, place)

    def emit_null(self, steps: Sequence[Step], scope: Scope, names: Locals, lines: Lines) -> None:
        """Write the statements for a record without a value, unless no step lets one pass."""
        columns = scope.columns | dict.fromkeys(scope.values, "None")
        null = replace(scope, columns=columns, value="None")
        if survives_null(steps):
            call = self._apart("null", steps, null, names, "Hand on a record without a value.")
            lines.add(call)

    # The two forms of a segment

    def _emit_fast(self, steps: Sequence[Step], scope: Scope, place: Place) -> None:
        body = Lines(0)
        inner = replace(place, lines=body)
        segment = Evaluation(self._module.namespace, self._report, inner)
        end, after = segment.run(steps, scope)
        kept = segment.keep
        if not body.text:
            self._end(end, after, place, segment)
            return
        lines = place.lines
        with lines.block("try:"):
            lines.add(*body.text)
        with lines.block("except Exception:"):
            if scope.late_key is not None:
                lines.add(scope.late_key.fetch, *scope.late_key.decode)
            lines.add(self._careful_call(steps, scope, place.names))
            if place.leave is not None:
                lines.add(place.leave)
        if place.leave is not None:
            self._end(end, after, place, segment)
            return
        with lines.block("else:"):
            if kept is None:
                self._end(end, after, place, segment)
            else:
                with lines.block(f"if {kept}:"):
                    self._end(end, after, place, segment)

    def _emit_careful(self, steps: Sequence[Step], scope: Scope, place: Place) -> None:
        segment = Evaluation(self._module.namespace, self._report, place, self._guard(scope))
        end, after = segment.run(steps, scope)
        self._end(end, after, place, segment)

    def _careful_call(self, steps: Sequence[Step], scope: Scope, names: Locals) -> str:
        """Return the call of the careful function of the steps, the same where it serves."""
        columns = tuple(sorted(scope.columns.items()))
        scope = replace(scope, late_key=None)
        identity = (id(steps), columns, scope.key, scope.value, scope.not_null)
        known = self._careful.get(identity)
        if known is None:
            description = f"Evaluate expression by expression what failed in {self._name}."
            call = self._apart("careful", steps, scope, names, description)
            known = steps, call  # the steps stay alive, or another tuple might get their id
            self._careful[identity] = known
        return known[1]

    def _apart(
        self, hint: str, steps: Sequence[Step], scope: Scope, names: Locals, description: str
    ) -> str:
        """Define a careful function for the steps and return the call of it."""
        name = self._module.namespace.function(f"{self._name}_{hint}")
        lines = Lines()
        own = self._module.namespace.locals(*sorted(names.names))
        self.emit(steps, scope, Place(lines, own, "return", careful=True))
        parameters = free_names(lines, names)
        self._module.define(name, parameters, description, lines, rank=2)
        return f"{name}({', '.join(parameters)})"

    def _guard(self, scope: Scope) -> Guard:
        if self._attempt is None:
            attempt = support.attempting(self._report)
            self._attempt = self._module.namespace.add("attempt", attempt)
        return Guard(self._attempt, scope.record)

    # Ends

    def _end(self, end: Sequence[Step], scope: Scope, place: Place, segment: Evaluation) -> None:
        match end[0]:
            case BranchStep(branches):
                self._branches(branches, scope, place)
            case FlatMapStep() as step:
                self._flat_map(step, end[1:], scope, place, segment)
            case ForwardStep(target):
                name = self._module.namespace.add("forward", target)
                arguments = f"{scope.key}, {scope.value_text()}, {scope.timestamp}"
                place.lines.add(f"{name}({arguments})")
            case FoldStep() as step if folds_in_loop(step, scope, place):
                FoldEnd(self._module.namespace, step, scope, segment.folded, place).emit()
            case FoldStep() as step:
                self._process(step, scope, place)
            case SendStep() as step:
                name = self._module.namespace.add("send", step.send)
                place.lines.add(f"{name}({', '.join(segment.sent)})")
            case _:
                raise AssertionError(f"a stretch cannot end in {end[0]}")

    def _process(self, step: FoldStep, scope: Scope, place: Place) -> None:
        """Call what folds any record; of its columns there are those that the fold needs."""
        if scope.late_key is not None:
            place.lines.add(scope.late_key.fetch, *scope.late_key.decode)
        process = self._module.namespace.add("process", step.process)
        values = [scope.columns.get(column, "None") for column in scope.values]
        value = "None" if scope.is_null else tuple_text(values)
        place.lines.add(f"{process}({scope.key}, {value}, {scope.timestamp})")

    def _branches(self, branches: tuple[tuple[Step, ...], ...], scope: Scope, place: Place) -> None:
        alive = [b for b in branches if not scope.is_null or survives_null(b)]
        for position, branch in enumerate(alive):
            last = position == len(alive) - 1
            if place.careful and not last:
                place.lines.add(self._careful_call(branch, scope, place.names))
            else:
                inner = place if last else replace(place, leave=None)
                self.emit(branch, scope, inner)

    def _flat_map(
        self,
        step: FlatMapStep,
        rest: Sequence[Step],
        scope: Scope,
        place: Place,
        segment: Evaluation,
    ) -> None:
        names = [place.names.new(call.name) for call in step.calls]
        columns = {call.name: name for call, name in zip(step.calls, names, strict=True)}
        with place.lines.block(f"for {', '.join(names)} in {segment.rows}:"):
            self.emit(rest, scope.extended(columns), replace(place, leave="continue"))


def survives_null(steps: Sequence[Step]) -> bool:
    """Tell whether the steps hand on a stream's record without a value."""
    match steps[0]:
        case FilterStep() | FlatMapStep():
            return False
        case RekeyStep(_, True):
            return False
        case BranchStep(branches):
            return any(survives_null(branch) for branch in branches)
        case ForwardStep() | FoldStep() | SendStep():
            return True
        case _:
            return survives_null(steps[1:])


def free_names(lines: Lines, outer: Locals) -> list[str]:
    """Return the names of the outer function that the lines use, in order of appearance."""
    tree = ast.parse("def body():\n" + "\n".join(lines.text or ["    pass"]))
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    used.sort(key=lambda node: (node.lineno, node.col_offset))
    return list(
        dict.fromkeys(node.id for node in used if node.id in outer.names and node.id != "error")
    )
