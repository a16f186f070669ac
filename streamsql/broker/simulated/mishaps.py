"""What happens to a simulated broker from outside, besides planned faults."""

from streamsql.broker.simulated.broker import SimulatedBroker


def kill(broker: SimulatedBroker, *names: str) -> None:
    """Let the members and producer identities of these names vanish without closing."""
    stop(broker, *names)
    for consumer in broker.consumers:
        consumer.dead |= consumer.name in names
    for producer in broker.producers:
        producer.dead |= producer.identity in names


def stop(broker: SimulatedBroker, *names: str) -> None:
    """Let the members and producers of these names fall silent until they call again."""
    now_ms = broker.clock()
    for consumer in broker.consumers:
        if consumer.name in names and consumer.member is not None:
            consumer.member.silent_since_ms = now_ms
    for producer in broker.producers:
        if producer.identity in names:
            producer.silent_since_ms = now_ms


def compact(broker: SimulatedBroker, topic: str) -> None:
    """Run the log cleaner on a topic."""
    for log in broker.cluster.topic(topic).partitions:
        log.compact()
