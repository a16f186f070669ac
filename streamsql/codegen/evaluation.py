"""The steps of one segment as evaluations, up to what its end needs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from streamsql.codegen import support
from streamsql.codegen.accumulate import Texts, inputs_of
from streamsql.codegen.expressions import ExpressionCompiler, Guard
from streamsql.codegen.fragment import Fragment, Level, null_test, perhaps_null, strict
from streamsql.codegen.liveness import references, spread
from streamsql.codegen.module import Lines
from streamsql.codegen.namespace import Locals, Namespace
from streamsql.codegen.scope import Scope
from streamsql.codegen.stretch import (
    EventTime,
    FilterStep,
    FlatMapStep,
    FoldStep,
    ProjectStep,
    RekeyStep,
    Report,
    SendStep,
    Step,
)
from streamsql.expr import wording
from streamsql.expr.nodes import ColumnRef, Expression, NamedExpression

_EVALUATED = FilterStep | ProjectStep | RekeyStep


@dataclass(frozen=True, slots=True)
class Place:
    """Where statements go.

    Attributes:
        lines: The function's lines.
        names: Its locals.
        leave: The statement that ends the work on a record; ``None`` inside a branch that others
            follow: there the rest is nested instead.
        careful: Whether each expression is evaluated by itself, reporting.
        before: The lines in front of the loop over the records; ``None``: there is no loop.
    """

    lines: Lines
    names: Locals
    leave: str | None
    careful: bool = False
    before: Lines | None = None


class Evaluation:
    """Evaluates the steps of one segment and prepares its end.

    ``keep`` is the local that tells whether the record passed the filters, where a filter cannot
    leave; ``sent`` are the arguments of a send, ``rows`` is what a flat-map loops over, ``folded``
    are the inputs of a fold.
    """

    def __init__(
        self, namespace: Namespace, report: Report, place: Place, guard: Guard | None = None
    ) -> None:
        self._namespace = namespace
        self._report = report
        self._place = place
        self._guard = guard
        self._lines = place.lines
        self.keep: str | None = None
        self.sent: list[str] = []
        self.rows = ""
        self.folded: Texts = []

    def run(self, steps: Sequence[Step], scope: Scope) -> tuple[Sequence[Step], Scope]:
        """Write the evaluations; return the steps of the end and the scope there."""
        rest, after = self._run(steps, scope)
        if self._lines.text and self._lines.text[-1].strip() == f"if {self.keep}:":
            self._lines.text.pop()  # nothing was evaluated behind the last filter
        return rest, after

    def _run(self, steps: Sequence[Step], scope: Scope) -> tuple[Sequence[Step], Scope]:
        step = steps[0]
        if not isinstance(step, _EVALUATED):
            self._prepare(step, scope)
            return steps, scope
        match step:
            case FilterStep(predicate):
                scope = self._filter(predicate, scope)
            case ProjectStep():
                scope = self._project(step, steps[1:], scope)
            case RekeyStep():
                scope = self._rekey(step, scope)
        return self._run(steps[1:], scope)

    # Steps

    def _filter(self, predicate: Expression, scope: Scope) -> Scope:
        compiler = self._compiler(scope)
        condition = compiler.truth(predicate)
        if self._guard is not None:
            condition = self._attempted(predicate, condition, "False")
        self._pass_if(condition)
        return replace(scope, not_null=compiler.not_null)

    def _project(self, step: ProjectStep, rest: Sequence[Step], scope: Scope) -> Scope:
        names = tuple(column.name for column in step.columns)
        if scope.is_null:
            return scope.projected(step.key_names, dict.fromkeys(names, "None"), frozenset())
        used = spread(references(rest, step.key_names, names), names)
        columns: dict[str, str] = {}
        not_null: set[str] = set()
        for column in step.columns:
            fragment = self._value(column, scope) if used[column.name] else Fragment("None")
            columns[column.name] = fragment.text
            if not fragment.nullable and used[column.name]:
                not_null.add(column.name)
        not_null |= {
            new
            for new, old in zip(step.key_names, scope.keys, strict=True)
            if old in scope.not_null
        }
        pseudo = scope.not_null - set(scope.values) - set(scope.keys)
        return scope.projected(step.key_names, columns, frozenset(not_null | pseudo))

    def _rekey(self, step: RekeyStep, scope: Scope) -> Scope:
        seen = scope.without_value() if scope.is_null else scope
        keys = {key.name: self._value(key, seen) for key in step.keys}
        not_null = scope.not_null
        if step.drop_null_key:
            checks = dict.fromkeys(
                null_test(value, True, self._new).text for value in keys.values() if value.nullable
            )
            if checks:
                level = Level.AND if len(checks) > 1 else Level.COMPARISON
                self._pass_if(Fragment(" and ".join(checks), level))
            for key in step.keys:
                if isinstance(key.expression, ColumnRef):
                    not_null |= {key.expression.name}
                if key.name not in scope.values:  # else the name stays that of the value column
                    not_null |= {key.name}
        return scope.rekeyed({name: value.text for name, value in keys.items()}, not_null)

    def _prepare(self, end: Step, scope: Scope) -> None:
        """Write what the end needs that may fail."""
        if isinstance(end, FlatMapStep):
            self.rows = self._rows(end, scope)
        elif isinstance(end, FoldStep) and self._guard is None:
            self.folded = self._inputs(end, scope)
        elif isinstance(end, SendStep):
            if self._guard is None:
                self._encode(end, scope)
                return
            before = len(self._lines.text)
            with self._lines.block("try:"):
                self._encode(end, scope)
            if self._lines.text[-1].endswith("pass"):
                del self._lines.text[before:]  # nothing to encode
                return
            with self._lines.block("except Exception as error:"):
                report = self._namespace.add("report", self._report)
                label = self._namespace.add("text", end.label)
                self._lines.add(f"{report}(error, {label}, {self._guard.record})")
                assert self._place.leave is not None
                self._lines.add(self._place.leave)

    def _encode(self, step: SendStep, scope: Scope) -> None:
        self.sent = ["None", "None", scope.timestamp]
        if step.encode_key is None:
            assert scope.message_key, "a new key needs an encoder"
            self.sent[0] = "message.key()"
        elif scope.key != "None":
            self.sent[0] = self._encoded_key(step.encode_key, scope)
        if scope.is_null:
            return
        encode = self._namespace.add("encode", step.encode)
        row_type = self._namespace.add("row_type", step.row_type)
        payload = self._new("value_bytes")
        values = ", ".join(scope.columns[name] for name in scope.values)
        self._lines.add(f"{payload} = {encode}({row_type}({values}))")
        self.sent[1] = payload
        if step.event_time is not None:
            self.sent[2] = self._event_time(step.event_time, scope)

    def _encoded_key(self, encode_key: object, scope: Scope) -> str:
        name = self._namespace.add("encode_key", encode_key)
        known = len(scope.keys) == 1 and scope.keys[0] in scope.not_null
        whole = known or scope.key.startswith("(")
        key = Fragment(scope.key) if whole else perhaps_null(scope.key)
        encoded = strict([key], lambda o: Fragment(f"{name}({o[0].text})"), self._place.names.new)
        local = self._new("key_bytes")
        self._lines.add(f"{local} = {encoded.text}")
        return local

    def _event_time(self, event_time: EventTime, scope: Scope) -> str:
        check = self._namespace.add("record_time", support.record_time)
        column = perhaps_null(scope.columns[event_time.column])
        if event_time.convert is not None:
            convert = self._namespace.add("convert_time", event_time.convert)
            column = strict(
                [column], lambda o: Fragment(f"{convert}({o[0].text})"), self._place.names.new
            )
        local = self._new("sent_at")
        self._lines.add(f"{local} = {check}({column.text})")
        return local

    def _rows(self, step: FlatMapStep, scope: Scope) -> str:
        lists: list[str] = []
        for call in step.calls:
            compiler = self._compiler(scope)
            # An argument that fails is no NULL: it fails the call, and no row comes of it.
            arguments = ", ".join(compiler.compile(argument).text for argument in call.arguments)
            function = self._namespace.add(call.function.name, call.function.implementation)
            text = f"{function}({arguments})"
            if self._guard is not None:
                label = self._namespace.add(
                    "text", wording.describe_call(call.function.name, call.arguments)
                )
                text = f"{self._guard.attempt}(lambda: {text}, None, {label}, {self._guard.record})"
            local = self._new("rows")
            self._lines.add(f"{local} = {text}")
            lists.append(local)
        if len(lists) == 1:
            return f"{lists[0]} or ()"
        return f"{self._namespace.add('zip_rows', support.zip_rows)}({', '.join(lists)})"

    def _inputs(self, step: FoldStep, scope: Scope) -> Texts:
        """Return where the inputs of a fold are; only what may fail is evaluated here."""
        return [
            (each, self._value(NamedExpression("argument", each), scope).text)
            for each in inputs_of(step.columns, step.calls)
        ]

    # Values

    def _value(self, column: NamedExpression, scope: Scope) -> Fragment:
        """Return the text of a column: as it is found, or a local that it is computed into."""
        expression = column.expression
        fragment = self._compiler(scope).compile(expression)
        if isinstance(expression, ColumnRef) or fragment.simple:
            return fragment
        if self._guard is not None:
            fragment = self._attempted(expression, fragment, "None")
        local = self._new(column.name)
        self._lines.add(f"{local} = {fragment.text}")
        return Fragment(local, nullable=fragment.nullable)

    def _attempted(self, expression: Expression, fragment: Fragment, instead: str) -> Fragment:
        assert self._guard is not None
        text = self._namespace.add("text", wording.describe(expression))
        body = fragment.at(Level.TERNARY)
        attempt = self._guard.attempt
        return Fragment(
            f"{attempt}(lambda: {body}, {instead}, {text}, {self._guard.record})", nullable=True
        )

    def _pass_if(self, condition: Fragment) -> None:
        """Go on only when the condition is true."""
        if self._place.leave is not None:
            with self._lines.block(f"if {_negated(condition)}:"):
                self._lines.add(self._place.leave)
            return
        if self.keep is None:
            self.keep = self._new("keep")
        self._lines.add(f"{self.keep} = {condition.text}")
        self._lines.add(f"if {self.keep}:")
        self._lines.deepen()

    def _compiler(self, scope: Scope) -> ExpressionCompiler:
        return ExpressionCompiler(
            self._namespace, self._place.names, scope.columns, self._guard, scope.not_null
        )

    def _new(self, hint: str) -> str:
        return self._place.names.new(hint)


def _negated(condition: Fragment) -> str:
    if condition.level == Level.COMPARISON and condition.text.endswith(" is not None"):
        return condition.text.removesuffix("not None") + "None"
    return condition.text[4:] if condition.level == Level.NOT else f"not {condition.at(Level.NOT)}"
