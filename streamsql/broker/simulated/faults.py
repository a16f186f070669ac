"""Faults on purpose: at the n-th call of an operation, raise an error or run a function.

The simulated broker announces each operation twice: before it has any effect and after all of it.
An error raised *after* a commit is an unknown outcome that was applied; *before*, one that was not.
In between, ``commit.decide`` is announced when the offsets are pending and the outcome is open.

``block`` is announced with the records of a poll: FetcherRestarted, raised there, is a fault of the
records instead.
"""

from collections import Counter
from collections.abc import Callable
from enum import Enum

Action = Callable[[], None]


class Timing(Enum):
    """When, in an operation, a fault happens."""

    BEFORE = "before"
    AFTER = "after"


class Killed(BaseException):
    """The process is gone: no handler of the code under test may catch it.

    Raise it by a fault, or see it when a handle is used after ``mishaps.kill``.
    """


class FetcherRestarted(Exception):
    """A fetcher begins again at its partition's start within a block, as librdkafka's has done."""


class Faults:
    """The plan of faults of one simulated broker, and the count of its operations.

    Operations: ``poll``, ``block``, ``committed``, ``send``, ``flush``, ``commit``,
    ``commit.decide``, ``abort``, ``producer``, ``consumer``, ``read``, ``create``, ``append``,
    ``purge``.

    Attributes:
        calls: How often each operation has begun.
        armed: Whether any fault is planned; operations are free of cost otherwise.
    """

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.armed = False
        self._plan: dict[tuple[str, int, Timing], Action] = {}

    def at(self, operation: str, call: int, action: Action, timing: Timing = Timing.BEFORE) -> None:
        """Run the action in the ``call``-th next call of the operation (1 is the very next)."""
        assert call >= 1
        self._plan[operation, self.calls[operation] + call, timing] = action
        self.armed = True

    def fail(
        self, operation: str, call: int, error: BaseException, *, applied: bool = False
    ) -> None:
        """Raise the error in the ``call``-th next call: after its effect when ``applied``."""

        def raise_error() -> None:
            raise error

        self.at(operation, call, raise_error, Timing.AFTER if applied else Timing.BEFORE)

    def clear(self) -> None:
        """Forget every fault still planned."""
        self._plan.clear()
        self.armed = False

    def before(self, operation: str) -> None:
        """Announce the begin of an operation."""
        self.calls[operation] += 1
        if self.armed:
            self._run(operation, Timing.BEFORE)

    def after(self, operation: str) -> None:
        """Announce the end of an operation."""
        if self.armed:
            self._run(operation, Timing.AFTER)

    def _run(self, operation: str, timing: Timing) -> None:
        action = self._plan.pop((operation, self.calls[operation], timing), None)
        if action is not None:
            self.armed = bool(self._plan)
            action()
