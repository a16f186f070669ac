"""The engine's one loop: who steps the queries, and how callers get a word in.

Everything that touches queries happens under one lock. The loop's thread, if it runs, lets every
caller that waits go first, so that a statement waits for at most one round of work.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ROUND_MS = 20
_IDLE_MS = 100
_IDLE_SECONDS = 0.02
_YIELD_SECONDS = 0.0005
_MOMENT_SECONDS = 0.05


class Loop:
    """Steps queries: on its own thread after :meth:`start`, else when somebody waits.

    Attributes:
        interrupted: Whoever waits for rows must stop.
    """

    def __init__(
        self,
        step: Callable[[int], int],
        is_idle: Callable[[], bool],
        pass_time: Callable[[float], None],
    ) -> None:
        """Make a loop.

        Args:
            step: Does a round of work, waiting so many milliseconds for it; returns how much.
            is_idle: Tells whether there is nothing to step.
            pass_time: Puts the clock of the queries forward, when whoever waits drives them and
                they have nothing to do: what is done is committed and flushed then.
        """
        self.interrupted = False
        self._pass_time = pass_time
        self._step = step
        self._is_idle = is_idle
        self._lock = threading.RLock()
        self._count_lock = threading.Lock()
        self._callers = 0
        self._moved = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep the loop, and every other caller, out."""
        with self._count_lock:
            self._callers += 1
        with self._lock:
            with self._count_lock:
                self._callers -= 1
            yield

    def step(self, timeout_ms: int) -> int:
        """Do a round of work now."""
        with self.exclusive():
            return self._step(timeout_ms)

    def moment(self) -> bool:
        """Let the queries work for a moment, here or on the thread; return whether they did."""
        if self._thread is None:
            done = self.step(_ROUND_MS)
            if not done:
                self._pass_time(_IDLE_MS)
            return done > 0
        moved = self._moved.wait(_MOMENT_SECONDS)
        self._moved.clear()
        return moved

    def interrupt(self) -> None:
        """Let nobody wait for rows any longer; may be called from a signal handler."""
        self.interrupted = True

    def start(self) -> None:
        """Begin to step on a thread; once is enough."""
        if self._thread is None:
            self._ending.clear()
            self._thread = threading.Thread(target=self._run, name="streamsql", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread after its round."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._ending.set()
            thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            with self._lock:
                idle = self._is_idle()
                done = self._step(_ROUND_MS)
            if done:
                self._moved.set()
            if idle:
                self._ending.wait(_IDLE_SECONDS)
            while self._callers and not self._ending.is_set():
                time.sleep(_YIELD_SECONDS)
