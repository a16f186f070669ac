"""What the Kafka clients do when things go wrong."""

import threading
import time
import uuid
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException

from streamsql.broker.kafka.broker import KafkaBroker
from streamsql.broker.kafka.errors import map_error, mapped
from streamsql.broker.kafka.settings import KafkaSettings
from streamsql.broker.kafka.watchdog import Watchdog
from streamsql.broker.open import open_broker
from streamsql.broker.ports import TopicConfig, TopicPartition
from streamsql.broker.transactions import TransactionEvent
from streamsql.errors import (
    BrokerUnreachable,
    EngineError,
    StreamSQLError,
    TaskFenced,
    TransactionAborted,
)
from tests.broker.worker import CopyWorker, read_all


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (KafkaError(KafkaError._FENCED), TaskFenced),
        (KafkaError(KafkaError.FENCED_INSTANCE_ID), TaskFenced),
        (KafkaError(KafkaError._FATAL), TaskFenced),
        (KafkaError(KafkaError.UNKNOWN, "odd", txn_requires_abort=True), TransactionAborted),
        (KafkaError(KafkaError._TRANSPORT), BrokerUnreachable),
        (KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), EngineError),
        (KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART), EngineError),
        (KafkaError(KafkaError.MSG_SIZE_TOO_LARGE), EngineError),
        (KafkaError(KafkaError.INVALID_CONFIG), EngineError),
    ],
)
def test_every_error_has_a_class_and_one_line(
    error: KafkaError, expected: type[StreamSQLError]
) -> None:
    ours = map_error(error, "do it")
    assert type(ours) is expected
    assert str(ours).startswith("cannot do it: ")
    assert "\n" not in str(ours)
    with pytest.raises(expected) as caught, mapped("do it"):
        raise KafkaException(error)
    assert isinstance(caught.value.__cause__, KafkaException)


@pytest.mark.slow
def test_an_unreachable_cluster_is_found_out_at_the_start() -> None:
    began = time.monotonic()
    with pytest.raises(EngineError, match=r'cannot reach Kafka at "127.0.0.1:1"'):
        open_broker("127.0.0.1:1", connect_timeout_ms=1500)
    assert time.monotonic() - began < 8


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(EngineError, match=r'No such configuration property: "no.such"'):
        open_broker("127.0.0.1:1", client={"no.such": 1})


def test_the_watchdog_bites_what_does_not_return() -> None:
    bitten: list[str] = []
    bite = threading.Event()

    def note(doing: str) -> None:
        bitten.append(doing)
        bite.set()

    watchdog = Watchdog(margin_seconds=0.05, bite=note)
    with watchdog.guard("quick", 0.0):
        pass
    with watchdog.guard("patient", 60.0), watchdog.guard("stuck", 0.0):
        assert bite.wait(5)
    watchdog.close()
    assert set(bitten) == {"stuck"}


def fresh(broker: KafkaBroker, partitions: int, records: int) -> str:
    prefix = uuid.uuid4().hex[:8]
    broker.create([TopicConfig(f"{name}-{prefix}", partitions) for name in ("in", "out")])
    broker.append(f"in-{prefix}", [(b"k%d" % i, b"%d" % i, i + 1, ()) for i in range(records)])
    return prefix


def worker_of(broker: KafkaBroker, prefix: str, records: int) -> CopyWorker:
    worker = CopyWorker(broker, f"w-{prefix}", f"in-{prefix}", f"out-{prefix}", f"g-{prefix}")
    deadline = time.monotonic() + 30
    while worker.read < records:
        worker.poll(timeout_ms=100)
        assert time.monotonic() < deadline
    return worker


def values(broker: KafkaBroker, prefix: str) -> list[int]:
    found = read_all(broker, f"out-{prefix}", timeout_ms=100)
    return sorted(int(value or b"") for records in found.values() for _, value in records)


def test_a_successor_takes_the_other_slot_and_fences_the_first(kafka: str, tmp_path: Path) -> None:
    broker = KafkaBroker(KafkaSettings(kafka, state_directory=tmp_path))
    prefix = fresh(broker, 2, 20)
    old = worker_of(broker, prefix, 20)
    old.producer.flush()
    slots = {path.name: path.read_text() for path in tmp_path.iterdir()}
    new = worker_of(broker, prefix, 20)
    assert len(slots) == 1
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} != slots
    broker._slots[f"w-{prefix}"].wait_fenced()
    new.commit()
    with pytest.raises(TaskFenced):
        old.commit()
    with pytest.raises(TaskFenced):
        old.producer.abort()
    old.close()
    new.close()
    assert values(broker, prefix) == list(range(20))
    broker.close()


def test_a_client_that_is_spent_is_replaced_by_the_abort(kafka: str) -> None:
    broker = KafkaBroker(KafkaSettings(kafka))
    prefix = fresh(broker, 2, 20)
    worker = worker_of(broker, prefix, 20)
    worker.producer._life.move(TransactionEvent.LOSE)  # type: ignore[attr-defined]
    with pytest.raises(TransactionAborted):
        worker.commit()
    worker.rollback()
    while worker.read < 40:
        worker.poll(timeout_ms=100)
    worker.commit()
    worker.close()
    assert values(broker, prefix) == list(range(20))
    broker.close()


def test_a_transaction_that_times_out_is_given_up(kafka: str) -> None:
    broker = KafkaBroker(KafkaSettings(kafka, transaction_timeout_ms=1500))
    prefix = fresh(broker, 1, 5)
    worker = worker_of(broker, prefix, 5)
    worker.producer.flush()
    time.sleep(4)
    with pytest.raises((TaskFenced, TransactionAborted)):
        worker.commit()
    worker.close()
    again = worker_of(broker, prefix, 5)
    again.commit()
    again.close()
    assert values(broker, prefix) == list(range(5))
    broker.close()


def test_a_record_too_large_is_an_error_at_once(kafka: str) -> None:
    broker = KafkaBroker(KafkaSettings(kafka))
    prefix = fresh(broker, 1, 1)
    worker = worker_of(broker, prefix, 1)
    with pytest.raises(EngineError, match="the record is larger than Kafka takes"):
        worker.send(b"k", b"v" * 2_000_000, 1)
    worker.rollback()
    worker.close()
    broker.close()


def test_a_slow_input_does_not_wait_for_a_full_batch(kafka: str) -> None:
    broker = KafkaBroker(KafkaSettings(kafka))
    prefix = fresh(broker, 1, 0)
    partition = TopicPartition(f"in-{prefix}", 0)
    reader = broker.reader()
    reader.assign({partition: 0})
    while not reader.poll(500, 1000).ends:
        pass
    waits = []
    for number in range(5):
        timer = threading.Timer(
            0.2, broker.append, (partition.topic, [(b"k", b"%d" % number, 1, ())])
        )
        timer.start()
        while not reader.poll(500, 5000).messages:
            pass
        timer.join()
        began = time.monotonic()
        reader.poll(500, 100)
        waits.append(time.monotonic() - began)
    reader.close()
    broker.close()
    assert min(waits) < 0.5
