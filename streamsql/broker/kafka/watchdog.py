"""Ends the process when a call of the client library does not return.

librdkafka does not keep the timeout of every transactional call: after the only broker came back,
``send_offsets_to_transaction`` was seen to hang for minutes (confluentinc/librdkafka#5511). Nothing
but the end of the process frees its transaction; the next one takes over in a fraction of a second.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EXIT_STATUS = 70
"""Of a process that ended itself: the ``EX_SOFTWARE`` of sysexits.h."""

_PERIOD_SECONDS = 0.5
_log = logging.getLogger(__name__)


def _end_process(doing: str) -> None:
    _log.critical("call does not return, process ends: %s", doing)
    os._exit(EXIT_STATUS)


class Watchdog:
    """Looks, from a thread of its own, at the calls being made.

    Args:
        margin_seconds: How much longer than its own timeout a call may take.
        bite: What is done to a process whose call is stuck.
    """

    def __init__(
        self, margin_seconds: float = 5.0, bite: Callable[[str], None] = _end_process
    ) -> None:
        self._margin_seconds = margin_seconds
        self._bite = bite
        self._calls: dict[object, tuple[float, str]] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="streamsql-watchdog", daemon=True)
        self._thread.start()

    @contextmanager
    def guard(self, doing: str, timeout_seconds: float) -> Iterator[None]:
        """Watch what is done inside; it should not take longer than the timeout."""
        call = object()
        self._calls[call] = (time.monotonic() + timeout_seconds + self._margin_seconds, doing)
        try:
            yield
        finally:
            del self._calls[call]

    def close(self) -> None:
        """Watch no more."""
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(min(_PERIOD_SECONDS, self._margin_seconds)):
            now = time.monotonic()
            for deadline, doing in list(self._calls.values()):
                if now > deadline:
                    self._bite(doing)
