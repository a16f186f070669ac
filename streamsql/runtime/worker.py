"""The worker: one loop that polls, processes and commits the tasks its group gives it.

A failure is dispatched by its class: after TransactionAborted all tasks are dropped, after
TaskFenced the worker also joins anew with a new identity, after TaskCorrupted it also wipes the
state of the damaged tasks. All three end in the same place: tasks are *opened* (committed offsets,
restore, processors) as after an assignment. Anything else ends the worker.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack

from streamsql.broker.ports import Broker, Committed, Polled, TopicPartition
from streamsql.codegen.generate import GeneratedCode, generate
from streamsql.errors import (
    BrokerUnreachable,
    EngineError,
    TaskCorrupted,
    TaskError,
    TaskFenced,
    TransactionAborted,
)
from streamsql.formats.serdes import Serdes
from streamsql.runtime.assignment import Assignments
from streamsql.runtime.build import build
from streamsql.runtime.cache import CacheBudget
from streamsql.runtime.commit import commit
from streamsql.runtime.config import DEFAULT_CACHE_BYTES, RuntimeConfig
from streamsql.runtime.environment import Environment, OutputTarget
from streamsql.runtime.inputs import Inputs, TaskReading
from streamsql.runtime.keeping.choose import state_keeping
from streamsql.runtime.layout import Layout
from streamsql.runtime.metrics import Metrics
from streamsql.runtime.progress import TASK, PartitionNote, latest
from streamsql.runtime.task import Task, TaskId
from streamsql.runtime.throttle import Throttle
from streamsql.runtime.upstream import Upstream
from streamsql.runtime.watermarks import Watermarks
from streamsql.runtime.wiring import Wiring
from streamsql.topology.caching import cacheable
from streamsql.topology.naming import producer_identity
from streamsql.topology.topology import SubTopology, stores_of

log = logging.getLogger(__name__)

_BUFFERED_RECORDS = 10_000
_PURGE_INTERVAL_MS = 10_000
_LOOK_MS = 10


class Worker:
    """One member of an application: its consumer, its producer and its tasks."""

    def __init__(
        self,
        layout: Layout,
        broker: Broker,
        config: RuntimeConfig,
        member: str,
        clock_ms: Callable[[], float],
        outputs: Mapping[str, OutputTarget] | None = None,
    ) -> None:
        """Prepare a worker; nothing is joined before :meth:`start`.

        Args:
            member: The static identity of this worker in its group.
            clock_ms: Monotonic time, of which only differences matter.
            outputs: Targets of the topology's Output nodes.
        """
        self.metrics = Metrics()
        self._layout = layout
        self._broker = broker
        self._serdes = Serdes(broker.registry)
        self._config = config
        self._member = member
        self._clock_ms = clock_ms
        self._outputs = outputs or {}
        self._assignments = Assignments(layout, self._serdes)
        self._upstream = Upstream(layout)
        self._watermarks = Watermarks(
            broker, layout, self._upstream, clock_ms, config.commit_interval_ms
        )
        self._keeping = state_keeping(broker, config, clock_ms, self.metrics)
        self._cache = CacheBudget(config.cache_bytes or DEFAULT_CACHE_BYTES)
        self._codes: dict[int, GeneratedCode] = {}
        self._tasks: dict[TaskId, Task] = {}
        self._opening: dict[TaskId, Iterator[None]] = {}
        self._owned: set[TopicPartition] = set()
        self._readers: dict[TopicPartition, Task] = {}
        self._throttle = Throttle()
        self._last_commit_ms = clock_ms()
        self._last_purge_ms = clock_ms()

    @property
    def tasks(self) -> Sequence[Task]:
        """The running tasks, in order."""
        return [self._tasks[task] for task in sorted(self._tasks)]

    @property
    def is_open(self) -> bool:
        """Whether every task of the partitions at hand runs."""
        return not self._opening

    def start(self) -> None:
        """Join the group."""
        group = self._layout.group
        self._producer = self._broker.producer(producer_identity(group, self._member))
        self._consumer = self._broker.consumer(group, self._member)
        topics = sorted({topic for topics in self._layout.inputs.values() for topic in topics})
        self._consumer.subscribe(topics, self)

    def step(self, timeout_ms: int) -> int:
        """Do a round of work, waiting up to the timeout for records; return how many were done."""
        try:
            return self._step(timeout_ms)
        except TransactionAborted as error:
            log.warning("transaction aborted, rewinding: %s", error)
            self._rewind()
        except TaskFenced as error:
            log.warning("fenced, joining again: %s", error)
            self._rejoin()
        except TaskCorrupted as error:
            log.warning("state cannot be used, rewinding: %s", error)
            self._rewind()
            self._keeping.wipe(error.task)
        return 0

    def commit(self) -> None:
        """Commit what was done since the last commit, if anything was."""
        tasks = [task for task in self.tasks if task.moved]
        self._last_commit_ms = self._clock_ms()
        if not tasks:
            return
        commit(tasks, self._producer, self._consumer, self._keeping)
        self._purge()

    def close(self) -> None:
        """Commit, give everything back and leave the group."""
        try:
            self.commit()
        except TaskError as error:
            log.warning("the last commit failed: %s", error)
        finally:
            self._drop((*self._tasks, *self._opening))
            self._leave()

    def abandon(self) -> None:
        """Leave without a commit, as when the process is killed: a batch may be half done."""
        self._drop((*self._tasks, *self._opening))
        self._owned.clear()
        self._leave()

    def leave(self) -> None:
        """Leave the group for good, without a commit: the application is to be forgotten."""
        self._drop((*self._tasks, *self._opening))
        with ExitStack() as left:
            left.callback(self.abandon)
            self._consumer.leave()

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Take over partitions: open the tasks that they complete."""
        self._owned.update(partitions)
        for task in self._assignments.complete(self._owned):
            if task not in self._tasks and task not in self._opening:
                self._opening[task] = self._open(task)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Commit and give partitions up."""
        try:
            self.commit()
        except TaskError as error:
            log.warning("the commit before giving partitions up failed: %s", error)
            self.lost(partitions)
        else:
            self._release(partitions)

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        """Drop partitions that somebody else has: everything uncommitted is void."""
        self._drop(tuple(self._tasks))
        self._release(partitions)
        self._producer.abort()

    def _release(self, partitions: Sequence[TopicPartition]) -> None:
        """Forget the partitions and their tasks; tasks that were dropped but stay ours reopen."""
        self._owned.difference_update(partitions)
        gone = self._assignments.touched(partitions)
        self._drop(gone)
        for task in gone:
            self._keeping.close(str(task))
        for task in self._assignments.complete(self._owned):
            if task not in self._tasks and task not in self._opening:
                self._opening[task] = self._open(task)

    def _drop(self, tasks: Sequence[TaskId]) -> None:
        """Throw tasks away with everything that is not committed."""
        for task in tasks:
            self._opening.pop(task, None)
            if self._tasks.pop(task, None) is not None:
                for partition in self._assignments.inputs(task):
                    self._readers.pop(partition, None)
                    self._throttle.forget(partition)

    def _step(self, timeout_ms: int) -> int:
        self._go_on_opening()
        polled = self._consumer.poll(self._config.poll_records, self._patience(timeout_ms))
        self._take(polled)
        self._watermarks.look(self._tasks)
        done = 0
        for task in self._tasks.values():
            done += task.process(_BUFFERED_RECORDS)
        self._throttle.regulate(self._consumer, self._readers, self._tasks.values())
        if self._commit_due() or (done and self._cache.wants_commit(self._tasks.values())):
            self.commit()
        return done

    def _take(self, polled: Polled) -> None:
        """Give the tasks what was polled.

        A fetcher may begin anew at the start of its partition, even within a block: librdkafka's
        has done so. What has come before must not come again.
        """
        again: dict[TopicPartition, int] = {}
        for partition, messages in polled.messages.items():
            task = self._readers.get(partition)
            if task is None:
                continue
            if task.inputs.goes_on_with(partition, messages):
                task.inputs.add(partition, messages)
            else:
                again[partition] = task.inputs.next_offset(partition)
        for partition, end in polled.ends.items():
            task = self._readers.get(partition)
            if task is not None and partition not in again:
                task.inputs.reached_end(partition, end)
        for partition, offset in again.items():
            log.warning("%s was read from elsewhere, sought %d again", partition, offset)
            self._consumer.seek(partition, offset)

    def _patience(self, timeout_ms: int) -> int:
        """Return how long to wait for records: not beyond the next commit, nor while tasks open."""
        if self._opening:
            return min(timeout_ms, 1)
        if self._watermarks.is_awaited:
            timeout_ms = min(timeout_ms, _LOOK_MS)
        if any(task.moved for task in self._tasks.values()):
            due = self._last_commit_ms + self._config.commit_interval_ms - self._clock_ms()
            return max(0, min(timeout_ms, int(due)))
        return timeout_ms

    def _commit_due(self) -> bool:
        uncommitted, moved = 0, False
        for task in self._tasks.values():
            moved = moved or task.moved
            uncommitted += task.uncommitted
        if not moved:
            return False
        if self._clock_ms() - self._last_commit_ms >= self._config.commit_interval_ms:
            return True
        return uncommitted >= self._config.max_uncommitted

    def _go_on_opening(self) -> None:
        """Advance each opening by a slice."""
        for task, opening in tuple(self._opening.items()):
            try:
                next(opening)
            except StopIteration:
                self._opening.pop(task, None)
            except BrokerUnreachable as error:
                log.warning("task %s is opened later: %s", task, error)
                self._opening[task] = self._open(task)
            except TaskCorrupted as error:
                log.warning("state of task %s is wiped and restored: %s", task, error)
                self._keeping.wipe(error.task)
                self._opening[task] = self._open(task)
            except BaseException:
                self._opening[task] = self._open(task)  # the failed one would seem to be done
                raise

    def _open(self, identity: TaskId) -> Iterator[None]:
        """Make the task ready: committed offsets first, then its state, then its processors."""
        inputs = self._assignments.inputs(identity)
        committed = self._consumer.committed(inputs)
        part = self._layout.parts[identity.part]
        nodes = [self._layout.topology.nodes[name] for name in part.nodes]
        stores = [spec.name for node in nodes for spec in stores_of(node)]
        storage = yield from self._keeping.open(identity, stores, begun=bool(committed))
        reading = self._inputs(identity, committed)
        wiring = Wiring(storage, latest(map(PartitionNote.of, committed.values())))
        environment = Environment(
            self._config,
            self._producer,
            self._serdes,
            self.metrics,
            self._outputs,
            self._upstream.timed_topics,
        )
        processors = build(self._code(part), environment, wiring)
        task = Task(
            identity,
            Inputs(reading, wiring.clock(TASK)),
            processors,
            wiring,
            self.metrics,
        )
        self._tasks[identity] = task
        for partition, offset in reading.positions.items():
            self._readers[partition] = task
            self._consumer.seek(partition, offset)

    def _code(self, part: SubTopology) -> GeneratedCode:
        """Return the code of the part, the same for all its tasks."""
        code = self._codes.get(part.index)
        if code is None:
            topology = self._layout.topology
            cached = cacheable(topology) if self._config.is_cached else frozenset()
            code = generate(topology, part, cached=cached)
            self._codes[part.index] = code
        return code

    def _inputs(
        self, identity: TaskId, committed: Mapping[TopicPartition, Committed]
    ) -> TaskReading:
        """Return where the task reads on, and whom it waits for."""
        timestamps = self._assignments.timestamps(identity)
        upstream, part = self._upstream, identity.part
        derived = frozenset(p for p in timestamps if upstream.writers(p.topic, part))
        taken = {p: PartitionNote.of(committed[p]).taken for p in derived if p in committed}
        return TaskReading(
            self._assignments.positions(identity, committed, self._broker),
            timestamps,
            upstream.awaited(part, timestamps.keys()),
            derived,
            {p: taken.get(p) for p in derived if upstream.is_sorted(p.topic, part)},
        )

    def _rewind(self) -> None:
        """Go back to the last commit: every task is opened again."""
        try:
            self._producer.abort()
        except (TaskFenced, TransactionAborted) as error:
            log.warning("the abort failed, joining again: %s", error)
            self._rejoin()
            return
        self._consumer.pause(sorted(self._owned))
        self._drop((*self._tasks, *self._opening))
        for task in self._assignments.complete(self._owned):
            self._opening[task] = self._open(task)

    def _rejoin(self) -> None:
        """Leave with all handles and join again with new ones."""
        self.abandon()
        self.start()

    def _leave(self) -> None:
        """Let go of all handles, whatever some of them may say."""
        with ExitStack() as left:
            left.callback(self._producer.close)
            left.callback(self._consumer.close)
            left.callback(self._keeping.close_all)

    def _purge(self) -> None:
        """Delete what is behind the commit from repartition topics, now and then."""
        if not self._layout.internal or (
            self._clock_ms() - self._last_purge_ms < _PURGE_INTERVAL_MS
        ):
            return
        self._last_purge_ms = self._clock_ms()
        before = {
            partition: offset
            for task in self._tasks.values()
            for partition, offset in task.inputs.last_commit.items()
            if partition.topic in self._layout.internal
        }
        if not before:
            return
        try:
            self._broker.purge(before)
        except EngineError as error:
            log.warning("old records are kept for now: %s", error)
