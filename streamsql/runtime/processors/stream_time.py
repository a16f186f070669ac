"""The clock of an operator: the largest timestamp it has seen, kept across restarts."""


class StreamTime:
    """Stream time in milliseconds; it only moves forward, and only with records.

    It is committed with the offsets, so that a restart does not reopen closed windows.
    """

    __slots__ = ("now",)

    def __init__(self, now: int = -1) -> None:
        self.now = now
