"""How far an application is with its input, asked on a thread of its own.

A broker may answer late or not at all; what is processed does not wait for that.
"""

import logging
import threading
from collections.abc import Callable

from streamsql.engine.closing import Closing
from streamsql.errors import BrokerUnreachable

_PERIOD_SECONDS = 0.2
_CLOSE_SECONDS = 1.0
"""How long the end waits for an answer: that of a broker in this process comes at once."""

_log = logging.getLogger(__name__)


class ProgressWatch(Closing):
    """Asks again and again, until everything is done."""

    def __init__(self, count: Callable[[], tuple[int, int]]) -> None:
        """Begin to ask.

        Args:
            count: Asks the broker how many input records are done, and how many there were.
        """
        self._count = count
        self._news: tuple[int, int] | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="streamsql-progress", daemon=True)
        self._thread.start()

    def news(self) -> tuple[int, int] | None:
        """Return how many input records are done and how many there were, if it was just found."""
        news, self._news = self._news, None
        return news

    def close(self) -> None:
        """Ask no more."""
        self._ending.set()
        self._thread.join(_CLOSE_SECONDS)

    def _ask(self) -> None:
        done, total = 0, -1
        while done != total and not self._ending.wait(_PERIOD_SECONDS):
            try:
                self._news = done, total = self._count()
            except BrokerUnreachable as error:
                _log.info("progress is not known now: %s", error)
