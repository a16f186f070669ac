"""The lives of an application: stopped, killed, failed, forgotten, and what comes out of it."""

import json

import pytest

from streamsql.broker.ports import TopicPartition
from streamsql.broker.read_to_end import read_to_end
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.engine.applications.application import Application
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.planning.context import context_on
from streamsql.engine.planning.program import compile_program
from streamsql.errors import EngineError

SQL = """
CREATE STREAM hits (k STRING KEY, v BIGINT)
    WITH (KAFKA_TOPIC = 'hits', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE TABLE sums AS SELECT k, SUM(v) AS total FROM hits GROUP BY k;
"""


@pytest.fixture(params=[False, True], ids=["changelogs", "broker-state"])
def broker(request: pytest.FixtureRequest) -> SimulatedBroker:
    return SimulatedBroker(keeps_state=request.param)


@pytest.fixture
def application(broker: SimulatedBroker) -> Application:
    program = compile_program([SQL], context_on(broker, EngineConfig()), "lives")
    broker.create(program.create)
    assert program.application is not None
    made = Application(program.application, broker, broker.clock)
    assert state(made) == "STOPPED"
    made.start()
    assert state(made) == "RUNNING"
    return made


def hit(broker: SimulatedBroker, value: int) -> None:
    broker.append("hits", [(b"a", b'{"V":%d}' % value, value, ())])


def work(application: Application, broker: SimulatedBroker) -> None:
    """Process and commit what is there."""
    for _ in range(20):
        application.step(0)
        broker.clock.advance(100)
    application.step(0)


def work_without_commit(application: Application, broker: SimulatedBroker, value: int) -> None:
    """Process a record; time stands still, so that no commit is due after the one before it."""
    hit(broker, 0)
    for _ in range(20):
        application.step(0)
    hit(broker, value)
    for _ in range(20):
        application.step(0)


def state(application: Application) -> str:
    return application.state.value


def totals(broker: SimulatedBroker) -> list[int]:
    """Return the committed values of the table's topic, in order."""
    messages = read_to_end(broker, [TopicPartition("SUMS", 0)])
    return [json.loads(message.value() or b"")["TOTAL"] for message in messages]


def test_stopped_it_goes_on(application: Application, broker: SimulatedBroker) -> None:
    hit(broker, 1)
    work(application, broker)
    work_without_commit(application, broker, 2)
    application.stop()
    assert state(application) == "STOPPED"
    assert totals(broker) == [1, 1, 3], "stopping commits"
    application.start()
    hit(broker, 4)
    work(application, broker)
    assert totals(broker) == [1, 1, 3, 7]
    assert application.is_done()


def test_abandoned_it_has_done_nothing_since_the_commit(
    application: Application, broker: SimulatedBroker
) -> None:
    hit(broker, 1)
    work(application, broker)
    work_without_commit(application, broker, 2)
    application.abandon()
    assert totals(broker) == [1, 1]
    broker.clock.advance(60_000)
    application.start()
    work(application, broker)
    assert totals(broker) == [1, 1, 3]


def test_failed_it_is_abandoned_and_comes_back(
    application: Application, broker: SimulatedBroker
) -> None:
    hit(broker, 1)
    work(application, broker)
    work_without_commit(application, broker, 2)
    broker.faults.fail("poll", 1, EngineError("the network is down"))
    assert application.step(0) == 0
    assert state(application) == "ERROR"
    assert totals(broker) == [1, 1]
    application.step(0)
    assert state(application) == "ERROR", "it waits"
    broker.clock.advance(60_000)
    work(application, broker)
    assert state(application) == "RUNNING"
    assert totals(broker) == [1, 1, 3]


def test_forgotten_it_begins_anew(application: Application, broker: SimulatedBroker) -> None:
    hit(broker, 1)
    work(application, broker)
    application.forget()
    assert state(application) == "STOPPED"
    assert "lives" not in broker.groups()
    application.start()
    work(application, broker)
    assert totals(broker) == [1, 1], "neither state nor offsets are left"
