"""What waits in memory has a bound, whichever writer runs ahead."""

import json
from functools import partial

import pytest

from streamsql.broker.partitioner import partition_of
from streamsql.broker.ports import TopicConfig, TopicPartition
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.catalog.catalog import Catalog
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.planning.program import compile_program
from streamsql.expr.builtins import builtins
from streamsql.runtime import worker as module
from streamsql.runtime.completion import Completion
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.layout import lay_out, state_topics
from streamsql.runtime.throttle import Throttle
from streamsql.runtime.worker import Worker

_SQL = """
CREATE STREAM a (k STRING KEY, g STRING) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=2);
CREATE TABLE o AS SELECT g, COUNT(*) AS c FROM a WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY g;
"""
_RECORDS = 1_500


@pytest.mark.parametrize("most_held", [100, 400])
def test_writers_that_are_ahead_are_slowed_down(
    most_held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Throttle", partial(Throttle, 10_000, most_held))
    broker = SimulatedBroker(keeps_state=True)
    broker.create([TopicConfig("a", 2)])
    keys = {partition_of(b"k%d" % n, 2): b"k%d" % n for n in range(20)}
    value = json.dumps({"G": "g"}).encode()
    for number, dense in ((0, 1), (1, 8)):  # of the second one, the same time has more records
        times = range(0, _RECORDS * 100, 100 // dense)
        broker.append("a", [(keys[number], value, time, ()) for time in times])
    context = PlannerContext(Catalog(functions=builtins()), partial=True)
    program = compile_program((_SQL,), context, "app")
    assert program.application is not None
    layout = lay_out("app", program.application.topology, broker.topics(), state_topics(broker))
    broker.create(layout.create)
    config = RuntimeConfig("app", 5, 0, None, 50)
    worker = Worker(layout, broker, config, "w", broker.clock)
    worker.start()
    peak = 0
    completion = Completion(broker, layout)
    for number in range(5_000):
        worker.step(0)
        broker.clock.advance(1)
        peak = max(peak, sum(task.inputs.held() for task in worker.tasks))
        if number % 10 == 0 and completion.done():
            break
    else:
        raise AssertionError("stuck")
    first = TopicPartition("a", 0)
    assert broker.group_offsets("app", [first])[first].offset == _RECORDS
    assert 50 < peak <= most_held + 6 * 50, "the blocks of a commit interval come on top"
    worker.close()
