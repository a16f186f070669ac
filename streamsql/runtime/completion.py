"""Knowing when an application has worked off the input that was there at the start."""

from streamsql.broker.ports import Broker, TopicPartition
from streamsql.runtime.layout import Layout


class Completion:
    """Compares committed offsets with the ends of the inputs.

    Topics that the application writes itself (repartitions, sinks that it reads again) must be
    worked off as well, to wherever they end by then. That is their high watermark: offsets may be
    seen as committed a moment before the records of the same transaction are.

    Attributes:
        total: How many input records were there at the start.
    """

    def __init__(self, broker: Broker, layout: Layout) -> None:
        """Look at the inputs as they are now."""
        self._broker = broker
        self._group = layout.group
        every = {p for part in layout.parts for p in layout.partitions_of(part.index)}
        self._own = sorted(p for p in every if p.topic in layout.written)
        external = sorted(every - set(self._own))
        self._targets = dict(broker.ends(external, committed=True))
        self._starts = dict(broker.starts(external))
        self.total = sum(end - self._starts[p] for p, end in self._targets.items())

    def done(self) -> bool:
        """Tell whether everything that was there is processed and committed."""
        if not self._reached(self._targets):
            return False
        ends = self._own_ends()
        return self._reached(ends) and self._own_ends() == ends

    def progress(self) -> tuple[int, int]:
        """Return how many of the initial input records are committed, and how many there are."""
        committed = self._broker.group_offsets(self._group, self._targets)
        done = 0
        for partition, end in self._targets.items():
            start = self._starts[partition]
            if partition in committed:
                done += max(0, min(committed[partition].offset, end) - start)
        return done, self.total

    def _own_ends(self) -> dict[TopicPartition, int]:
        return dict(self._broker.ends(self._own, committed=False)) if self._own else {}

    def _reached(self, targets: dict[TopicPartition, int]) -> bool:
        """Tell whether the group has committed up to the targets; empty partitions need nothing."""
        committed = self._broker.group_offsets(self._group, targets)
        starts: dict[TopicPartition, int] | None = None
        for partition, end in targets.items():
            if partition in committed:
                if committed[partition].offset < end:
                    return False
            elif end > 0:
                if starts is None:
                    starts = dict(self._broker.starts(sorted(targets)))
                if end > starts[partition]:
                    return False
        return True
