"""The schema registry that a broker keeps in a topic of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streamsql.broker.open import open_broker
from streamsql.broker.ports import Broker
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.broker.topic_registry import TopicRegistry
from streamsql.errors import EngineError
from streamsql.formats.registry import (
    NoRegistry,
    Reference,
    RegisteredSchema,
    SchemaNotFound,
    SchemaType,
    WriterSchema,
    key_subject,
    resolved,
    value_subject,
)

INT = WriterSchema(SchemaType.AVRO, '"int"')
LONG = WriterSchema(SchemaType.AVRO, '"long"')


@pytest.fixture(params=["simulated", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    broker = SimulatedBroker() if request.param == "simulated" else open_broker(tmp_path)
    yield broker
    broker.close()


def test_versions_and_numbers(broker: Broker) -> None:
    registry = broker.registry
    assert registry.latest("t-value") is None
    assert [registry.register("t-value", INT), registry.register("t-value", LONG)] == [1, 2]
    assert registry.register("t-value", INT) == 1
    assert registry.register("u-value", LONG) == 2

    assert registry.schema(2) == LONG
    assert registry.version("t-value", 1) == INT
    assert registry.latest("t-value") == RegisteredSchema(2, LONG)
    assert registry.latest("u-value") == RegisteredSchema(2, LONG)


def test_another_one_on_the_broker_sees_them(broker: Broker) -> None:
    other = TopicRegistry(broker)
    assert other.latest("t-value") is None
    broker.registry.register("t-value", INT)
    assert other.schema(1) == INT
    assert other.register("t-value", LONG) == 2
    assert broker.registry.latest("t-value") == RegisteredSchema(2, LONG)


def test_what_is_not_there(broker: Broker) -> None:
    with pytest.raises(SchemaNotFound, match="no schema 7"):
        broker.registry.schema(7)
    with pytest.raises(SchemaNotFound, match='subject "t-value" has no version 1'):
        broker.registry.version("t-value", 1)


def test_an_embedded_registry_outlives_its_process(tmp_path: Path) -> None:
    broker = open_broker(tmp_path)
    broker.registry.register("t-value", INT)
    broker.close()
    broker = open_broker(tmp_path)
    assert broker.registry.latest("t-value") == RegisteredSchema(1, INT)
    broker.close()


def test_references_are_resolved_with_what_others_need_first(broker: Broker) -> None:
    registry = broker.registry
    registry.register("a", INT)
    middle = WriterSchema(SchemaType.AVRO, "b", (Reference("A", "a", 1),))
    registry.register("b", middle)
    outer = WriterSchema(SchemaType.AVRO, "c", (Reference("B", "b", 1), Reference("A", "a", 1)))
    complete = resolved(registry, outer)
    assert list(complete.references.items()) == [("A", INT.text), ("B", "b")]


def test_without_a_registry_its_setting_is_named() -> None:
    registry = NoRegistry()
    for ask in (
        lambda: registry.schema(1),
        lambda: registry.version("s", 1),
        lambda: registry.latest(key_subject("t")),
        lambda: registry.register(value_subject("t"), INT),
    ):
        with pytest.raises(EngineError, match=r"ksql\.schema\.registry\.url"):
            ask()
