"""Arrays, maps, lambdas and table functions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsql.errors import BindError, EvaluationError
from streamsql.types.sqltypes import BOOLEAN, INTEGER, STRING, Array, Map
from tests.expr.functions.calls import Lambda, Typed, big, call

NO_ARRAY = Typed(None, Array(STRING))


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("ARRAY_LENGTH", ([1, 2],), 2),
        ("ARRAY_CONTAINS", (["a", None], "b"), False),
        ("ARRAY_CONTAINS", (["a", None], Typed(None, STRING)), True),
        ("ARRAY_CONTAINS", (NO_ARRAY, "a"), None),
        ("ARRAY_CONCAT", (["a"], ["a", "b"]), ["a", "a", "b"]),
        ("ARRAY_CONCAT", (NO_ARRAY, ["a"]), ["a"]),
        ("ARRAY_DISTINCT", (["b", "a", "b", None, None],), ["b", "a", None]),
        ("ARRAY_DISTINCT", ([["a"], ["a"]],), [["a"]]),
        ("ARRAY_UNION", ([1, 2, 1], [3, 2]), [1, 2, 3]),
        ("ARRAY_INTERSECT", ([1, 2, 1], [1, 3]), [1]),
        ("ARRAY_EXCEPT", ([1, 2, 2, None], [1]), [2, None]),
        ("ARRAY_REMOVE", (["foo", "bar", "foo"], "foo"), ["bar"]),
        ("ARRAY_REMOVE", ([["foo"], None], ["foo"]), [None]),
        ("ARRAY_MAX", (["foo", "fo", "Food", None],), "foo"),
        ("ARRAY_MIN", ([None, 2, 1],), 1),
        ("ARRAY_MAX", (Typed([None], Array(INTEGER)),), None),
        ("ARRAY_SORT", ([0, None, -1],), [-1, 0, None]),
        ("ARRAY_SORT", ([0, None, 1], "desc"), [1, 0, None]),
        ("ARRAY_JOIN", ([True, None, False],), "true,null,false"),
        ("ARRAY_JOIN", ([1.23, -1e10], "|"), "1.23|-1.0E10"),
        ("SLICE", (["a", "b", "c", "d"], 2, 3), ["b", "c"]),
        ("SLICE", (["a", "b"], None, 1), ["a"]),
        ("SLICE", (["a", "b"], 2, None), ["b"]),
        ("SLICE", (["a", "b"], 2, 3), None),
        ("GENERATE_SERIES", (0, 3), [0, 1, 2, 3]),
        ("GENERATE_SERIES", (4, 0), [4, 3, 2, 1, 0]),
        ("GENERATE_SERIES", (1, -2, -2), [1, -1]),
        ("GENERATE_SERIES", (big(3), big(0), 1), []),
        ("ENTRIES", ({"b": 2, "a": 1}, True), [("a", 1), ("b", 2)]),
        ("AS_MAP", (["a", "b"], [1, 2]), {"a": 1, "b": 2}),
        ("MAP_KEYS", ({"a": 1},), ["a"]),
        ("MAP_VALUES", ({"a": 1},), [1]),
        ("MAP_UNION", ({"a": 1, "b": 1}, {"b": 2}), {"a": 1, "b": 2}),
        ("MAP_UNION", ({"a": 1}, None), {"a": 1}),
        ("EXPLODE", ([1, 2],), [1, 2]),
        ("EXPLODE", (NO_ARRAY,), ()),
        ("CUBE_EXPLODE", ([1, 2],), [[None, None], [None, 2], [1, None], [1, 2]]),
        ("CUBE_EXPLODE", ([1, None],), [[None, None], [1, None]]),
    ],
)
def test_values(name: str, arguments: tuple[Any, ...], expected: object) -> None:
    assert call(name, *arguments) == expected


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ARRAY_SORT", ([1], "sideways")),
        ("GENERATE_SERIES", (0, 1, 0)),
        ("GENERATE_SERIES", (0, 2_000_000)),
    ],
)
def test_what_has_no_value_is_an_error(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(EvaluationError):
        call(name, *arguments)


def test_lambdas() -> None:
    above = Lambda(lambda value: value > 1, 1, BOOLEAN)
    assert call("FILTER", [1, 2, 3], above) == [2, 3]
    assert call("FILTER", Typed(None, Array(INTEGER)), above) is None
    assert call("TRANSFORM", [1, 2], Lambda(str, 1, STRING)) == ["1", "2"]
    assert call("FILTER", {"a": 1, "b": 2}, Lambda(lambda _, v: v > 1, 2, BOOLEAN)) == {"b": 2}
    upper = Lambda(lambda key, _: key.upper(), 2, STRING)
    double = Lambda(lambda _, value: value * 2, 2, INTEGER)
    assert call("TRANSFORM", {"a": 1}, upper, double) == {"A": 2}


def test_reduce_of_null_is_the_initial_state() -> None:
    add = Lambda(lambda state, value: state + value, 2, INTEGER)
    assert call("REDUCE", [1, 2], 5, add) == 8
    assert call("REDUCE", Typed(None, Array(INTEGER)), 5, add) == 5
    assert call("REDUCE", [1, 2], Typed(None, INTEGER), add) is None
    add_value = Lambda(lambda state, _, value: state + value, 3, INTEGER)
    assert call("REDUCE", {"a": 1}, 1, add_value) == 2


def test_array_sort_wants_comparable_elements() -> None:
    with pytest.raises(BindError, match="does not accept"):
        call("ARRAY_SORT", Typed([{}], Array(Map(STRING, INTEGER))))


@given(st.lists(st.none() | st.integers(-5, 5)), st.lists(st.integers(-5, 5)))
def test_set_operations_agree_with_sets(left: list[int | None], right: list[int]) -> None:
    first, second = Typed(left, Array(INTEGER)), Typed(right, Array(INTEGER))
    assert set(call("ARRAY_UNION", first, second)) == set(left) | set(right)
    assert set(call("ARRAY_INTERSECT", first, second)) == set(left) & set(right)
    assert set(call("ARRAY_EXCEPT", first, second)) == set(left) - set(right)
