"""Walking over bound expressions: every part is met once, in order, and can be replaced."""

from streamsql.expr.nodes import (
    AggregateCall,
    Arithmetic,
    ArithmeticOperator,
    Case,
    ColumnRef,
    Comparison,
    ComparisonOperator,
    Expression,
    IsNull,
    Literal,
    MakeMap,
    NamedExpression,
    When,
)
from streamsql.expr.registry import AggregateFunction, Aggregator
from streamsql.expr.walk import children, column_names, column_refs, transform, walk
from streamsql.types.sqltypes import BIGINT, STRING, Map

A, B, C = (ColumnRef(name, BIGINT) for name in "ABC")
ONE = Literal(1, BIGINT)
CONDITION = Comparison(ComparisonOperator.LESS, A, ONE)
CASE = Case((When(CONDITION, B),), Arithmetic(ArithmeticOperator.ADD, A, C, BIGINT), BIGINT)


def _sum(*_: object) -> Aggregator:
    return Aggregator(BIGINT, int, int.__add__, int)


def test_parts_come_in_the_order_written() -> None:
    assert list(walk(CASE)) == [
        CASE,
        When(CONDITION, B),
        CONDITION,
        A,
        ONE,
        B,
        Arithmetic(ArithmeticOperator.ADD, A, C, BIGINT),
        A,
        C,
    ]
    assert [reference.name for reference in column_refs(CASE, B)] == ["A", "B", "A", "C", "B"]


def test_absent_parts_are_none() -> None:
    assert children(Case((When(CONDITION, B),), None, BIGINT)) == [When(CONDITION, B)]


def test_entries_of_a_map_are_parts() -> None:
    entries = MakeMap(((Literal("a", STRING), A), (Literal("b", STRING), B)), Map(STRING, BIGINT))
    assert column_names(NamedExpression("M", entries)) == {"A", "B"}


def test_constants_are_not_looked_into() -> None:
    assert list(walk(Literal((A, B), BIGINT))) == [Literal((A, B), BIGINT)]


def test_the_outermost_match_is_replaced_and_not_looked_into() -> None:
    def change(part: Expression) -> Expression | None:
        if part == CONDITION:
            return IsNull(A, negated=True)
        return C if part == A else None

    assert transform(CASE, change) == Case(
        (When(IsNull(A, negated=True), B),),
        Arithmetic(ArithmeticOperator.ADD, C, C, BIGINT),
        BIGINT,
    )


def test_what_does_not_change_stays_itself() -> None:
    assert transform(CASE, lambda _: None) is CASE


def test_aggregates_are_walked_by_their_arguments() -> None:
    total = AggregateFunction("SUM", "BIGINT -> BIGINT", _sum)
    call = AggregateCall("N", total, (A,), (), BIGINT)
    assert list(walk(call)) == [call, A]
    assert transform(call, lambda part: B if part == A else None).arguments == (B,)
