"""Seeded simulation: an application on the simulated broker while its workers suffer.

Everything happens on one thread in virtual time, so a seed names one run. After a number of rounds
nothing bad happens any more; then the application must come to its end, and what it has committed
is compared with a run in which nothing happened.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from streamsql.broker.ports import TopicConfig, TopicPartition
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.broker.simulated.cluster import Timeouts
from streamsql.broker.simulated.faults import FetcherRestarted, Killed, Timing
from streamsql.broker.simulated.mishaps import compact, kill, stop
from streamsql.errors import TransactionAborted
from streamsql.runtime.completion import Completion
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.failpoints import STEPS, react
from streamsql.runtime.layout import lay_out, state_topics
from streamsql.runtime.worker import Worker
from tests.runtime.scenarios import APPLICATION, Scenario

TROUBLED_ROUNDS = 150
MOST_ROUNDS = 5_000
OPERATIONS = ("poll", "committed", "send", "flush", "commit", "commit.decide", "abort", "read")
ABORTABLE = ("send", "flush", "commit", "commit", "committed")

Value = tuple[bytes | None, int]


@dataclass(frozen=True, slots=True)
class Setting:
    """How an application is run.

    Attributes:
        state: Where local state lies; ``None``: in memory.
        one_host: Whether all workers share one state directory; else each has its own.
        faults: Whether bad things happen.
    """

    partitions: int = 1
    workers: int = 1
    keeps_state: bool = False
    cache_bytes: int = 0
    records: int = 120
    state: Path | None = None
    one_host: bool = False
    faults: bool = True


@dataclass
class Outcome:
    """What a run has left behind.

    Attributes:
        output: ``(value, timestamp)`` of the committed records, by topic and key.
        order: Keys of the committed records, by topic and partition.
        state: Entries of the stores, by store and partition.
        happened: The faults, for a person to read.
    """

    output: dict[tuple[str, bytes | None], list[Value]] = field(default_factory=dict)
    order: dict[TopicPartition, list[tuple[bytes | None, bytes | None]]] = field(
        default_factory=dict
    )
    state: dict[tuple[str, int], list[Any]] = field(default_factory=dict)
    happened: list[str] = field(default_factory=list)

    def last(self) -> dict[tuple[str, bytes | None], Value]:
        """Return the last record of each key, without deletions."""
        last = {key: values[-1] for key, values in self.output.items()}
        return {key: value for key, value in last.items() if value[0] is not None}


class Host:
    """A place where a worker runs, again and again under the same name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.worker: Worker | None = None
        self.absent_rounds = 0
        """Rounds until it starts, or wakes up; negative: it stays away."""


class Simulation:
    """One run of a scenario."""

    def __init__(self, scenario: Scenario, setting: Setting, seed: int) -> None:
        self._setting = setting
        self._choose = random.Random(seed)
        self._broker = SimulatedBroker(
            keeps_state=setting.keeps_state, seed=seed, timeouts=Timeouts(600, 1000)
        )
        feed = random.Random(1)
        self._broker.create([TopicConfig(t, setting.partitions) for t in scenario.topics])
        self._waiting = [
            (topic, record)
            for topic in scenario.topics
            for record in scenario.records(topic, feed, setting.records)
        ]
        if len(scenario.topics) > 1:
            # What several inputs make depends on what is there when one of them is at its end.
            self._feed(len(self._waiting))
        topology = scenario.topology(setting.partitions)
        self._layout = lay_out(
            APPLICATION, topology, self._broker.topics(), state_topics(self._broker)
        )
        self._broker.create(self._layout.create)
        self._sinks = scenario.sinks
        self._hosts = [Host(f"h{number}") for number in range(setting.workers)]
        self._outcome = Outcome()

    def run(self) -> Outcome:
        """Run to the end, and return what is there then."""
        try:
            for _ in range(MOST_ROUNDS):
                troubled = self._setting.faults and self._rounds < TROUBLED_ROUNDS
                if self._rounds == TROUBLED_ROUNDS:
                    self._heal()
                self._rounds += 1
                if troubled:
                    self._trouble()
                self._feed(self._choose.randrange(4))
                self._round()
                if not troubled and self._rounds % 5 == 0 and self._is_done():
                    break
            else:
                raise AssertionError("stuck")
        finally:
            react(None)
        self._collect()
        return self._outcome

    _rounds = 0

    def _feed(self, count: int) -> None:
        fed, self._waiting = self._waiting[:count], self._waiting[count:]
        for topic, record in fed:
            self._broker.append(topic, [record])

    def _is_done(self) -> bool:
        return not self._waiting and Completion(self._broker, self._layout).done()

    def _round(self) -> None:
        """Let every host that can do something, and time pass."""
        for host in self._choose.sample(self._hosts, len(self._hosts)):
            if host.absent_rounds:
                host.absent_rounds -= 1
            elif host.worker is None:
                self._start(host)
            else:
                self._guarded(host, partial(host.worker.step, 0))
        self._broker.clock.advance(self._choose.randrange(15))

    def _start(self, host: Host) -> None:
        state = self._setting.state
        shared = self._setting.one_host and host.name != "fresh"
        config = RuntimeConfig(
            APPLICATION,
            commit_interval_ms=30,
            cache_bytes=self._setting.cache_bytes,
            state_directory=None if state is None else state / ("all" if shared else host.name),
            poll_records=self._choose.choice((1, 2, 20)),
        )
        worker = host.worker = Worker(
            self._layout, self._broker, config, host.name, self._broker.clock
        )
        self._guarded(host, worker.start)

    def _guarded(self, host: Host, call: Callable[[], object]) -> None:
        try:
            call()
        except Killed:
            self._bury(host)

    def _bury(self, host: Host) -> None:
        """Let the host's process be gone: the system closes its files, nothing else."""
        worker, host.worker = host.worker, None
        assert worker is not None
        kill(self._broker, host.name, f"{APPLICATION}-{host.name}")
        worker.abandon()
        if host.absent_rounds == 0:
            host.absent_rounds = self._choose.choice((1, 3, 10, 60))
        self._note(f"{host.name} is dead for {host.absent_rounds}")

    # -- faults ----------------------------------------------------------------------------------

    def _trouble(self) -> None:
        if self._choose.random() < 0.7:
            return
        host = self._choose.choice(self._hosts)
        self._choose.choice(
            (
                self._plan_kill,
                self._plan_kill,
                self._plan_crash_in_commit,
                self._plan_abort,
                self._plan_abort,
                self._plan_restart,
                self._fence,
                self._stop,
                self._leave,
                self._wipe,
                self._join,
                self._compact,
            )
        )(host)

    def _plan_kill(self, _host: Host) -> None:
        operation = self._choose.choice(OPERATIONS)
        call = self._choose.randrange(1, 4 if operation.startswith("commit") else 30)
        late = operation != "commit.decide" and self._choose.random() < 0.5
        timing = Timing.AFTER if late else Timing.BEFORE
        self._note(f"kill planned {timing.value} {operation} {call}")
        self._broker.faults.at(operation, call, _die, timing)

    def _plan_crash_in_commit(self, _host: Host) -> None:
        step, left = self._choose.choice(STEPS), self._choose.randrange(1, 3)
        self._note(f"crash planned at {step} {left}")

        def reaction(reached: str) -> None:
            nonlocal left
            left -= reached == step
            if left == 0 and reached == step:
                raise Killed(step)

        react(reaction)

    def _plan_abort(self, _host: Host) -> None:
        operation, call = self._choose.choice(ABORTABLE), self._choose.randrange(1, 4)
        applied = operation == "commit" and self._choose.random() < 0.5
        self._note(f"abort planned at {operation} {call}, applied: {applied}")
        self._broker.faults.fail(operation, call, TransactionAborted("planned"), applied=applied)

    def _plan_restart(self, _host: Host) -> None:
        block = self._choose.randrange(1, 6)
        self._note(f"a fetcher begins again in block {block}")
        self._broker.faults.fail("block", block, FetcherRestarted())

    def _fence(self, host: Host) -> None:
        if host.worker is not None:
            self._note(f"{host.name} is fenced")
            faults, self._broker.faults.armed = self._broker.faults.armed, False
            self._broker.producer(f"{APPLICATION}-{host.name}")
            self._broker.faults.armed = faults

    def _stop(self, host: Host) -> None:
        if host.worker is not None and not host.absent_rounds:
            host.absent_rounds = self._choose.choice((2, 20, 100, 200))
            self._note(f"{host.name} halts for {host.absent_rounds}")
            stop(self._broker, host.name, f"{APPLICATION}-{host.name}")

    def _leave(self, host: Host) -> None:
        worker = host.worker
        if worker is not None and not host.absent_rounds:
            self._note(f"{host.name} leaves")
            self._guarded(host, worker.close)
            host.worker = None
            host.absent_rounds = self._choose.choice((1, 30))

    def _join(self, _host: Host) -> None:
        if len(self._hosts) < self._setting.workers + 2:
            self._hosts.append(Host(f"h{len(self._hosts)}"))
            self._note(f"{self._hosts[-1].name} joins")

    def _wipe(self, host: Host) -> None:
        if host.worker is None and self._setting.state is not None and not self._setting.one_host:
            self._note(f"{host.name} is wiped")
            for file in sorted((self._setting.state / host.name).rglob("*"), reverse=True):
                file.rmdir() if file.is_dir() else file.unlink()

    def _compact(self, _host: Host) -> None:
        if self._setting.state is not None:
            return  # tombstones go at once here, on Kafka a day later: old local state needs them
        for name, config in self._broker.topics().items():
            if config.compacted and name.endswith("-changelog"):
                compact(self._broker, name)

    def _heal(self) -> None:
        """From now on all is well, and everybody comes back."""
        self._note("all is well")
        react(None)
        self._broker.faults.clear()
        for host in self._hosts:
            host.absent_rounds = min(host.absent_rounds, 3)

    def _note(self, text: str) -> None:
        self._outcome.happened.append(f"{self._rounds} ({self._broker.clock()} ms): {text}")

    # -- the end ---------------------------------------------------------------------------------

    def _collect(self) -> None:
        for host in self._hosts:
            if host.worker is not None:
                host.worker.close()
                host.worker = None
        outcome = self._outcome
        for topic in self._sinks:
            count = self._broker.topics()[topic].partitions
            for number in range(count):
                for message in self._read(TopicPartition(topic, number)):
                    key = message.key()
                    value = (message.value(), message.timestamp()[1])
                    outcome.output.setdefault((topic, key), []).append(value)
                    outcome.order.setdefault(TopicPartition(topic, number), []).append(
                        (key, message.value())
                    )
        outcome.state = self._state(Host("h0"))
        if not self._setting.keeps_state:
            restored = self._state(Host("fresh"))
            different = [s for s in restored if restored[s] != outcome.state[s]]
            assert not different, f"changelogs and storages differ: {different}"

    def _read(self, partition: TopicPartition) -> list[Any]:
        reader = self._broker.reader()
        reader.assign({partition: 0})
        messages: list[Any] = []
        while found := reader.poll(1000, 0).messages:
            messages += found[partition]
        return messages

    def _state(self, host: Host) -> dict[tuple[str, int], list[Any]]:
        """Return what a worker on the host finds in the stores."""
        self._start(host)
        worker = host.worker
        assert worker is not None
        for _ in range(50):
            worker.step(0)
            if worker.is_open and len(worker.tasks) == sum(self._layout.partitions.values()):
                break
            self._broker.clock.advance(100)
        found = {}
        for task in worker.tasks:
            for name, store in task.stores.items():
                entries = store.scan() if hasattr(store, "scan") else store.all()  # type: ignore[attr-defined]
                found[name, task.id.partition] = [
                    tuple(tuple(x) if isinstance(x, list) else x for x in entry)
                    for entry in entries
                ]
        worker.close()
        return found


def _die() -> None:
    raise Killed("planned")
