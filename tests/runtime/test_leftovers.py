"""What is left of an application that was forgotten: nothing, on every broker and on the host."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamsql.broker.open import open_broker
from streamsql.broker.ports import Broker, TopicConfig
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.runtime.completion import Completion
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.keeping.choose import state_keeping
from streamsql.runtime.layout import lay_out, state_topics
from streamsql.runtime.worker import Worker
from streamsql.topology.naming import task_state
from tests.runtime.scenarios import Scenario

DEADLINE_SECONDS = 60.0


@pytest.fixture(params=["simulated", "embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    match request.param:
        case "simulated":
            opened: Broker = SimulatedBroker()
        case "embedded":
            opened = open_broker(tmp_path / "embedded")
        case _:
            servers = request.getfixturevalue("kafka")
            options = {"session_timeout_ms": 2_000, "state_directory": tmp_path / "state"}
            opened = open_broker(servers, **options)
    yield opened
    opened.close()


class Left:
    """What there is on the broker and in the state directory of an application."""

    def __init__(self, broker: Broker, config: RuntimeConfig, table: str) -> None:
        assert config.state_directory is not None
        self.topics = {name for name in broker.topics() if config.application in name}
        self.groups = {group for group in broker.groups() if group == config.application}
        self.files = sorted(config.state_directory.rglob("*"))
        self.state: list[tuple[bytes, bytes]] = []
        if broker.keeper is not None:
            for number in (0, 1):
                state = broker.keeper.state(task_state(config.application, number))
                self.state += list(state.scan(f"{table}-aggregate"))


@pytest.mark.parametrize("dies", [False, True])
def test_nothing_is_left(broker: Broker, dies: bool, tmp_path: Path) -> None:
    unique = time.time_ns()
    application, source, sink = f"forgotten-{unique}", f"s{unique}", f"O{unique}"
    count = f"CREATE TABLE {sink} AS SELECT g, COUNT(*) AS c FROM {source} GROUP BY g;"
    config = RuntimeConfig(application, 10, 0, tmp_path / "state")
    (tmp_path / "state").mkdir()
    keeping = state_keeping(broker, config)
    broker.create([TopicConfig(source, 2)])
    broker.append(source, [(b"k", b'{"V":1,"G":"g"}', 1, ())])
    topology = Scenario(count, (sink,), (source,)).topology(2)
    layout = lay_out(application, topology, broker.topics(), state_topics(broker))
    broker.create(layout.create)
    clock = broker.clock if isinstance(broker, SimulatedBroker) else lambda: time.monotonic() * 1000
    worker = Worker(layout, broker, config, "m", clock)
    worker.start()
    completion = Completion(broker, layout)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not completion.done():
        assert time.monotonic() < deadline
        worker.step(50)
        if isinstance(broker, SimulatedBroker):
            broker.clock.advance(10)
    there = Left(broker, config, sink)
    assert there.groups
    assert bool(there.state) == (broker.keeper is not None)
    assert len(there.topics) == (1 if there.state else 2), "a repartition, and a changelog"
    assert bool(there.files) == (broker.keeper is None)

    if dies:
        worker.abandon()
    else:
        worker.leave()
    keeping.forget()
    left = Left(broker, config, sink)
    assert left.topics == left.groups == set()
    assert not left.files
    assert not left.state
    broker.delete([source, sink])
