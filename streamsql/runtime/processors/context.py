"""What a stateful processor is given besides its stores and what it forwards to."""

from dataclasses import dataclass

from streamsql.runtime.metrics import Metrics


class StreamTime:
    """The clock of an operator in milliseconds: the largest timestamp that it has seen.

    It only moves forward, and only with records. It is committed with the offsets, so that a
    restart does not reopen closed windows.
    """

    __slots__ = ("now",)

    def __init__(self, now: int = -1) -> None:
        self.now = now


@dataclass(frozen=True, slots=True)
class ProcessorContext:
    """The operator's clock, and where it reports what it drops."""

    time: StreamTime
    metrics: Metrics


def drop_without_group(metrics: Metrics) -> None:
    """Count a record without a key or a value: it belongs to no group."""
    metrics.drop("null-key", "a record without key or value belongs to no group")


def drop_unjoinable(metrics: Metrics) -> None:
    """Count a record without a key or a value: it joins nothing."""
    metrics.drop("null-key", "a record without key or value joins nothing")
