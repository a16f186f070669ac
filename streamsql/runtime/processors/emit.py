"""How changes of a table leave the operator that makes them: at once, or one a key and commit.

The second is the record cache of Kafka Streams: between two commits only the first old row and the
last new row of a key matter downstream.
"""

from streamsql.types.record import Key, Row, TableForward


class Emitter:
    """Forwards every change as it happens."""

    __slots__ = ("_forward",)

    def __init__(self, forward: TableForward) -> None:
        self._forward = forward

    def emit(self, key: Key, new: Row | None, old: Row | None, timestamp: int) -> None:
        """Take one change."""
        self._forward(key, new, old, timestamp)

    def flush(self) -> None:
        """Forward what is held back: nothing."""


class CachingEmitter(Emitter):
    """Holds changes back until the commit and forwards one for each key.

    Keys leave in the order of their first change, so that a table's changelog stays close to the
    order of its input.
    """

    __slots__ = ("_held",)

    def __init__(self, forward: TableForward) -> None:
        super().__init__(forward)
        self._held: dict[Key, tuple[Row | None, Row | None, int]] = {}

    def emit(self, key: Key, new: Row | None, old: Row | None, timestamp: int) -> None:
        """Take one change; the old row of the first one stays."""
        held = self._held.get(key)
        self._held[key] = (new, old if held is None else held[1], timestamp)

    def held(self) -> tuple[dict[Key, tuple[Row | None, Row | None, int]]]:
        """Return what is held back."""
        return (self._held,)

    def flush(self) -> None:
        """Forward the changes; keys that came and went in between are not seen."""
        held, self._held = self._held, {}
        forward = self._forward
        for key, (new, old, timestamp) in held.items():
            if new is not None or old is not None:
                forward(key, new, old, timestamp)
