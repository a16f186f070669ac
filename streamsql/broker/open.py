"""From what the user wrote to a broker."""

import re
from pathlib import Path
from typing import Any

from streamsql.broker.ports import Broker

_SERVERS = re.compile(r"[\w.\-\[\]:]+:\d+(\s*,\s*[\w.\-\[\]:]+:\d+)*")


def is_kafka(target: str | Path) -> bool:
    """Whether the target names Kafka servers, and not a directory.

    >>> is_kafka("localhost:9092,other:9092"), is_kafka("./data"), is_kafka(Path("a:1"))
    (True, False, False)
    """
    return isinstance(target, str) and _SERVERS.fullmatch(target.strip()) is not None


def open_broker(target: str | Path, **options: Any) -> Broker:
    """Return the broker at the target.

    EngineError when the cluster cannot be reached; DirectoryInUse when another process owns the
    directory.

    Args:
        target: ``host:port`` (several separated by commas), or a directory.
        options: Fields of ``KafkaSettings``, or of ``EmbeddedSettings``.
    """
    if is_kafka(target):
        from streamsql.broker.kafka.broker import KafkaBroker
        from streamsql.broker.kafka.settings import KafkaSettings

        return KafkaBroker(KafkaSettings(str(target), **options))
    from streamsql.broker.embedded.broker import EmbeddedBroker, EmbeddedSettings

    return EmbeddedBroker(Path(target), EmbeddedSettings(**options))


def open_or_follow(target: str | Path, **options: Any) -> Broker:
    """Return the broker at the target; of a directory that another process owns, a follower.

    EngineError when the cluster cannot be reached, or the directory cannot be used.

    Args:
        target: As for :func:`open_broker`.
        options: As for :func:`open_broker`; the owner's are in force where it is followed.
    """
    from streamsql.broker.embedded.lock import DirectoryInUse

    try:
        return open_broker(target, **options)
    except DirectoryInUse:
        from streamsql.broker.embedded.follower import EmbeddedFollower

        return EmbeddedFollower(Path(target))
