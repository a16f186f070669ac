"""The three ways to run a script: statement by statement, as one text with ``-e``, as a file.

Each on a broker of its own, and each with the same input: *calm*, every record worked off before
the next one is written, or all at once.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from streamsql.broker.embedded.broker import EmbeddedBroker
from streamsql.broker.ports import Broker, TopicPartition
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.catalog.catalog import Catalog
from streamsql.engine.applications.stopped import QueriesStopped
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.engine import Engine
from streamsql.engine.planning.context import context_on
from streamsql.engine.planning.program import compile_program
from streamsql.engine.program_run import ProgramRun
from streamsql.errors import StatementError, StreamSQLError
from streamsql.shell.statements import results

Record = tuple[bytes | None, bytes | None, int]
CONFIG = EngineConfig({"statestore.cache.max.bytes": "0"})
PATIENCE_SECONDS = 60
NOW_MS = 1_000_000


@dataclass(frozen=True)
class Answer:
    """What came of a script.

    Attributes:
        refused: Why it was not carried out.
        topics: The committed records of the topics of the catalog, partition by partition.
    """

    refused: str | None
    topics: Mapping[str, Sequence[Record]]


@dataclass(frozen=True)
class Run:
    """What is to be run, and how."""

    statements: Sequence[str]
    inserts: Sequence[str]
    calm: bool

    def batches(self) -> list[Sequence[str]]:
        """Return the inserts that are written without a pause between them; at least one batch."""
        if self.calm and self.inserts:
            return [(insert,) for insert in self.inserts]
        return [self.inserts]


def library(run: Run) -> Answer:
    """Carry the statements out one by one."""
    broker = SimulatedBroker()
    with Engine(broker, CONFIG, clock_ms=broker.clock, wall_clock_ms=lambda: NOW_MS) as engine:
        try:
            for statement in run.statements:
                engine.execute(statement)
        except StreamSQLError as error:
            return _refused(error)
        for batch in run.batches():
            for insert in batch:
                engine.execute(insert)
            engine.drain(PATIENCE_SECONDS * 1000)
        return _answer(broker, engine.catalog)


def text(run: Run, directory: Path) -> Answer:
    """Carry the statements out as ``-e`` does, on the embedded broker."""
    first, *others = run.batches()
    with Engine(EmbeddedBroker(directory), CONFIG, wall_clock_ms=lambda: NOW_MS) as engine:
        try:
            for result in results(engine, "\n".join((*run.statements, *first))):
                result.close()
        except StreamSQLError as error:
            return _refused(error)
        engine.drain(PATIENCE_SECONDS * 1000)
        for batch in others:
            for result in results(engine, "\n".join(batch)):
                result.close()
            engine.drain(PATIENCE_SECONDS * 1000)
        return _answer(engine.broker, engine.catalog)


def file(run: Run, *, keeps_state: bool = False, bugs: int = 0) -> Answer:
    """Run the statements as a file until its end; calmly: again with each further record.

    Args:
        bugs: How often queries may fail: then the file is run once more.
    """
    broker = SimulatedBroker(keeps_state=keeps_state)
    written: list[str] = []
    catalog = Catalog()
    for batch in run.batches():
        written += batch
        content = "\n".join((*run.statements, *written))
        try:
            context = context_on(broker, CONFIG, until_end=True)
            program = compile_program([content], context, "file")
        except StreamSQLError as error:
            return _refused(error)
        while True:
            clock = broker.clock
            running = ProgramRun(broker, program, clock_ms=clock, wall_clock_ms=lambda: NOW_MS)
            try:
                _finish(running)
            except QueriesStopped:
                bugs -= 1
                assert bugs >= 0, "a query fails again and again"
            else:
                break
        catalog = program.context.catalog
    return _answer(broker, catalog)


def _finish(running: ProgramRun) -> None:
    """Run a file to its end, which must come."""
    late = threading.Timer(PATIENCE_SECONDS, running.interrupt)
    late.daemon = True
    late.start()
    try:
        with running:
            for result in running.run():
                result.close()
        assert late.is_alive(), "the file does not come to its end"
    finally:
        late.cancel()


def _refused(error: StreamSQLError) -> Answer:
    message = error.message if isinstance(error, StatementError) else str(error)
    return Answer(f"{type(error).__name__}: {message}", {})


def _answer(broker: Broker, catalog: Catalog) -> Answer:
    topics = {source.topic for source in catalog.sources.values()}
    return Answer(None, {topic: _records(broker, topic) for topic in topics})


def _records(broker: Broker, topic: str) -> list[Record]:
    found = []
    for number in range(broker.topics()[topic].partitions):
        partition = TopicPartition(topic, number)
        end = broker.ends([partition], committed=True)[partition]
        reader = broker.reader()
        reader.assign({partition: 0})
        at = 0
        while at < end:
            polled = reader.poll(1_000, 10)
            messages = polled.messages.get(partition, ())
            found += [(m.key(), m.value(), m.timestamp()[1]) for m in messages]
            at = polled.ends.get(partition, messages[-1].offset() + 1 if messages else at)
        reader.close()
    return found
