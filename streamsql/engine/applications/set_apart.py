"""Giving a query of an application positions of its own."""

from streamsql.broker.ports import Broker, Committed
from streamsql.formats.serdes import Serdes
from streamsql.runtime.assignment import Assignments
from streamsql.runtime.layout import Layout
from streamsql.topology.naming import producer_identity

_MEMBER = "apart"


def set_apart(layout: Layout, broker: Broker) -> None:
    """Let the group of a query begin where its application has committed.

    The application must not run. What it has not committed at all begins where it would have.
    """
    every = [p for part in layout.parts for p in layout.partitions_of(part.index)]
    committed = broker.group_offsets(layout.application, every)
    assignments = Assignments(layout, Serdes(broker.registry))
    positions = {}
    for task in assignments.complete(every):
        for partition, offset in assignments.positions(task, committed, broker).items():
            positions[partition] = committed.get(partition, Committed(offset))
    consumer = broker.consumer(layout.group, _MEMBER)
    producer = broker.producer(producer_identity(layout.group, _MEMBER))
    try:
        producer.wait_fenced()
        producer.commit(positions, consumer)
    finally:
        producer.close()
        consumer.close()
