"""The broker the tests use is a real one: transactions, murmur2, isolation."""

import uuid
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.kafka import KafkaUnavailable, create_topic, produce, read_committed, start_broker


def fresh(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


def test_records_are_read_back_in_order(kafka: str) -> None:
    topic = fresh("records")
    create_topic(kafka, topic, partitions=3)
    produce(kafka, topic, [(f"k{i}".encode(), f"v{i}".encode(), 1000 + i) for i in range(20)])

    records = read_committed(kafka, topic)

    assert sorted(record.timestamp_ms for record in records) == list(range(1000, 1020))
    assert [(r.partition, r.offset) for r in records] == sorted(
        (r.partition, r.offset) for r in records
    )
    assert len({record.partition for record in records}) > 1


def test_keys_go_where_java_sends_them(kafka: str) -> None:
    topic = fresh("partitions")
    create_topic(kafka, topic, partitions=4)
    produce(kafka, topic, [(b"foobar", b"1", 1), (b"21", b"2", 2)])

    # Java: toPositive(murmur2(key)) % 4; murmur2("foobar") = -790332482, murmur2("21") = -973932308
    found = {record.key: record.partition for record in read_committed(kafka, topic)}

    assert found == {b"foobar": (-790332482 & 0x7FFFFFFF) % 4, b"21": (-973932308 & 0x7FFFFFFF) % 4}


def test_an_aborted_transaction_is_not_read(kafka: str) -> None:
    topic = fresh("transactions")
    create_topic(kafka, topic)
    producer = Producer({"bootstrap.servers": kafka, "transactional.id": topic})
    producer.init_transactions(30)
    for value, commit in ((b"kept", True), (b"lost", False), (b"kept too", True)):
        producer.begin_transaction()
        producer.produce(topic, value=value)
        if commit:
            producer.commit_transaction(30)
        else:
            producer.flush(30)
            producer.abort_transaction(30)

    assert [record.value for record in read_committed(kafka, topic)] == [b"kept", b"kept too"]


def test_a_machine_without_java_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(KafkaUnavailable, match="Java is not installed"):
        start_broker(tmp_path / "broker")
