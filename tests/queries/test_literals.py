"""Functions and aggregates of literals give what they give of columns that hold the same values.

Python's warnings are errors here, so the code of a query has nothing that Python finds odd, such as
a number compared with ``None``.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import product

import pytest

from streamsql.errors import StatementError
from streamsql.expr.builtins import builtins
from streamsql.expr.registry import AggregateFunction, ScalarFunction
from streamsql.testing.driver import TestDriver, TestRecord

LITERALS = {
    "BOOL": "TRUE",
    "INT32": "-7",
    "INT64": "12345678901",
    "FLOAT64": "1.5e0",
    "PRICE": "2.50",
    "TEXT": "'a b'",
    "PAIR": "ARRAY[1, NULL]",
    "DAY": "CAST('2024-05-06' AS DATE)",
    "CLOCK": "CAST('07:08:09' AS TIME)",
    "MOMENT": "CAST('2024-05-06T07:08:09' AS TIMESTAMP)",
}
STREAM = """
    CREATE STREAM numbers (id INT KEY, n INT) WITH (KAFKA_TOPIC='numbers', VALUE_FORMAT='JSON');
    CREATE STREAM filled AS SELECT id, {columns} FROM numbers;
"""


@pytest.fixture
def driver() -> Iterator[TestDriver]:
    with TestDriver() as driver:
        driver.create_topic("numbers")
        columns = ", ".join(f"{literal} AS {name}" for name, literal in LITERALS.items())
        driver.execute(STREAM.format(columns=columns))
        yield driver


def accepted(driver: TestDriver, calls: Iterable[str], rest: str = "") -> list[str]:
    """Return the calls that bind in both forms."""
    found = []
    for call in calls:
        try:
            for text in (call, with_literals(call)):
                driver.compile(f"SELECT id, {text} FROM filled {rest} EMIT CHANGES;")
        except StatementError:
            continue
        found.append(call)
    return found


def calls_of(name: str, arguments: int) -> Iterator[str]:
    for chosen in product(LITERALS, repeat=arguments):
        yield f"{name}({', '.join(chosen)})"


def with_literals(call: str) -> str:
    name, arguments = call.removesuffix(")").split("(")
    return f"{name}({', '.join(LITERALS[column] for column in arguments.split(', '))})"


def compare(driver: TestDriver, calls: list[str], rest: str = "") -> None:
    """Run both forms of a query over one record that says nothing, and compare what comes out."""
    forms = ("{}", "{} IS NULL", "IFNULL({}, NULL)")
    for name, written in (("columns", str), ("literals", with_literals)):
        items = [form.format(written(call)) for call in calls for form in forms]
        texts = ", ".join(f"{item} AS r{number}" for number, item in enumerate(items))
        kind = "TABLE" if rest else "STREAM"
        driver.execute(f"CREATE {kind} by_{name} AS SELECT id, {texts} FROM filled {rest};")
    driver.pipe("numbers", TestRecord(b"\0\0\0\1", b"{}"))
    (by_columns,) = driver.read("BY_COLUMNS")
    (by_literals,) = driver.read("BY_LITERALS")
    assert json.loads(by_literals.value() or b"") == json.loads(by_columns.value() or b"")


@pytest.mark.slow
def test_functions_that_are_text_in_the_code(driver: TestDriver) -> None:
    registry = builtins()
    inline = {
        (name, function.signature.split("->")[0].count(",") + 1)
        for name in registry.names()
        for function in registry.overloads(name)
        if isinstance(function, ScalarFunction) and function.inline is not None
    }
    calls = [call for name, arguments in inline for call in calls_of(name, arguments)]
    found = accepted(driver, calls)
    assert {call.split("(")[0] for call in found} >= {name for name, _ in inline}
    compare(driver, found)


@pytest.mark.slow
def test_aggregates(driver: TestDriver) -> None:
    registry = builtins()
    names = [
        name
        for name in registry.names()
        if any(isinstance(function, AggregateFunction) for function in registry.overloads(name))
    ]
    calls = [call for name in names for count in (1, 2) for call in calls_of(name, count)]
    found = accepted(driver, calls, "GROUP BY id")
    assert len(found) > len(names)
    compare(driver, found, "GROUP BY id")
