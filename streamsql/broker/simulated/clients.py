"""The consumers and readers of the simulated broker."""

from collections.abc import Iterable, Mapping, Sequence

from streamsql.broker.groups import Member
from streamsql.broker.ports import Assignment, Committed, Polled, TopicPartition
from streamsql.broker.positions import Following, Positions
from streamsql.broker.simulated.cluster import SimulatedCluster
from streamsql.broker.simulated.faults import FetcherRestarted, Killed
from streamsql.errors import TransactionAborted


class SimulatedConsumer:
    """A member of a group of the simulated broker."""

    def __init__(self, cluster: SimulatedCluster, group: str, name: str) -> None:
        self._cluster = cluster
        self.group = group
        self._positions = Positions(cluster)
        self.name = name
        self.dead = False
        self.member: Member | None = None

    def subscribe(self, topics: Sequence[str], assignment: Assignment) -> None:
        """Join the group; the partitions come with a later poll."""
        self._alive()
        assert self.member is None, "a consumer subscribes once"
        group = self._cluster.group(self.group)
        self.member = Member(group, self.name, topics, Following(self._positions, assignment))
        group.add(self.member)

    def poll(self, max_records: int, timeout_ms: int) -> Polled:  # noqa: ARG002 - time is virtual
        """Return what is there now."""
        self._alive()
        self._cluster.faults.before("poll")
        if self.member is not None:
            self.member.step()
        polled = self._positions.poll(max_records)
        if polled.messages:
            try:
                self._cluster.faults.before("block")
            except FetcherRestarted:
                polled = self._begin_again(polled, max_records)
        self._cluster.faults.after("poll")
        return polled

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read on from the offset, and resume the partition."""
        self._alive()
        self._positions.seek(partition, offset)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Return nothing of the partitions."""
        self._alive()
        self._positions.pause(partitions)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Go on returning records of the partitions."""
        self._alive()
        self._positions.resume(partitions)

    def committed(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, Committed]:
        """Return the committed positions; time passes until pending ones are decided."""
        self._alive()
        self._cluster.faults.before("committed")
        self._cluster.await_decided(self.group, partitions)
        offsets = self._cluster.offsets.get(self.group, {})
        self._cluster.faults.after("committed")
        return {p: offsets[p] for p in partitions if p in offsets}

    def close(self) -> None:
        """Leave the group, after giving up the partitions."""
        if not self.dead and self.member is not None:
            self.member.leave()
        self.dead = True

    def leave(self) -> None:
        """Do what :meth:`close` does: only the dead keep their places here."""
        self.close()

    def check(self) -> None:
        """Raise TransactionAborted unless the consumer may commit now."""
        if self.member is not None:
            self.member.check()
        elif self._cluster.group(self.group).members:
            raise TransactionAborted(f'the consumer is not a member of group "{self.group}"')

    def _begin_again(self, polled: Polled, max_records: int) -> Polled:
        """Let a partition be read from its start again, in the middle of its block."""
        partition, messages = next(iter(polled.messages.items()))
        start = self._cluster.log(partition).start
        again, position = self._cluster.read(partition, start, max_records)
        self._positions.seek(partition, position)
        return Polled({**polled.messages, partition: [*messages, *again]}, polled.ends)

    def _alive(self) -> None:
        if self.dead:
            raise Killed(self.name)


class SimulatedReader:
    """A reader of the simulated broker."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._faults = cluster.faults
        self._positions = Positions(cluster)

    def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        """Read these partitions from these offsets."""
        self._positions.replace(positions)

    def poll(self, max_records: int, timeout_ms: int) -> Polled:  # noqa: ARG002 - time is virtual
        """Return what is there now."""
        self._faults.before("read")
        polled = self._positions.poll(max_records)
        self._faults.after("read")
        return polled

    def close(self) -> None:
        """Stop reading."""
        self._positions.replace({})
