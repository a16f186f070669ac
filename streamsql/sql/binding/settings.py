"""Session and server settings by name, with or without the prefix of Kafka Streams."""

from collections.abc import Mapping
from enum import StrEnum

_PREFIX = "ksql.streams."


class StatementSetting(StrEnum):
    """The settings that change what a statement means."""

    KEY_FORMAT = "ksql.persistence.default.format.key"
    VALUE_FORMAT = "ksql.persistence.default.format.value"
    WRAP_SINGLE_VALUES = "ksql.persistence.wrap.single.values"
    TOPIC_PREFIX = "ksql.output.topic.name.prefix"
    SINK_PARTITIONS = "ksql.sink.partitions"
    SINK_REPLICAS = "ksql.sink.replicas"


def plain_name(name: str) -> str:
    """Return a setting's name without the prefix that may be left out.

    >>> plain_name("ksql.streams.auto.offset.reset")
    'auto.offset.reset'
    """
    return name.removeprefix(_PREFIX)


def setting(settings: Mapping[str, str], name: StatementSetting) -> str | None:
    """Return the value of a setting, ``None`` when it is not set or empty."""
    return settings.get(name.value) or None
