"""The clients of an embedded broker: consumers, readers, producers.

They may live on several threads of the one process: whatever changes the broker happens under its
lock, and who waits for records waits on its condition.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from streamsql.broker.embedded.batches import Sent
from streamsql.broker.embedded.database import partition_suffix, state_prefix
from streamsql.broker.embedded.logs import LogWrite, wall_clock_ms
from streamsql.broker.embedded.view import WritableView, encode_committed, group_prefix
from streamsql.broker.errors import group_in_use
from streamsql.broker.groups import Group, Member
from streamsql.broker.partitioner import Partitioner
from streamsql.broker.ports import (
    Assignment,
    Committed,
    Consumer,
    Polled,
    Send,
    StateChanges,
    TopicPartition,
)
from streamsql.broker.positions import Following, Positions
from streamsql.broker.transactions import TransactionEvent, TransactionLife
from streamsql.errors import TransactionAborted
from streamsql.types.record import Header


class EmbeddedCore:
    """What the clients of one embedded broker share.

    Attributes:
        publish: Writes and shows a :class:`LogWrite`, with the partitions it appended to.
        look: Takes in what other processes have left, when it is time to look again.
    """

    def __init__(
        self,
        view: WritableView,
        publish: Callable[[LogWrite, Sequence[TopicPartition]], None],
        look: Callable[[], None],
        look_seconds: float,
    ) -> None:
        self.view = view
        self.publish = publish
        self.look = look
        self._look_seconds = look_seconds
        self.changed = threading.Condition(threading.RLock())
        self.producers: dict[str, EmbeddedProducer] = {}
        self._groups: dict[str, Group] = {}

    def group(self, name: str) -> Group:
        """Return the group; its members are threads of this process, none dies alone."""
        if name not in self._groups:
            self._groups[name] = Group(name, self.view.partitions, wall_clock_ms, 60_000)
        return self._groups[name]

    def forget_group(self, name: str) -> None:
        """Forget who was in the group; EngineError while somebody is."""
        group = self._groups.get(name)
        if group is not None and group.members:
            raise group_in_use(name, group.members)
        self._groups.pop(name, None)

    def poll(self, step: Callable[[], Polled], timeout_ms: int) -> Polled:
        """Take steps until one brings something or the time is up."""
        deadline = time.monotonic() + timeout_ms / 1000
        with self.changed:
            while True:
                self.look()
                polled = step()
                left = deadline - time.monotonic()
                if polled.messages or polled.ends or left <= 0:
                    return polled
                self.changed.wait(min(left, self._look_seconds))


class EmbeddedConsumer:
    """A member of a group within this process."""

    def __init__(self, core: EmbeddedCore, group: str, name: str) -> None:
        self._core = core
        self._name = name
        self._positions = Positions(core.view)
        self._closed = False
        self.group = group
        self.member: Member | None = None

    def subscribe(self, topics: Sequence[str], assignment: Assignment) -> None:
        """Join the group; the partitions come with a later poll."""
        assert self.member is None, "a consumer subscribes once"
        with self._core.changed:
            group = self._core.group(self.group)
            self.member = Member(group, self._name, topics, Following(self._positions, assignment))
            group.add(self.member)

    def poll(self, max_records: int, timeout_ms: int) -> Polled:
        """Return some records."""

        def step() -> Polled:
            if self.member is not None:
                self.member.step()
            return self._positions.poll(max_records)

        return self._core.poll(step, timeout_ms)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read on from the offset, and resume the partition."""
        self._positions.seek(partition, offset)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Return nothing of the partitions."""
        self._positions.pause(partitions)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Go on returning records of the partitions."""
        self._positions.resume(partitions)

    def committed(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, Committed]:
        """Return the group's committed positions, counting what other processes have left."""
        with self._core.changed:
            self._core.look()
        offsets = self._core.view.group_offsets(self.group)
        return {p: offsets[p] for p in partitions if p in offsets}

    def check(self) -> None:
        """Raise TransactionAborted unless the consumer may commit now."""
        if self._closed:
            raise TransactionAborted(f'the consumer has left group "{self.group}"')
        if self.member is not None:
            self.member.check()
        elif self._core.group(self.group).members:
            raise TransactionAborted(f'the consumer is not a member of group "{self.group}"')

    def close(self) -> None:
        """Leave the group, after giving up the partitions."""
        with self._core.changed:
            self._closed = True
            if self.member is not None:
                self.member.leave()
                self.member = None

    def leave(self) -> None:
        """Do what :meth:`close` does: members are of this process and keep no places."""
        self.close()


class LogReader:
    """A reader of the logs of one view."""

    def __init__(self, core: EmbeddedCore) -> None:
        self._core = core
        self._positions = Positions(core.view)

    def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        """Read these partitions from these offsets."""
        self._positions.replace(positions)

    def poll(self, max_records: int, timeout_ms: int) -> Polled:
        """Return some records.

        What is there goes before a look at what other processes have done: whoever reads up to an
        end reads the logs as they were when it was told the end.
        """
        with self._core.changed:
            there = self._positions.poll(max_records)
        if there.messages:
            return there
        wait_ms = 0 if there.ends else timeout_ms
        came = self._core.poll(lambda: self._positions.poll(max_records), wait_ms)
        ends = {p: end for p, end in there.ends.items() if p not in came.messages}
        return Polled(came.messages, {**ends, **came.ends})

    def close(self) -> None:
        """Stop reading."""
        self._positions.replace({})


class EmbeddedProducer:
    """Keeps records in memory until the commit, which writes everything at once.

    It has no offsets before the commit, hence :meth:`ends` is always empty: a broker that keeps the
    state has no changelogs to check.
    """

    def __init__(self, core: EmbeddedCore, identity: str) -> None:
        self._core = core
        self._identity = identity
        self._sent: dict[TopicPartition, list[Sent]] = {}
        self._headers: dict[TopicPartition, dict[int, Sequence[Header]]] = {}
        self._kept: list[StateChanges] = []
        self._life = TransactionLife(identity)

    def fence(self) -> None:
        """Let nothing of this producer count any more."""
        self._life.move(TransactionEvent.FENCE)
        self._clear()

    def wait_fenced(self) -> None:
        """Return at once: an older producer was fenced when this one was made."""

    def sender(self, topic: str, window_bytes: int = 0) -> Send:
        """Return a function that appends to the topic, partitioned by the key (murmur2)."""
        partitions = self._core.view.partitions(topic)
        lists = [self._list(TopicPartition(topic, number)) for number in range(partitions)]
        choose = Partitioner(partitions, window_bytes=window_bytes)
        append_only = lists[0].append

        def send(
            key: bytes | None,
            value: bytes | None,
            timestamp_ms: int,
            headers: Sequence[Header] | None = None,
        ) -> None:
            number = choose(key)
            if headers is not None:
                self._note_headers(TopicPartition(topic, number), headers)
            lists[number].append((key, value, timestamp_ms))

        def send_to_only(
            key: bytes | None,
            value: bytes | None,
            timestamp_ms: int,
            headers: Sequence[Header] | None = None,
        ) -> None:
            if headers is not None:
                self._note_headers(TopicPartition(topic, 0), headers)
            append_only((key, value, timestamp_ms))

        return send_to_only if partitions == 1 else send

    def send_to(
        self, target: TopicPartition, key: bytes | None, value: bytes | None, timestamp_ms: int
    ) -> None:
        """Append to one partition."""
        self._core.view.bounds_of(target)
        self._list(target).append((key, value, timestamp_ms))

    def keep(self, changes: StateChanges) -> None:
        """Take the changes along with the next commit."""
        self._kept.append(changes)

    def flush(self) -> None:
        """Raise unless the transaction can still be committed."""
        self._life.check(TransactionEvent.COMMIT)

    def ends(self) -> Mapping[TopicPartition, int]:
        """Return nothing."""
        return {}

    def commit(
        self, offsets: Mapping[TopicPartition, Committed], consumer: Consumer | None
    ) -> None:
        """Write records, offsets and state in one step."""
        with self._core.changed:
            self._life.check(TransactionEvent.COMMIT)
            try:
                self._write(offsets, consumer)
            except BaseException:
                self._life.move(TransactionEvent.DOOM)
                raise
            self._clear()
            self._life.move(TransactionEvent.COMMIT)

    def abort(self) -> None:
        """Forget everything since the last commit."""
        self._life.move(TransactionEvent.ABORTED)
        self._clear()

    def close(self) -> None:
        """Forget everything since the last commit, and be of no more use."""
        self.fence()
        with self._core.changed:
            if self._core.producers.get(self._identity) is self:
                del self._core.producers[self._identity]

    def _write(
        self, offsets: Mapping[TopicPartition, Committed], consumer: Consumer | None
    ) -> None:
        write = LogWrite(self._core.view, wall_clock_ms())
        appended = [target for target, records in self._sent.items() if records]
        for target in appended:
            records, some = self._sent[target], self._headers.get(target)
            headers = [some.get(number, ()) for number in range(len(records))] if some else None
            write.append(target, records, headers)
        if offsets:
            self._add_offsets(write, offsets, consumer)
        for changes in self._kept:
            _add_state(write, changes)
        if appended or offsets or self._kept:
            self._core.publish(write, appended)

    def _list(self, target: TopicPartition) -> list[Sent]:
        return self._sent.setdefault(target, [])

    def _note_headers(self, target: TopicPartition, headers: Sequence[Header]) -> None:
        """Keep the headers of the record that is about to be appended; most have none."""
        self._headers.setdefault(target, {})[len(self._sent[target])] = headers

    def _clear(self) -> None:
        # In place: the senders hold the lists.
        for records in self._sent.values():
            records.clear()
        self._headers.clear()
        self._kept.clear()

    def _add_offsets(
        self,
        write: LogWrite,
        offsets: Mapping[TopicPartition, Committed],
        consumer: Consumer | None,
    ) -> None:
        assert isinstance(consumer, EmbeddedConsumer), "the consumer is of this broker"
        consumer.check()
        prefix = group_prefix(consumer.group)
        for partition, at in offsets.items():
            write.changes.put_meta(prefix + partition_suffix(partition), encode_committed(at))


def _add_state(write: LogWrite, changes: StateChanges) -> None:
    put = write.changes.put_state
    for store, changed in changes.changes.items():
        prefix = state_prefix(changes.task, store)
        for key, value in changed.items():
            put(prefix + key, value)
