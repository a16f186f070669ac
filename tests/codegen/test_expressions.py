"""The values of compiled expressions, and their text where that matters."""

from decimal import Decimal
from typing import Any

import pytest

from streamsql.codegen.namespace import Namespace
from streamsql.errors import EvaluationError
from streamsql.expr.nodes import (
    And,
    Between,
    Call,
    Case,
    Distinct,
    FieldRef,
    InList,
    IsNull,
    Lambda,
    LambdaVariable,
    Like,
    MakeArray,
    MakeMap,
    MakeStruct,
    Negate,
    Not,
    Or,
    Subscript,
    When,
)
from streamsql.expr.registry import ScalarFunction
from streamsql.types import sqltypes
from streamsql.types.schema import Column, Schema
from streamsql.types.sqltypes import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    STRING,
    TIMESTAMP,
    Array,
    Field,
    Map,
    Struct,
)
from tests.codegen.build import (
    arithmetic,
    cast,
    column,
    compare,
    constant,
    evaluate,
    evaluate_by_parts,
    text_of,
)

I = column("I")  # noqa: E741 - the column's name
J, L, D, S, B, X = (column(name) for name in "JLDSBX")
_PATTERNS = Schema((), (Column("P", STRING),))
NULL_INT = constant(None, INTEGER)


ROW = {name: f"row.{name}" for name in "IJLDSBXAMT"}


def test_null_is_checked_with_a_local_named_after_the_column() -> None:
    assert text_of(arithmetic(D, "*", constant(2.0)), ROW) == (
        "None if (d := row.D) is None else d * 2.0"
    )


def test_null_checks_of_nested_operators_are_made_together() -> None:
    assert text_of(arithmetic(cast(I, DOUBLE), "*", arithmetic(D, "+", D)), ROW) == (
        "None if (i := row.I) is None or (d := row.D) is None or (d_2 := row.D) is None"
        " else float(i) * (d + d_2)"
    )


def test_what_a_condition_excludes_is_not_checked_again() -> None:
    condition = And(compare(I, ">", constant(1)), compare(arithmetic(D, "+", D), "<", D))
    columns = {"I": "i", "D": "d"}
    both = And(IsNull(D, negated=True), condition)
    assert text_of(both, columns) == "d is not None and i is not None and i > 1 and d + d < d"


def test_strings_that_are_not_plain_do_not_enter_the_text() -> None:
    namespace = Namespace()
    value = 'it\'s\n"quoted"'
    text = text_of(constant(value), {}, namespace)
    assert text.isidentifier()
    assert namespace.values[text] == value


@pytest.mark.parametrize(
    ("left", "operator", "right", "expected"),
    [
        (2**31 - 1, "+", 1, -(2**31)),
        (-(2**31), "-", 1, 2**31 - 1),
        (65536, "*", 65536, 0),
        (5, "/", 2, 2),
        (-5, "/", 2, -2),
        (-(2**31), "/", -1, -(2**31)),
        (-7, "%", 3, -1),
        (7, "%", -3, 1),
        (None, "+", 1, None),
        (1, "/", None, None),
    ],
)
def test_integer_arithmetic(left: Any, operator: str, right: Any, expected: Any) -> None:
    assert evaluate(arithmetic(I, operator, J), {"I": left, "J": right}) == expected
    literal = constant(right, INTEGER)
    assert evaluate(arithmetic(I, operator, literal), {"I": left}) == expected


def test_bigint_arithmetic_wraps_at_64_bits() -> None:
    one = constant(1, BIGINT)
    assert evaluate(arithmetic(L, "+", one), {"L": 2**63 - 1}) == -(2**63)
    assert evaluate(arithmetic(L, "+", one), {"L": 2**31 - 1}) == 2**31
    assert evaluate(Negate(L, BIGINT), {"L": -(2**63)}) == -(2**63)


@pytest.mark.parametrize("operator", ["/", "%"])
def test_integer_division_by_zero_fails(operator: str) -> None:
    with pytest.raises(EvaluationError, match="division by zero"):
        evaluate(arithmetic(I, operator, J), {"I": 1, "J": 0})


def test_double_division_by_zero_is_infinite() -> None:
    row = {"D": 0.0}
    assert evaluate(arithmetic(constant(1.0), "/", D), row) == float("inf")
    assert evaluate(arithmetic(constant(-1.0), "/", D), row) == float("-inf")
    assert str(evaluate(arithmetic(D, "/", D), row)) == "nan"
    assert str(evaluate(arithmetic(D, "%", D), row)) == "nan"


def test_decimals_keep_the_scale_of_the_result() -> None:
    row = {"X": Decimal("10.10")}
    plus = arithmetic(X, "+", constant(Decimal("5.1")), sqltypes.Decimal(7, 2))
    assert str(evaluate(plus, row)) == "15.20"
    times = arithmetic(X, "*", constant(Decimal("2.00")), sqltypes.Decimal(10, 4))
    assert str(evaluate(times, row)) == "20.2000"
    third = arithmetic(X, "/", constant(Decimal("3.00")), sqltypes.Decimal(17, 8))
    assert str(evaluate(third, row)) == "3.36666667"
    assert str(evaluate(Negate(X, X.type), {"X": Decimal("0.00")})) == "0.00"


def test_decimal_overflow_fails() -> None:
    with pytest.raises(EvaluationError, match="does not fit"):
        evaluate(arithmetic(X, "*", X, sqltypes.Decimal(6, 4)), {"X": Decimal("50.00")})


@pytest.mark.parametrize("operator", ["=", "<>", "<", "<=", ">", ">="])
def test_comparison_with_null_is_false(operator: str) -> None:
    for row in ({"I": None, "J": 1}, {"I": 1, "J": None}, {"I": None, "J": None}):
        assert evaluate(compare(I, operator, J), row) is False
        assert evaluate(Not(compare(I, operator, J)), row) is True
    assert evaluate(compare(I, operator, NULL_INT), {"I": 1}) is False


def test_decimal_and_double_compare_as_doubles() -> None:
    row = {"X": Decimal("0.10"), "D": 0.1}
    assert evaluate(compare(X, "=", D), row) is True
    assert evaluate(compare(D, ">=", X), row) is True


def test_distinct_takes_null_for_a_value() -> None:
    values = [(1, 1, False), (1, 2, True), (1, None, True), (None, None, False)]
    for left, right, expected in values:
        row = {"I": left, "J": right}
        assert evaluate(Distinct(I, J, negated=False), row) is expected
        assert evaluate(Distinct(I, J, negated=True), row) is not expected


def test_between() -> None:
    within = Between(I, constant(2), constant(4), negated=False)
    outside = Between(I, constant(2), constant(4), negated=True)
    values = [1, 2, 4, 5, None]
    assert [evaluate(within, {"I": i}) for i in values] == [False, True, True, False, False]
    assert [evaluate(outside, {"I": i}) for i in values] == [True, False, False, True, True]


def test_in() -> None:
    constants = InList(I, (constant(1), NULL_INT, constant(3)), negated=False)
    assert [evaluate(constants, {"I": i}) for i in (1, 2, 3, None)] == [True, False, True, False]
    columns = InList(I, (J, constant(5)), negated=True)
    assert evaluate(columns, {"I": 1, "J": 1}) is False
    assert evaluate(columns, {"I": 1, "J": None}) is True
    assert evaluate(columns, {"I": None, "J": None}) is True
    many = InList(I, tuple(constant(i) for i in range(20)), negated=False)
    assert evaluate(many, {"I": 19}) is True


@pytest.mark.parametrize(
    ("pattern", "escape", "matching", "other"),
    [
        ("%foo%", None, "barfoobaz", "fo"),
        ("foo%", None, "foobar", "barfoo"),
        ("%foo", None, "barfoo", "foobar"),
        ("foo", None, "foo", "fooo"),
        ("f_o", None, "fxo", "fo"),
        ("f_o%", None, "f\no\n", "fo"),
        ("!%", "!", "%", "x"),
        ("!%%", "!", "%x", "x%"),
        ("a.c", None, "a.c", "abc"),
        ("%", None, "", None),
    ],
)
def test_like(pattern: str, escape: str | None, matching: str, other: str | None) -> None:
    constant_pattern = Like(S, constant(pattern), escape, negated=False)
    by_column = Like(S, column("P", _PATTERNS), escape, negated=True)
    assert evaluate(constant_pattern, {"S": matching}) is True
    assert evaluate(by_column, {"S": matching, "P": pattern}) is False
    assert not evaluate(constant_pattern, {"S": other})


def test_conditions_are_lazy() -> None:
    failing = compare(arithmetic(I, "/", constant(0)), "=", constant(1))
    is_null = IsNull(I, negated=False)
    row = {"I": 1}
    assert evaluate(And(is_null, failing), row) is False
    assert evaluate(Or(Not(is_null), failing), row) is True
    case = Case((When(Not(is_null), constant(7)), When(failing, constant(8))), None, INTEGER)
    assert evaluate(case, row) == 7


def test_null_conditions_are_not_true() -> None:
    row = {"B": None}
    assert not evaluate(And(B, constant(True)), row)
    assert not evaluate(Or(B, constant(False)), row)
    assert not evaluate(Not(B), row)
    case = Case((When(B, constant(1)),), constant(2), INTEGER)
    assert evaluate(case, row) == 2


def test_subscripts() -> None:
    array = column("A")
    for index, expected in [(1, 10), (2, 20), (3, None), (0, None), (-1, 20), (-2, 10), (-3, None)]:
        row = {"A": [10, 20], "I": index}
        assert evaluate(Subscript(array, constant(index), INTEGER), row) == expected
        assert evaluate(Subscript(array, I, INTEGER), row) == expected
    assert evaluate(Subscript(array, I, INTEGER), {"A": None, "I": 1}) is None
    key = Subscript(column("M"), S, INTEGER)
    assert evaluate(key, {"M": {"a": 1}, "S": "a"}) == 1
    assert evaluate(key, {"M": {"a": 1}, "S": "b"}) is None
    assert evaluate(key, {"M": None, "S": "b"}) is None


def test_structs() -> None:
    field = FieldRef(column("T"), "G", 1, STRING)
    assert evaluate(field, {"T": (1, "a")}) == "a"
    assert evaluate(field, {"T": None}) is None


def test_constructors() -> None:
    row = {"I": 1, "J": None}
    assert evaluate(MakeArray((I, J), Array(INTEGER)), row) == [1, None]
    assert evaluate(MakeMap(((constant("a"), I),), Map(STRING, INTEGER)), row) == {"a": 1}
    struct = Struct((Field("F", INTEGER),))
    assert evaluate(MakeStruct((I,), struct), row) == (1,)


def test_dates_become_timestamps() -> None:
    day = column("I")
    date = cast(type(day)("I", DATE), TIMESTAMP)
    assert evaluate(compare(date, "<", constant(86_400_001, TIMESTAMP)), {"I": 1}) is True


UPPER = ScalarFunction("UCASE", "STRING -> STRING", str.upper, inline="{0}.upper()")
SPREAD = ScalarFunction("SPREAD", "T, T -> T", lambda a, b: (a, b), inline="({0}, {0}, {1})")
FIRST = ScalarFunction("FIRST", "T, T -> T", lambda a, b: a if a is not None else b, strict=False)
APPLY = ScalarFunction("APPLY", "T[], (T) => V -> V[]", lambda values, f: [f(v) for v in values])
TYPED = ScalarFunction(
    "TYPED", "T -> STRING", lambda types, result: lambda v: f"{types}{result}{v}", typed=True
)


def test_strict_functions_are_not_called_with_null() -> None:
    assert evaluate(Call(UPPER, (S,), STRING), {"S": None}) is None
    assert evaluate(Call(UPPER, (S,), STRING), {"S": "a"}) == "A"
    assert evaluate(Call(FIRST, (I, J), INTEGER), {"I": None, "J": 2}) == 2


def test_inline_text_does_not_repeat_a_computation() -> None:
    twice = Call(SPREAD, (arithmetic(constant(1), "+", constant(2)), constant(1)), INTEGER)
    assert evaluate(twice) == (3, 1)
    assert evaluate(Call(SPREAD, (I, constant(1)), INTEGER), {"I": 5}) == (5, 5, 1)


def test_typed_functions_are_built_for_the_call() -> None:
    assert evaluate(Call(TYPED, (I,), STRING), {"I": 1}) == f"{[INTEGER]}{STRING}1"


def test_lambdas_see_the_row_and_nest() -> None:
    x, y = LambdaVariable("X", INTEGER), LambdaVariable("Y", INTEGER)
    inner = Call(
        APPLY, (column("A"), Lambda((y,), arithmetic(arithmetic(x, "*", y), "+", I))), BIGINT
    )
    outer = Call(APPLY, (column("A"), Lambda((x,), inner)), BIGINT)
    assert evaluate(outer, {"A": [1, 2], "I": 10}) == [[11, 12], [12, 14]]


def test_parts_that_fail_are_null_and_reported() -> None:
    reports: list[str] = []
    failing = arithmetic(I, "/", constant(0))
    array = MakeArray((constant(1), failing), Array(INTEGER))
    assert evaluate_by_parts(array, {"I": 1}, reports) == [1, None]
    first = Call(FIRST, (cast(S, INTEGER), failing), INTEGER)
    assert evaluate_by_parts(first, {"I": 1, "S": "x"}, reports) is None
    assert reports == ["I / 0", "CAST(S AS INTEGER)", "I / 0"]
    assert evaluate_by_parts(failing, {"I": 1}, reports) is None
    assert reports[3:] == ["I / 0"]


def test_booleans_of_texts() -> None:
    assert evaluate(cast(S, BOOLEAN), {"S": "TRUE"}) is True
    assert evaluate(cast(S, DOUBLE), {"S": " 1e3 "}) == 1000.0
