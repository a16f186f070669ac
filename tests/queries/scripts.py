"""The scripts of this directory as cases, and one way to run a case: on the simulated broker.

A case's statements up to its assertions are one application; its outcome are the records of the
topics that its queries write. ``--@partitions: 1`` marks cases whose outcome depends on the order
of rows of different keys: they are not run on several partitions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from streamsql.broker.ports import TopicPartition
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.broker.simulated.mishaps import kill
from streamsql.catalog.catalog import Source
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.planning.context import PlannerContext, context_on
from streamsql.engine.planning.program import Role, compile_program
from streamsql.engine.statements.insert import insert_once
from streamsql.runtime.completion import Completion
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.worker import Worker
from streamsql.sql.dialect.parse import parse_script
from streamsql.types.record import SourceKind

HERE = Path(__file__).parent
APPLICATION = "case"
Record = tuple[bytes | None, bytes | None, int]
ROUNDS = 2_000
"""More than any case takes: a run that does not end by then never will."""


@dataclass(frozen=True)
class Case:
    """One test of a script: its statements, and the assertions at its end."""

    name: str
    statements: str
    assertions: str
    single: bool

    def __str__(self) -> str:
        return self.name

    def on_partitions(self, number: int) -> "Case":
        return replace(
            self, statements=self.statements.replace("PARTITIONS = 1)", f"PARTITIONS = {number})")
        )


@dataclass(frozen=True)
class Mode:
    """How a case is run.

    Attributes:
        keeps_state: As on the embedded broker.
        directory: Of RocksDB stores; ``None``: in memory.
    """

    workers: int = 1
    keeps_state: bool = False
    directory: Path | None = None
    cache_bytes: int = 0
    seed: int = 0


@dataclass
class Outcome:
    """The records of each sink, in the order of partitions and offsets: (key, value, time)."""

    records: Mapping[str, list[Record]]
    sources: Mapping[str, Source]
    context: PlannerContext

    def final(self) -> dict[str, Any]:
        """Return what must be the same however a case is run.

        Of a table its last row for each key; of a stream its records, in any order.
        """
        return {
            name: _rows(found) if source.kind is SourceKind.TABLE else sorted(found, key=repr)
            for name, source in self.sources.items()
            for found in (self.records[name],)
        }

    def tables(self) -> dict[str, Any]:
        """Return the last rows of each table."""
        final = self.final()
        return {n: final[n] for n, s in self.sources.items() if s.kind is SourceKind.TABLE}


def _rows(records: list[Record]) -> dict[bytes | None, Any]:
    last = {key: (value, timestamp) for key, value, timestamp in records}
    return {key: row for key, row in last.items() if row[0] is not None}


def cases() -> Iterator[Case]:
    """Yield the cases of all scripts, in order."""
    for path in sorted(HERE.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        name, single = "", False
        parts: dict[str, tuple[list[str], list[str], bool]] = {}
        for statement in parse_script(text):
            directives = {d.name: d.value for d in statement.directives}
            if "test" in directives:
                name = f"{path.stem}: {directives['test']}"
                single = directives.get("partitions") == "1"
                parts[name] = ([], [], single)
            asserts = statement.text.upper().startswith("ASSERT")
            statements, assertions, _ = parts[name]
            (assertions if asserts else statements).append(statement.text)
        for title, (statements, assertions, one) in parts.items():
            yield Case(title, ";\n".join(statements), ";\n".join(assertions), one)


class Run:
    """A case on its broker, with workers that can die and come back."""

    def __init__(self, case: Case, mode: Mode) -> None:
        self.mode = mode
        self.broker = SimulatedBroker(keeps_state=mode.keeps_state, seed=mode.seed)
        context = context_on(self.broker, EngineConfig())
        self.program = compile_program([case.statements], context, APPLICATION)
        assert self.program.application is not None
        assert self.program.application.layout is not None
        self.layout = self.program.application.layout
        self.broker.create(self.program.create)
        insert_once(self.program.of(Role.INSERT), self.broker, APPLICATION, lambda: 1_000_000)
        self.workers: list[Worker] = []

    @property
    def members(self) -> list[str]:
        return [f"worker-{number}" for number in range(self.mode.workers)]

    def start(self) -> None:
        """Start the workers, as new processes would."""
        config = RuntimeConfig(
            APPLICATION,
            commit_interval_ms=100,
            cache_bytes=self.mode.cache_bytes,
            state_directory=self.mode.directory,
            poll_records=2,
        )
        for name in self.members:
            worker = Worker(self.layout, self.broker, config, name, self.broker.clock)
            worker.start()
            self.workers.append(worker)

    def finish(self) -> None:
        """Work until everything is processed and committed, then end the workers."""
        completion = Completion(self.broker, self.layout)
        for _ in range(ROUNDS):
            done = sum(worker.step(0) for worker in self.workers)
            self.broker.clock.advance(60)
            if not done and completion.done():
                break
        else:
            raise AssertionError("the case does not come to its end")
        for worker in self.workers:
            worker.close()
        self.workers.clear()

    def kill(self) -> None:
        """Let the workers die as processes do: nothing is closed but what the system closes."""
        names = self.members
        kill(self.broker, *names, *(f"{APPLICATION}-{name}" for name in names))
        for worker in self.workers:
            worker.abandon()
        self.workers.clear()

    def outcome(self) -> Outcome:
        """Return the committed records of the sinks."""
        sources = {
            name: source
            for name, source in self.program.context.catalog.sources.items()
            if source.writers
        }
        records = {name: self._read(source) for name, source in sources.items()}
        return Outcome(records, sources, self.program.context)

    def _read(self, source: Source) -> list[Record]:
        partitions = self.broker.topics()[source.topic].partitions
        found = []
        for number in range(partitions):
            reader = self.broker.reader()
            reader.assign({TopicPartition(source.topic, number): 0})
            while messages := next(iter(reader.poll(1_000, 0).messages.values()), ()):
                found += [(m.key(), m.value(), m.timestamp()[1]) for m in messages]
        return found


def run(case: Case, mode: Mode) -> Outcome:
    """Run a case to its end without an accident."""
    running = Run(case, mode)
    running.start()
    running.finish()
    return running.outcome()
