"""The load of the storms: what goes in, and what must come out."""

import json
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from streamsql.broker.partitioner import Partitioner
from streamsql.broker.ports import Broker, Message, TopicConfig, TopicPartition
from streamsql.types.record import Header

PARTITIONS = 4
WINDOW_MS = 1_000
RECORDS_PER_SECOND = 2_000
_KEYS = 40
_SILENCE_SECONDS = 0.35

SQL = f"""
CREATE STREAM events (k STRING KEY, seq BIGINT, v BIGINT)
    WITH (KAFKA_TOPIC='${{prefix}}events', VALUE_FORMAT='JSON', PARTITIONS={PARTITIONS});
CREATE STREAM kept WITH (KAFKA_TOPIC='${{prefix}}kept') AS
    SELECT k, seq FROM events WHERE seq % 10 <> 3;
CREATE TABLE totals WITH (KAFKA_TOPIC='${{prefix}}totals') AS
    SELECT k, COUNT(*) AS c, SUM(v) AS s, MAX(seq) AS m FROM events GROUP BY k;
CREATE TABLE windows WITH (KAFKA_TOPIC='${{prefix}}windows') AS
    SELECT k, COUNT(*) AS c, SUM(v) AS s FROM events
    WINDOW TUMBLING (SIZE {WINDOW_MS} MILLISECONDS) GROUP BY k;
"""

Record = tuple[bytes | None, bytes | None, int, Sequence[Header]]
Append = Callable[[str, list[Record]], object]


def pause(choose: random.Random) -> float:
    """Return for how many seconds a process may live: some do not get to their first commit."""
    return choose.uniform(0.4, 2.0)


def topics(prefix: str) -> list[TopicConfig]:
    """Return the input topic, to be created."""
    return [TopicConfig(f"{prefix}events", PARTITIONS)]


@dataclass
class Load:
    """Records made so far, and what they amount to."""

    prefix: str
    choose: random.Random
    begin_ms: int = field(default_factory=lambda: int(time.time() * 1000))
    """Event times are of today: Kafka deletes by them what is older than its retention."""
    sent: int = 0
    next_sequence: list[int] = field(default_factory=lambda: [0] * PARTITIONS)
    kept: list[list[int]] = field(default_factory=lambda: [[] for _ in range(PARTITIONS)])
    totals: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, -1]))
    windows: dict[tuple[str, int], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0])
    )

    def feed(self, append: Append, seconds: float, meanwhile: Callable[[], None]) -> None:
        """Append at a steady rate for some time; ``meanwhile`` is called between appends."""
        begin = time.monotonic()
        already = self.sent
        while (elapsed := time.monotonic() - begin) < seconds:
            due = int(elapsed * RECORDS_PER_SECOND) - (self.sent - already)
            if due >= RECORDS_PER_SECOND // 50:
                append(f"{self.prefix}events", self.make(due))
            meanwhile()

    def make(self, count: int) -> list[Record]:
        """Return new records: each partition counts them, by the key they carry."""
        partition_of = Partitioner(PARTITIONS)
        records: list[Record] = []
        for _ in range(count):
            key = f"key{self.choose.randrange(_KEYS)}"
            partition = partition_of(key.encode())
            sequence = self.next_sequence[partition]
            self.next_sequence[partition] += 1
            value = self.choose.randrange(1000)
            time_ms = self.begin_ms + self.sent // 2
            self._note(key, partition, (sequence, value, time_ms))
            body = json.dumps({"SEQ": sequence, "V": value}).encode()
            records.append((key.encode(), body, time_ms, ()))
            self.sent += 1
        return records

    def _note(self, key: str, partition: int, record: tuple[int, int, int]) -> None:
        sequence, value, time_ms = record
        if sequence % 10 != 3:
            self.kept[partition].append(sequence)
        total = self.totals[key]
        total[0] += 1
        total[1] += value
        total[2] = sequence
        window = self.windows[key, time_ms - time_ms % WINDOW_MS]
        window[0] += 1
        window[1] += value

    def check(self, broker: Broker) -> str:
        """Compare what is committed with what went in, and return the counts."""
        kept = _read(broker, f"{self.prefix}kept")
        for partition, messages in kept.items():
            found = [json.loads(m.value() or b"")["SEQ"] for m in messages]
            expected = self.kept[partition]
            twice = [number for number, times in Counter(found).items() if times > 1]
            lost = sorted(set(expected) - set(found))
            assert not twice, f"partition {partition}: doubled {twice[:5]}"
            assert not lost, f"partition {partition}: lost {len(lost)}: {lost[:5]}"
            assert found == expected, f"partition {partition}: out of order"
        self._check_totals(_read(broker, f"{self.prefix}totals"))
        self._check_windows(_read(broker, f"{self.prefix}windows"))
        count = sum(map(len, kept.values()))
        return f"{self.sent} records in, {count} kept, {len(self.windows)} windows: all exact"

    def _check_totals(self, written: dict[int, list[Message]]) -> None:
        last: dict[str, list[int]] = {}
        for messages in written.values():
            for message in messages:
                key = (message.key() or b"").decode()
                row = json.loads(message.value() or b"")
                new = [row["C"], row["S"], row["M"]]
                old = last.get(key, [0, 0, -1])
                assert new[0] > old[0], f"{key}: {new} after {old}"
                assert new[2] > old[2], f"{key}: {new} after {old}"
                last[key] = new
        assert last == self.totals

    def _check_windows(self, written: dict[int, list[Message]]) -> None:
        last: dict[tuple[str, int], list[int]] = {}
        for messages in written.values():
            for message in messages:
                raw = message.key() or b""
                key = (raw[:-8].decode(), int.from_bytes(raw[-8:], "big"))
                row = json.loads(message.value() or b"")
                new = [row["C"], row["S"]]
                assert new[0] > last.get(key, [0])[0], f"{key}: {new} after {last.get(key)}"
                last[key] = new
        assert last == self.windows


class Gaps:
    """How long the partitions of an output were silent, as a reader sees it."""

    def __init__(self, broker: Broker, topic: str) -> None:
        self._reader = broker.reader()
        self._reader.assign({TopicPartition(topic, n): 0 for n in range(PARTITIONS)})
        self._heard: dict[TopicPartition, float] = {}
        self.gaps: list[float] = []

    def look(self) -> None:
        """Read what is there."""
        polled = self._reader.poll(10_000, 5)
        now = time.monotonic()
        for partition in polled.messages:
            silence = now - self._heard.get(partition, now)
            if silence > _SILENCE_SECONDS:
                self.gaps.append(silence)
            self._heard[partition] = now

    def close(self) -> str:
        """Return how the gaps are distributed."""
        self._reader.close()
        if not self.gaps:
            return f"no gap over {_SILENCE_SECONDS} s"
        median, longest = statistics.median(self.gaps), max(self.gaps)
        return f"{len(self.gaps)} gaps, p50 {median:.2f} s, max {longest:.2f} s"


def _read(broker: Broker, topic: str) -> dict[int, list[Message]]:
    """Return the committed records of a topic by partition."""
    partitions = [TopicPartition(topic, n) for n in range(broker.topics()[topic].partitions)]
    ends = broker.ends(partitions, committed=True)
    reader = broker.reader()
    reader.assign(broker.starts(partitions))
    found: dict[int, list[Message]] = {p.partition: [] for p in partitions}
    left = {p for p in partitions if ends[p] > 0}
    deadline = time.monotonic() + 60
    while left:
        assert time.monotonic() < deadline, f"no end of {left}"
        polled = reader.poll(10_000, 100)
        for partition, messages in polled.messages.items():
            found[partition.partition] += messages
        left -= {p for p, end in polled.ends.items() if end >= ends[p]}
    reader.close()
    return found
