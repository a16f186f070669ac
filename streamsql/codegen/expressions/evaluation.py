"""The evaluation of expressions as statements, so that what fails, fails alone.

An expression that may fail stands in a ``try`` of its own (which costs nothing as long as nothing
is raised): its value is NULL then, and the failure is reported. Where a part of it would have been
NULL by itself (an argument of a function, a CAST, an element of a constructor), a helper takes over
and evaluates it part by part::

    try:
        total = None if price is None else string_to_bigint(price) * 2
    except Exception:
        total = total_by_parts(price, message)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from streamsql.codegen.expressions.compiler import ExpressionCompiler
from streamsql.codegen.expressions.conditions import negation
from streamsql.codegen.expressions.failure import may_fail
from streamsql.codegen.expressions.fragment import Fragment
from streamsql.codegen.expressions.literals import compile_label
from streamsql.codegen.namespace import TASK, Locals, Namespace, Supplied
from streamsql.codegen.source import Lines, Module
from streamsql.expr import wording
from streamsql.expr.nodes import Call, Cast, ColumnRef, Expression, Literal
from streamsql.expr.walk import column_refs


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the columns of a record are.

    Attributes:
        texts: Python text of each column in sight, pseudo columns included.
        not_null: The names of those that are not NULL.
    """

    texts: Mapping[str, str]
    not_null: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Writes evaluations into one function.

    Attributes:
        record: Python text of what reports are about.
        report: Name of what takes reports where it is a parameter; else it is a global.
    """

    module: Module
    names: Locals
    lines: Lines
    record: str
    report: str | None = None

    def text(self, expression: Expression, columns: Columns) -> str:
        """Return the text of an expression, for a place where it may fail."""
        return self._compiler(columns).compile(expression).text

    def value(self, hint: str, expression: Expression, columns: Columns) -> Fragment:
        """Return where the value is: as it is found, or a local like ``hint`` it is computed in."""
        fragment = self._compiler(columns).compile(expression)
        if isinstance(expression, ColumnRef | Literal):
            return fragment
        local = self.names.new(hint)
        if not may_fail(expression):
            self.lines.add(f"{local} = {fragment.text}")
            return Fragment(local, nullable=fragment.nullable)
        with self.lines.block("try:"):
            self.lines.add(f"{local} = {fragment.text}")
        by_parts = self.by_parts(hint, expression, columns)
        if by_parts is not None:
            with self.lines.block("except Exception:"):
                self.lines.add(f"{local} = {by_parts}")
        else:
            with self.lines.block("except Exception as error:"):
                self.lines.add(f"{local} = None", self.report_of(wording.describe(expression)))
        return Fragment(local, nullable=True)

    def only_if(
        self, predicate: Expression, columns: Columns, leave: str | None
    ) -> tuple[str | None, frozenset[str]]:
        """Write the evaluation of a predicate that records must pass; one that fails is false.

        With ``leave``, the statement that ends the work on a record, records that do not pass are
        gone. Without, the text of the condition that those fulfil that pass is returned. What is
        not NULL then, is returned too.
        """
        compiler = self._compiler(columns)
        condition = compiler.truth(predicate)
        if may_fail(predicate):
            return self._tried(predicate, condition, columns, leave), compiler.not_null
        return self.pass_if(condition, leave), compiler.not_null

    def pass_if(self, condition: Fragment, leave: str | None) -> str | None:
        """Leave unless the condition is true; without a way to leave return its text."""
        if leave is None:
            return condition.text
        with self.lines.block(f"if {negation(condition).text}:"):
            self.lines.add(leave)
        return None

    def report_of(self, text: str) -> str:
        """Return the call that reports ``error`` as a failure of what the text says."""
        return _report_of(self._report(), text, self.record, self.module.namespace)

    def by_parts(self, hint: str, expression: Expression, columns: Columns) -> str | None:
        """Return the call of a helper that evaluates part by part, ``None`` if there are none."""
        used = list(dict.fromkeys(reference.name for reference in column_refs(expression)))
        own = self.module.namespace.locals("reporting", "record")
        texts = {name: own.new(name) for name in used}
        lines = Lines()
        parts = _Parts(self.module.namespace, own, lines, expression)
        compiler = ExpressionCompiler(self.module.namespace, own, texts, parts, columns.not_null)
        fragment = compiler.compile(expression)
        if not parts.found:
            return None
        parts.define_return(fragment.text, expression)

        described = wording.describe(expression)

        def define() -> str:
            name = self.module.function(f"{hint}_by_parts".lower())
            description = f"{described}; what fails is NULL and reported."
            parameters = [*texts.values(), "reporting", "record"]
            self.module.define_helper(name, parameters, description, lines)
            return name

        # As text too: 0.0 and -0.0 are equal, and differ as divisors.
        name = self.module.helper((described, expression, columns.not_null), define)
        arguments = [*(columns.texts[column] for column in used), self._report(), self.record]
        return f"{name}({', '.join(arguments)})"

    def _tried(
        self, predicate: Expression, condition: Fragment, columns: Columns, leave: str | None
    ) -> str | None:
        """Write the evaluation of a predicate that may fail."""
        passes = None if leave is not None else self.names.new("passes")
        by_parts = self.by_parts("filter", predicate, columns)
        with self.lines.block("try:"):
            self._decide(condition, leave, passes)
        if by_parts is not None:
            with self.lines.block("except Exception:"):
                self._decide(Fragment(by_parts), leave, passes)
        else:
            with self.lines.block("except Exception as error:"):
                self.lines.add(self.report_of(wording.describe(predicate)))
                self.lines.add(f"{passes} = False" if leave is None else leave)
        return passes

    def _decide(self, condition: Fragment, leave: str | None, passes: str | None) -> None:
        text = self.pass_if(condition, leave)
        if text is not None:
            self.lines.add(f"{passes} = {text}")

    def _report(self) -> str:
        return self.report or report_global(self.module.namespace)

    def _compiler(self, columns: Columns) -> ExpressionCompiler:
        return ExpressionCompiler(
            self.module.namespace, self.names, columns.texts, None, columns.not_null
        )


@dataclass(slots=True)
class _Parts:
    """Functions inside a helper, one for each part that is NULL by itself when it fails."""

    namespace: Namespace
    names: Locals
    lines: Lines
    whole: Expression
    found: list[str] = field(default_factory=list)

    def part(self, node: Expression, fragment: Fragment, variables: Iterable[str]) -> Fragment:
        """Return a call of a function that evaluates the fragment, defining it."""
        if node is self.whole or not may_fail(node):
            return fragment
        name = self.names.new(_hint(node))
        self.found.append(name)
        parameters = ", ".join(variables)
        if len(self.found) == 1:
            self.lines.add("")
        with self.lines.block(f"def {name}({parameters}):"):
            self.define_return(fragment.text, node)
        self.lines.add("")
        return Fragment(f"{name}({parameters})", nullable=True)

    def define_return(self, text: str, node: Expression) -> None:
        """Write statements that return the value of the text, NULL when it fails."""
        with self.lines.block("try:"):
            self.lines.add(f"return {text}")
        with self.lines.block("except Exception as error:"):
            label = wording.describe(node)
            self.lines.add(_report_of("reporting", label, "record", self.namespace))
            self.lines.add("return None")


def report_global(namespace: Namespace) -> str:
    """Return the name of what the task supplies to take reports."""
    return namespace.supply(
        "report", Supplied(TASK, "report"), "notes that an expression has no value for a record"
    )


def _report_of(report: str, text: str, record: str, namespace: Namespace) -> str:
    return f"{report}(error, {compile_label(text, namespace)}, {record})"


def _hint(node: Expression) -> str:
    match node:
        case Cast(_, target):
            return f"as_{str(target).split('(')[0].split('<')[0]}"
        case Call(function):
            return function.name
        case _:
            return "part"
