"""Columns that a declaration leaves out, from the registry of the broker."""

import json
import struct
from collections.abc import Iterator
from typing import Any

import pytest

from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.engine.engine import Engine
from streamsql.errors import BindError
from streamsql.formats.registry import SchemaType, WriterSchema, key_subject, value_subject
from streamsql.testing.driver import TestDriver

ROW = {
    "type": "record",
    "name": "Row",
    "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": ["null", "string"]}],
}


@pytest.fixture
def driver() -> Iterator[TestDriver]:
    with TestDriver() as driver:
        yield driver


def register(driver: TestDriver, subject: str, avro_type: Any) -> int:
    schema = WriterSchema(SchemaType.AVRO, json.dumps(avro_type))
    return driver.registry.register(subject, schema)


def columns(driver: TestDriver, statement: str) -> str:
    driver.execute(statement)
    return str(driver.catalog.sources["S"].schema)


def test_values_and_keys_are_inferred(driver: TestDriver) -> None:
    register(driver, value_subject("t"), ROW)
    register(driver, key_subject("t"), "long")
    text = "CREATE STREAM s WITH (KAFKA_TOPIC='t', FORMAT='AVRO', PARTITIONS=1);"
    assert columns(driver, text) == "ROWKEY BIGINT KEY, A INTEGER, B STRING"


def test_the_side_that_is_written_stays(driver: TestDriver) -> None:
    register(driver, value_subject("t"), ROW)
    text = "CREATE STREAM s (k STRING KEY) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='AVRO');"
    assert columns(driver, text) == "K STRING KEY, A INTEGER, B STRING"


def test_a_bare_value_is_one_column(driver: TestDriver) -> None:
    register(driver, value_subject("t"), ROW)
    text = "CREATE STREAM s WITH (KAFKA_TOPIC='t', VALUE_FORMAT='AVRO', WRAP_SINGLE_VALUE=FALSE);"
    assert columns(driver, text) == "ROWVAL STRUCT<A INTEGER, B STRING>"


def test_a_schema_by_number_keeps_its_spelling(driver: TestDriver) -> None:
    number = register(driver, "elsewhere", ROW)
    text = f"CREATE STREAM s WITH (KAFKA_TOPIC='t', VALUE_FORMAT='AVRO', VALUE_SCHEMA_ID={number});"
    assert columns(driver, text) == "`a` INTEGER, `b` STRING"


def test_a_result_is_written_by_the_schema_asked_for(driver: TestDriver) -> None:
    number = register(driver, "elsewhere", ROW)
    driver.execute("CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');")
    text = f"CREATE STREAM o WITH (VALUE_FORMAT='AVRO', VALUE_SCHEMA_ID={number}) AS SELECT"
    driver.execute(f"{text} a FROM s;")
    driver.execute("INSERT INTO s VALUES (7);")
    (message,) = driver.read("O")
    assert message.value() == b"\0\0\0\0\1\x0e\0"
    with pytest.raises(BindError, match='no field for column "C"'):
        driver.execute(f"{text.replace(' o ', ' p ')} a AS c FROM s;")


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ("VALUE_FORMAT='AVRO'", 'no schema of subject "t-value"'),
        ("VALUE_FORMAT='AVRO', VALUE_SCHEMA_ID=9", "no schema 9"),
    ],
)
def test_what_the_registry_does_not_know(driver: TestDriver, properties: str, message: str) -> None:
    with pytest.raises(BindError, match=message) as caught:
        driver.execute(f"CREATE STREAM s WITH (KAFKA_TOPIC='t', {properties});")
    assert caught.value.hint == "Write the value columns, or register a schema that has them."


def test_a_key_is_found_whatever_its_schema_is() -> None:
    with Engine(SimulatedBroker()) as engine:
        engine.execute(
            "CREATE SOURCE TABLE t (id BIGINT PRIMARY KEY, n INT) "
            "WITH (KAFKA_TOPIC='t', KEY_FORMAT='AVRO', VALUE_FORMAT='JSON', PARTITIONS=3);"
        )
        other = WriterSchema(SchemaType.AVRO, '{"type":"long","doc":"of another program"}')
        number = engine.broker.registry.register(key_subject("t"), other)
        key = struct.pack(">bI", 0, number) + b"\x14"
        engine.broker.append("t", [(key, b'{"N": 1}', 0, ())])
        found = engine.execute("SELECT n FROM t WHERE id = 10;")
        assert [row["n"] for row in found] == [1]


def test_equal_keys_meet_whatever_their_schemas_are_called(driver: TestDriver) -> None:
    for name, column in (("l", "n"), ("r", "m")):
        driver.execute(
            f"CREATE TABLE {name} (id BIGINT PRIMARY KEY, {column} INT) "
            f"WITH (KAFKA_TOPIC='{name}', PARTITIONS=3, FORMAT='AVRO');"
        )
    driver.execute("CREATE TABLE o AS SELECT l.id, n, m FROM l JOIN r ON l.id = r.id;")
    for key in range(10):
        driver.execute(f"INSERT INTO l VALUES ({key}, 1); INSERT INTO r VALUES ({key}, 2);")
    assert len(list(driver.read("O"))) == 10
