"""The size of what the tasks of a worker hold in memory: ``statestore.cache.max.bytes``.

::

    held back, buffers of the stores      uncommitted      ┐
    committed values, recent              to read again    ┘ half of the size
    committed values, older               to read again      the other half

When the first half is full, the older values are dropped and the recent ones become older. What is
uncommitted cannot be dropped, and may not reach a storage before the broker has committed it: when
that is what fills the half, an early commit makes it recent.
"""

from collections.abc import Collection

from streamsql.runtime.task import Task


class CacheBudget:
    """One size for all tasks of a worker, looked after between two blocks of records."""

    __slots__ = ("_half",)

    def __init__(self, max_bytes: int) -> None:
        self._half = max_bytes // 2

    def wants_commit(self, tasks: Collection[Task]) -> bool:
        """Make room if there is need; tell whether only a commit can."""
        uncommitted = sum(task.uncommitted_bytes() for task in tasks)
        if uncommitted + sum(task.cached_bytes() for task in tasks) <= self._half:
            return False
        if uncommitted > self._half // 2:
            return True
        for task in tasks:
            task.forget_older()
        return False
