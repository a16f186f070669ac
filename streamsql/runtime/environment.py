"""What the processors of a task are built from and report to."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from streamsql.broker.ports import Message, Producer
from streamsql.codegen.supplies import SKIPPED
from streamsql.errors import DecodeError, EngineError
from streamsql.formats.format import Decoder
from streamsql.formats.serdes import Serdes
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.metrics import Metrics

OutputTarget = Callable[..., None]
"""Takes ``(key, value, timestamp)`` of a stream, ``(key, new, old, timestamp)`` of a table."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything outside the topology that a task's processors touch.

    Attributes:
        outputs: Targets of the topology's Output nodes, by name.
        timed_topics: Topics whose readers go by the times of their writers.
    """

    config: RuntimeConfig
    producer: Producer
    serdes: Serdes
    metrics: Metrics
    outputs: Mapping[str, OutputTarget] = field(default_factory=dict)
    timed_topics: frozenset[str] = frozenset()

    def latest_ms(self) -> int:
        """Return the latest time that a record may have by now."""
        return int(time.time() * 1000) + self.config.max_ahead_ms


class SkipAndCount:
    """What a source does with records that cannot be read: count, log, go on."""

    __slots__ = ("_decoder", "_latest_ms", "_metrics")

    def __init__(self, decoder: Decoder, environment: Environment) -> None:
        self._decoder = decoder
        self._metrics = environment.metrics
        self._latest_ms = environment.latest_ms

    def repair(self, message: Message, error: Exception) -> Any:
        """Read the value the general way, or skip the record."""
        del error
        try:
            return self._decoder.repair(message.value() or b"")
        except DecodeError as unreadable:
            self._metrics.drop("decode", str(unreadable), message)
            return SKIPPED

    def repair_key(self, message: Message, error: Exception) -> Any:
        """Skip a record whose key cannot be read."""
        if isinstance(error, EngineError):
            raise error
        self._metrics.drop("decode", f"key: {error}", message)
        return SKIPPED

    def is_bad_timestamp(self, message: Message, timestamp: int | None, value: Any) -> bool:
        """Tell whether a record's time is none, before the epoch, or too far ahead of the clock.

        One such record would close every window of its partition.
        """
        latest = self._latest_ms()
        if timestamp is not None and 0 <= timestamp <= latest:
            return False
        far = timestamp is not None and timestamp > latest
        detail = f"{value!r} is {'too far in the future' if far else 'not a time'}"
        self._metrics.drop("bad-timestamp", detail, message)
        return True

    def unreadable_timestamp(self, message: Message, value: Any, error: Exception) -> None:
        """Note a record whose time cannot be read."""
        self._metrics.drop("bad-timestamp", f"{value!r} is not a time: {error}", message)
