"""Bound expressions as Python expression text.

The fast form raises where an expression has no value. The guarded form (with a :class:`Guard`)
gives the same values, but a function argument, a CAST, or an element of a constructor that raises
becomes NULL and is reported. A NULL operand of NOT and LIKE makes the result NULL, which no
condition takes for true.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, assert_never

from streamsql.codegen.expressions import literals, patterns
from streamsql.codegen.expressions.calls import conversion, element_of, invocation
from streamsql.codegen.expressions.conditions import (
    any_equal,
    conjunction,
    match_of,
    negation,
    unless,
)
from streamsql.codegen.expressions.fragment import (
    NULL,
    Fragment,
    Level,
    checked,
    either,
    null_test,
    perhaps_null,
    strict,
)
from streamsql.codegen.expressions.narrowing import columns_not_null
from streamsql.codegen.expressions.operators import Operators
from streamsql.codegen.namespace import Locals, Namespace
from streamsql.codegen.scope import tuple_text
from streamsql.expr.nodes import (
    And,
    Arithmetic,
    Between,
    Call,
    Case,
    Cast,
    ColumnRef,
    Comparison,
    ComparisonOperator,
    Distinct,
    Expression,
    FieldRef,
    InList,
    IsNull,
    Lambda,
    LambdaVariable,
    Like,
    Literal,
    MakeArray,
    MakeMap,
    MakeStruct,
    Negate,
    Not,
    Or,
    Subscript,
)
from streamsql.types.sqltypes import BIGINT, INTEGER, STRING, Array

Build = Callable[[list[Fragment]], Fragment]


class Parts(Protocol):
    """Evaluates parts of an expression so that they are NULL where they would raise."""

    def part(self, node: Expression, fragment: Fragment, variables: Iterable[str]) -> Fragment:
        """Return what yields the value of the part; ``variables`` are those of lambdas in sight."""


class ExpressionCompiler:
    """Writes expressions over one set of columns.

    Attributes:
        not_null: The names of columns known not to be NULL; whoever knows adds to it.
    """

    __slots__ = (
        "_columns",
        "_locals",
        "_namespace",
        "_operators",
        "_parts",
        "_variables",
        "not_null",
    )

    def __init__(
        self,
        namespace: Namespace,
        names: Locals,
        columns: Mapping[str, str],
        parts: Parts | None = None,
        not_null: Iterable[str] = (),
    ) -> None:
        """Begin a text.

        Args:
            namespace: Takes the values that the text needs.
            names: The locals of the function that the text is for.
            columns: Python text that yields each column used, pseudo columns included.
            parts: Makes failing parts NULL; without it they raise.
            not_null: See the attribute.
        """
        self._namespace = namespace
        self._locals = names
        self._columns = columns
        self._parts = parts
        self._operators = Operators(namespace, names.new)
        self._variables: dict[str, str] = {}
        self.not_null = frozenset(not_null)

    def compile(self, expression: Expression) -> Fragment:
        """Return the text of an expression."""
        match expression:
            case Literal():
                found = literals.compile_literal(expression, self._namespace)
            case ColumnRef(name):
                text = self._columns[name]
                level = Level.ATOM if "(" not in text or text.endswith((")", "]")) else Level.LAMBDA
                known = name in self.not_null
                found = Fragment(text, level) if known else perhaps_null(text, level)
            case LambdaVariable(name):
                found = Fragment(self._variables[name], nullable=True)
            case Arithmetic() | Negate() | Cast() | Call():
                found = self._computation(expression)
            case Subscript() | FieldRef() | MakeArray() | MakeMap() | MakeStruct():
                found = self._nested(expression)
            case Case():
                found = self._case(expression)
            case _:
                found = self._condition(expression)
        return found

    def truth(self, expression: Expression) -> Fragment:
        """Return the text of a condition of which only the truth matters, not whether it is NULL.

        What the condition excludes from being NULL is known afterwards.
        """
        match expression:
            case And(left, right):
                fragment = conjunction(self.truth(left), self.truth(right))
            case Or(left, right):
                fragment = self._or(self.truth, left, right)
            case Like():
                fragment = self._like(expression, self._checked)
            case Not(operand):
                fragment = self._checked([self.compile(operand)], lambda o: negation(*o))
            case _:
                fragment = self.compile(expression)
        self.not_null |= columns_not_null(expression)
        return fragment

    # Values

    def _computation(self, node: Arithmetic | Negate | Cast | Call) -> Fragment:
        match node:
            case Arithmetic(_, left, right):
                return self._strict(
                    [self._number(left), self._number(right)],
                    lambda o: self._operators.arithmetic(node, *o),
                )
            case Negate(operand, sql_type):
                return self._strict(
                    [self._number(operand)], lambda o: self._operators.negate(sql_type, *o)
                )
            case Cast():
                return self._guarded(node, self._cast(node))
            case Call():
                return self._call(node)

    def _number(self, operand: Expression) -> Fragment:
        """Return an operand of arithmetic: NULL in a lambda fails, and the function with it."""
        found = self.compile(operand)
        return Fragment(found.text, found.level) if self._variables else found

    def _cast(self, node: Cast) -> Fragment:
        source, target = node.operand.type, node.type
        operand = self.compile(node.operand)
        if source == target or (source, target) == (INTEGER, BIGINT):
            return operand
        return self._strict([operand], lambda o: conversion(node, o[0], self._namespace))

    def _call(self, node: Call) -> Fragment:
        arguments = [self.argument(argument) for argument in node.arguments]
        if node.function.strict:
            fragment = self._strict(
                arguments, lambda values: invocation(node, values, self._namespace)
            )
        else:
            fragment = invocation(node, arguments, self._namespace)
        return perhaps_null(fragment.text, fragment.level)

    def argument(self, argument: Expression | Lambda) -> Fragment:
        """Return the text of a function's argument."""
        if isinstance(argument, Lambda):
            return self._lambda(argument)
        return self._guarded(argument, self.compile(argument))

    def _lambda(self, node: Lambda) -> Fragment:
        outer = dict(self._variables)
        names = [self._locals.new(parameter.name) for parameter in node.parameters]
        self._variables |= zip(
            (parameter.name for parameter in node.parameters), names, strict=True
        )
        body = self.compile(node.body)
        self._variables = outer
        return Fragment(f"lambda {', '.join(names)}: {body.at(Level.TERNARY)}", Level.LAMBDA)

    # Arrays, maps, structs

    def _nested(self, node: Subscript | FieldRef | MakeArray | MakeMap | MakeStruct) -> Fragment:
        match node:
            case Subscript():
                return self._subscript(node)
            case FieldRef(struct, _, position):
                field = self._strict(
                    [self.compile(struct)], lambda o: Fragment(f"{o[0].at(Level.ATOM)}[{position}]")
                )
                return Fragment(field.text, field.level, nullable=True)
            case MakeArray(elements):
                return Fragment(f"[{', '.join(self._element(value) for value in elements)}]")
            case MakeMap(entries):
                pairs = (f"{self._element(key)}: {self._element(value)}" for key, value in entries)
                return Fragment("{" + ", ".join(pairs) + "}")
            case MakeStruct(values):
                return Fragment(tuple_text([self._element(value) for value in values]))

    def _element(self, node: Expression) -> str:
        return self._guarded(node, self.compile(node)).at(Level.TERNARY)

    def _subscript(self, node: Subscript) -> Fragment:
        container, index = self.compile(node.container), self.compile(node.index)
        if not isinstance(node.container.type, Array):
            fragment = self._strict(
                [container], lambda o: Fragment(f"{o[0].at(Level.ATOM)}.get({index.text})")
            )
        else:
            fragment = self._strict(
                [container, index], lambda o: element_of(node, o[0], o[1], self._namespace)
            )
        return Fragment(fragment.text, fragment.level, nullable=True)

    # Conditions

    def _condition(
        self,
        node: Comparison | Distinct | IsNull | Between | InList | Like | And | Or | Not,
    ) -> Fragment:
        match node:
            case Comparison():
                found = self._comparison(node)
            case Distinct(left, right, negated):
                texts = [self.compile(side).at(Level.SUM) for side in (left, right)]
                found = either(" != ".join(texts), " == ".join(texts), negated)
            case IsNull(operand, negated):
                found = null_test(self.compile(operand), negated, self._locals.new)
            case Between():
                found = self._between(node)
            case InList():
                found = self._in_list(node)
            case Like():
                found = self._like(node, self._strict)
            case And():
                found = self._conjunction(node)
            case Or(left, right):
                found = self._or(self.compile, left, right)
            case Not(operand):
                found = self._strict([self.compile(operand)], lambda o: negation(*o))
            case _:
                assert_never(node)
        return found

    def _comparison(self, node: Comparison) -> Fragment:
        left, right = self.compile(node.left), self.compile(node.right)
        nullable = [side for side in (left, right) if side.nullable]
        same = node.left.type == node.right.type and node.operator is ComparisonOperator.EQUAL
        if same and len(nullable) == 1 and nullable[0].value is None:
            # None equals nothing that is not NULL.
            return self._operators.comparison(node, left, right)
        return self._checked([left, right], lambda o: self._operators.comparison(node, *o))

    def _conjunction(self, node: And) -> Fragment:
        known = self.not_null
        left = self.compile(node.left)
        self.not_null |= columns_not_null(node.left)
        right = self.compile(node.right)
        self.not_null = known
        return conjunction(left, right)

    def _or(
        self, compile_side: Callable[[Expression], Fragment], left: Expression, right: Expression
    ) -> Fragment:
        known = self.not_null
        sides: list[Fragment] = []
        for side in (left, right):
            sides.append(compile_side(side))
            self.not_null = known
        text = " or ".join(side.at(Level.AND) for side in sides)
        return Fragment(text, Level.OR, nullable=any(side.nullable for side in sides))

    def _between(self, node: Between) -> Fragment:
        operands = [self.compile(part) for part in (node.operand, node.low, node.high)]
        between = self._checked(
            operands,
            lambda o: Fragment(
                f"{o[1].at(Level.SUM)} <= {o[0].at(Level.SUM)} <= {o[2].at(Level.SUM)}",
                Level.COMPARISON,
            ),
        )
        return unless(node.negated, between)

    def _in_list(self, node: InList) -> Fragment:
        operand = self.compile(node.operand)
        options = [
            option
            for option in node.options
            if not isinstance(option, Literal) or option.value is not None
        ]
        constants = literals.compile_set(options, self._namespace)
        if constants is not None:
            whole = operand.at(Level.SUM)
            return either(f"{whole} in {constants}", f"{whole} not in {constants}", node.negated)
        fragment = any_equal(
            operand, [self.compile(option) for option in options], self._locals.new
        )
        return unless(node.negated, fragment)

    def _like(
        self, node: Like, behind_checks: Callable[[list[Fragment], Build], Fragment]
    ) -> Fragment:
        operand = self.compile(node.operand)
        if isinstance(node.pattern, Literal) and node.pattern.value is not None:
            pattern = node.pattern.value
            return behind_checks(
                [operand], lambda o: match_of(node, pattern, o[0], self._namespace)
            )
        name = self._namespace.add("like", patterns.like)
        escape = literals.compile_literal(Literal(node.escape, STRING), self._namespace).text
        return behind_checks(
            [operand, self.compile(node.pattern)],
            lambda o: unless(node.negated, Fragment(f"{name}({o[0].text}, {o[1].text}, {escape})")),
        )

    def _case(self, node: Case) -> Fragment:
        known = self.not_null
        arms: list[tuple[Fragment, Fragment]] = []
        for when in node.whens:
            condition = self.truth(when.condition)
            arms.append((condition, self.compile(when.result)))
            self.not_null = known
        last = NULL if node.default is None else self.compile(node.default)
        text = "".join(f"{r.at(Level.OR)} if {c.at(Level.OR)} else " for c, r in arms)
        nullable = last.nullable or any(result.nullable for _, result in arms)
        return Fragment(text + last.at(Level.TERNARY), Level.TERNARY, nullable)

    # NULL checks and parts

    def _strict(self, operands: list[Fragment], build: Build) -> Fragment:
        return strict(operands, build, self._locals.new)

    def _checked(self, operands: list[Fragment], build: Build) -> Fragment:
        return checked(operands, build, self._locals.new)

    def _guarded(self, node: Expression, fragment: Fragment) -> Fragment:
        """Return the fragment so that it is NULL where it would raise, if that is asked for."""
        if self._parts is None or isinstance(node, Literal | ColumnRef | LambdaVariable):
            return fragment
        return self._parts.part(node, fragment, self._variables.values())
