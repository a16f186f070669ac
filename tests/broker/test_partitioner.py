"""Keys go where Java's client sends them."""

from collections import Counter

import pytest
from confluent_kafka import Producer
from hypothesis import given
from hypothesis import strategies as st

from streamsql.broker.partitioner import STICKY_RECORDS, Partitioner, murmur2, partition_of

# From UtilsTest.testMurmur2 of Kafka's Java client.
JAVA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("key", "expected"), JAVA.items())
def test_murmur2_equals_javas(key: bytes, expected: int) -> None:
    assert murmur2(key) == expected & 0xFFFFFFFF
    assert partition_of(key, 7) == (expected & 0x7FFFFFFF) % 7


@given(st.binary(max_size=40), st.integers(1, 100))
def test_a_key_has_one_partition(key: bytes, partitions: int) -> None:
    choose = Partitioner(partitions)
    assert choose(key) == choose(key) == partition_of(key, partitions) < partitions


def test_records_without_a_key_are_spread_in_runs_and_alike_for_a_seed() -> None:
    choose = Partitioner(4, seed=7)
    chosen = [choose(None) for _ in range(STICKY_RECORDS * 40)]

    assert len(Counter(chosen)) == 4
    assert len(set(chosen[:STICKY_RECORDS])) == 1
    again = Partitioner(4, seed=7)
    assert chosen == [again(None) for _ in chosen]


def test_librdkafka_agrees(kafka: str) -> None:
    from tests.kafka import create_topic

    create_topic(kafka, "murmur2-agreement", partitions=7)
    producer = Producer({"bootstrap.servers": kafka, "partitioner": "murmur2_random"})
    found: dict[bytes, int] = {}

    def delivered(error: object, message: object) -> None:
        assert error is None
        found[message.key()] = message.partition()  # type: ignore[attr-defined]

    keys = [bytes((i * 37 + j * 11) % 256 for j in range(i % 23)) for i in range(1, 300)]
    for key in filter(None, keys):
        producer.produce("murmur2-agreement", key=key, value=b"", on_delivery=delivered)
    producer.flush(30)

    assert found == {key: partition_of(key, 7) for key in keys if key}
