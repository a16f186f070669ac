"""A broker that does not answer for a while holds nothing up, and ends nothing."""

import threading
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from streamsql.broker.embedded.local import LocalBroker
from streamsql.broker.ports import Committed, TopicPartition
from streamsql.engine.configuration.address import find_broker
from streamsql.engine.program_run import open_program
from streamsql.errors import BrokerUnreachable

SQL = """
CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=2);
INSERT INTO s VALUES ('a', 1);
INSERT INTO s VALUES ('b', 2);
CREATE STREAM t AS SELECT * FROM s;
"""

Offsets = Mapping[TopicPartition, Committed]
answer = LocalBroker.group_offsets


def test_an_end_that_cannot_be_asked_for_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unanswered = [1, 2, 3]

    def asked(broker: LocalBroker, group: str, partitions: Collection[TopicPartition]) -> Offsets:
        if unanswered:
            unanswered.pop()
            raise BrokerUnreachable("cannot read offsets: Kafka does not answer")
        return answer(broker, group, partitions)

    monkeypatch.setattr(LocalBroker, "group_offsets", asked)
    counts: list[tuple[int, int]] = []
    address = find_broker(directory=tmp_path)
    with open_program([SQL], address, name="a", until_end=True) as program:
        assert list(program.run(on_progress=lambda *count: counts.append(count))) == []
    assert not unanswered
    assert counts[-1] == (2, 2)


def test_progress_waits_on_its_own_and_stops_when_all_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    asking: list[str] = []

    def asked(broker: LocalBroker, group: str, partitions: Collection[TopicPartition]) -> Offsets:
        asking.append(threading.current_thread().name)
        answers.wait()
        return answer(broker, group, partitions)

    monkeypatch.setattr(LocalBroker, "group_offsets", asked)
    counts: list[tuple[int, int]] = []
    address = find_broker(directory=tmp_path)
    with open_program([SQL + "SELECT * FROM t EMIT CHANGES;"], address, name="a") as program:

        def note(*count: int) -> None:
            counts.append((count[0], count[1]))
            program.interrupt()

        results = program.run(on_progress=note)
        rows = next(results)
        assert [row["V"] for _, row in zip(range(2), rows, strict=False)] == [1, 2]
        answers.set()
        assert list(results) == []
    assert counts == [(2, 2)]
    assert set(asking) == {"streamsql-progress"}
