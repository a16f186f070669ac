"""The workers of an application: in this process, stepped in turn, or as processes."""

import socket
import zlib
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Protocol

from streamsql.broker.ports import Broker
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.keeping.choose import state_keeping
from streamsql.runtime.layout import Layout
from streamsql.runtime.worker import Worker

_PLENTY, _ROUNDS = 100, 7
"""With so many records in a round, the only worker does further ones at once."""


class Workforce(Protocol):
    """Workers that share the tasks of one application."""

    def step(self, timeout_ms: int) -> int:
        """Let them work, or wait; return how many records were done, as far as it is known."""

    def close(self) -> None:
        """Let them commit and end."""


class LocalWorkers:
    """Workers of this process."""

    def __init__(
        self,
        layout: Layout,
        broker: Broker,
        config: RuntimeConfig,
        number: int,
        clock_ms: Callable[[], float],
    ) -> None:
        """Start the workers, each with a slot of its own."""
        self._held = ExitStack()
        self.workers: list[Worker] = []
        try:
            for index in range(number):
                lock = state_keeping(broker, config).take_slot()
                name = f"worker-{index}"
                if lock is not None:
                    name = member(config, self._held.enter_context(lock).slot)
                worker = Worker(layout, broker, config, name, clock_ms)
                worker.start()
                self.workers.append(worker)
        except BaseException:
            self.close()
            raise

    def step(self, timeout_ms: int) -> int:
        """Let every worker do a round; when none has anything to do, wait in the first."""
        try:
            done = 0
            for worker in self.workers:
                done += worker.step(0)
            if len(self.workers) == 1:  # a round of everything costs as much as many records
                done += self._more_rounds(self.workers[0], done)
            if not done and timeout_ms:
                done = self.workers[0].step(timeout_ms)
        except BaseException:
            self._abandon()
            raise
        return done

    @staticmethod
    def _more_rounds(worker: Worker, done: int) -> int:
        """Let the only worker go on while it finds plenty; return how many records it did."""
        total = 0
        for _ in range(_ROUNDS):
            if done < _PLENTY:
                break
            done = worker.step(0)
            total += done
        return total

    def close(self) -> None:
        """Commit and leave the group."""
        workers, self.workers = self.workers, []
        try:
            for worker in workers:
                worker.close()
        finally:
            self._held.close()

    def _abandon(self) -> None:
        """Leave without a commit: a batch may be half done."""
        workers, self.workers = self.workers, []
        for worker in workers:
            with suppress(Exception):
                worker.abandon()
        self._held.close()


def member(config: RuntimeConfig, slot: int) -> str:
    """Return the static identity of the worker in a slot: the same whenever it comes back."""
    place = str(Path(config.state_directory or "").resolve())
    return f"{socket.gethostname()}-{zlib.crc32(place.encode()):08x}-{slot}"
