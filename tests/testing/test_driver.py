"""The driver in virtual time."""

import pytest

from streamsql.errors import EngineError, StatementError
from streamsql.expr.registry import ScalarFunction
from streamsql.testing.driver import TestDriver, TestRecord

SOURCE = "CREATE STREAM S (K STRING KEY, N INT) WITH (KAFKA_TOPIC='s', FORMAT='JSON');"
CHAIN = f"""{SOURCE}
CREATE STREAM A AS SELECT K, N + 1 AS N FROM S;
CREATE TABLE B AS SELECT N, COUNT(*) AS C FROM A GROUP BY N;
"""


@pytest.mark.parametrize("keeps_state", [False, True])
def test_a_record_is_worked_off_by_all_queries_at_once(keeps_state: bool) -> None:
    with TestDriver(keeps_state=keeps_state) as driver:
        driver.execute(CHAIN)
        for count in (b"1", b"2"):
            driver.pipe("s", TestRecord(b'"a"', b'{"N":4}', 7))
            (record,) = driver.read("B")
            assert record.key() == b"5"
            assert record.value() == b'{"C":' + count + b"}"
            assert record.timestamp()[1] == 7
        assert [record.value() for record in driver.read("A")] == [b'{"N":5}'] * 2
        assert list(driver.read("A")) == []


def test_topics_and_partitions_are_as_made_beforehand() -> None:
    with TestDriver() as driver:
        driver.create_topic("s", 3)
        driver.execute(CHAIN)
        for number in range(6):
            driver.pipe("s", TestRecord(b'"a"', b'{"N":4}', number), number % 3)
        counts = [record.value() for record in driver.read("B")]
        assert counts == [b'{"C":%d}' % count for count in range(1, 7)]
        assert [name for name in driver.repartition_topics() if name.endswith("-repartition")]


def test_errors_come_out() -> None:
    with TestDriver() as driver:
        with pytest.raises(StatementError):
            driver.execute("CREATE STREAM A AS SELECT * FROM S;")
        with pytest.raises(EngineError, match="does not exist"):
            list(driver.read("s"))
    with pytest.raises(EngineError, match="does not exist"):
        TestDriver({"no.such.setting": "1"})


def test_functions_of_ones_own_are_known() -> None:
    function = ScalarFunction("TWICE", "INTEGER -> INTEGER", lambda value: 2 * value)
    with TestDriver(functions=[function]) as driver:
        driver.execute(f"{SOURCE} CREATE STREAM O AS SELECT K, TWICE(N) AS N FROM S;")
        driver.pipe("s", TestRecord(None, b'{"N":4}'))
        (record,) = driver.read("O")
        assert (record.key(), record.value()) == (None, b'{"N":8}')
