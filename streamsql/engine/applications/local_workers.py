"""Workers of this process, stepped in turn."""

import socket
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from streamsql.broker.ports import Broker
from streamsql.engine.applications.workers import Outputs
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.keeping.choose import state_keeping
from streamsql.runtime.layout import Layout
from streamsql.runtime.worker import Worker


class LocalWorkers:
    """Workers of this process."""

    def __init__(
        self,
        layout: Layout,
        broker: Broker,
        config: RuntimeConfig,
        clock_ms: Callable[[], float],
        *,
        number: int = 1,
        outputs: Outputs | None = None,
    ) -> None:
        """Start the workers, each with a slot of its own."""
        self._tasks = sum(layout.partitions.values())
        self._slots = ExitStack()
        self._workers: list[Worker] = []
        try:
            for index in range(number):
                slot = state_keeping(broker, config).take_slot()
                name = f"worker-{index}"
                if slot is not None:
                    name = member(config, self._slots.enter_context(slot).slot)
                worker = Worker(layout, broker, config, name, clock_ms, outputs)
                worker.start()
                self._workers.append(worker)
        except BaseException:
            self.abandon()
            raise

    @property
    def is_open(self) -> bool:
        """Whether every task of the application runs here."""
        running = sum(len(worker.tasks) for worker in self._workers)
        return running == self._tasks and all(worker.is_open for worker in self._workers)

    def step(self, timeout_ms: int) -> int:
        """Let every worker do a round; when none has anything to do, wait in the first."""
        done = sum(worker.step(0) for worker in self._workers)
        if not done and timeout_ms:
            done = self._workers[0].step(timeout_ms)
        return done

    def stop(self) -> None:
        """Commit and leave the group."""
        self._end(Worker.close)

    def abandon(self) -> None:
        """Drop everything that is not committed."""
        self._end(Worker.abandon)

    def leave(self) -> None:
        """Drop everything that is not committed, and leave the group for good."""
        self._end(Worker.leave)

    def _end(self, end: Callable[[Worker], None]) -> None:
        """End every worker so, whatever becomes of another, and give the slots back."""
        workers, self._workers = self._workers, []
        with self._slots as ending:
            for worker in workers:
                ending.callback(end, worker)


def member(config: RuntimeConfig, slot: int) -> str:
    """Return the static identity of the worker in a slot: the same whenever it comes back."""
    place = str(Path(config.state_directory or "").resolve())
    return f"{socket.gethostname()}-{zlib.crc32(place.encode()):08x}-{slot}"
