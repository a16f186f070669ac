"""Knowing when an application is done."""

from streamsql.broker.ports import TopicConfig, TopicPartition
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.runtime.completion import Completion
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.layout import lay_out, state_topics
from streamsql.runtime.worker import Worker
from tests.runtime.scenarios import SCENARIOS

S = TopicPartition("s", 0)


class _Application:
    """The scenario "chain", which writes topics that it reads again, on two partitions."""

    def __init__(self, records: int) -> None:
        self.broker = SimulatedBroker()
        self.broker.create([TopicConfig("s", 2)])
        self.append(records)
        topology = SCENARIOS["chain"].topology(2)
        config = RuntimeConfig("app", 10, 0)
        self.layout = lay_out("app", topology, self.broker.topics(), state_topics(self.broker))
        self.broker.create(self.layout.create)
        self.worker = Worker(self.layout, self.broker, config, "w", self.broker.clock)

    def append(self, records: int) -> None:
        self.broker.append(
            "s", [(b"k%d" % n, b'{"V":%d,"G":"g%d"}' % (n, n % 3), n, ()) for n in range(records)]
        )

    def completion(self) -> Completion:
        return Completion(self.broker, self.layout)

    def step(self) -> None:
        self.worker.step(0)
        self.broker.clock.advance(4)


def test_nothing_to_do_is_done() -> None:
    assert _Application(0).completion().done()


def test_done_when_everything_along_the_chain_is_committed() -> None:
    application = _Application(20)
    completion = application.completion()
    assert completion.progress() == (0, 20)
    application.worker.start()
    counts = []
    while not completion.done():
        application.step()
        counts.append(completion.progress()[0])
        assert len(counts) < 200
    assert counts[-1] == 20
    assert counts == sorted(counts)
    assert counts.index(20) < len(counts) - 1, "the input is done before the chain is"
    topics = application.broker.topics()
    every = [TopicPartition(name, n) for name in topics for n in range(topics[name].partitions)]
    reached = application.broker.group_offsets("app", every)
    ends = application.broker.ends(sorted(reached), committed=False)
    assert {p: at.offset for p, at in reached.items()} == ends, "control records are passed"


def test_what_comes_after_the_start_is_not_waited_for() -> None:
    application = _Application(5)
    completion = application.completion()
    application.worker.start()
    for _ in range(50):
        application.step()
    assert completion.done()
    application.append(10)
    assert completion.done()
    assert not application.completion().done()


def test_records_that_are_not_visible_yet_keep_it_from_being_done() -> None:
    """On Kafka offsets can be seen as committed before the records of the same transaction."""
    application = _Application(0)
    producer = application.broker.producer("somebody")
    written = TopicPartition("M", 0)
    producer.send_to(written, b"g", b"{}", 0)
    assert application.broker.ends([written], committed=True)[written] == 0
    assert not application.completion().done()


def test_purged_records_are_done() -> None:
    application = _Application(10)
    ends = application.broker.ends([S, TopicPartition("s", 1)], committed=True)
    application.broker.purge(ends)
    assert application.completion().done()
    assert application.completion().progress() == (0, 0)
