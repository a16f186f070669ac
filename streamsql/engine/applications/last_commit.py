"""The end of a process whose broker is gone.

Who is told to end commits and leaves its group, for which the broker must answer. One that does not
is not waited for: what is not committed is void, however the process ends, and is done again.
"""

import threading
import time
from collections.abc import Callable

from streamsql.broker.ports import Broker
from streamsql.engine.closing import Closing
from streamsql.errors import BrokerUnreachable

VOID = "the broker does not answer: ended without a last commit, what was not committed is void"
"""What is said of such an end."""

_PATIENCE_SECONDS = 4.0
_PERIOD_SECONDS = 0.5
_CLOSE_SECONDS = 1.0
"""How long a question may still take: that to a broker in this process ends at once."""


class LastCommit(Closing):
    """Waits, once the process is told to end, as long as the broker answers."""

    def __init__(self, broker: Broker, told: threading.Event, give_up: Callable[[], None]) -> None:
        """Prepare for the end.

        Args:
            told: Set when the process is to end.
            give_up: Ends the process; called on another thread.
        """
        self._broker = broker
        self._give_up = give_up
        self._told = told
        self._ended = threading.Event()
        self._answered = time.monotonic()
        self._asking = threading.Thread(target=self._ask, name="streamsql-ask", daemon=True)
        self._asking.start()
        threading.Thread(target=self._watch, name="streamsql-watch", daemon=True).start()

    def close(self) -> None:
        """Note that the end has come in order."""
        self._ended.set()
        self._told.set()
        self._asking.join(_CLOSE_SECONDS)

    def _watch(self) -> None:
        self._told.wait()
        self._answered = time.monotonic()
        while not self._ended.is_set():
            if time.monotonic() - self._answered > _PATIENCE_SECONDS:
                self._give_up()
            self._ended.wait(_PERIOD_SECONDS)

    def _ask(self) -> None:
        self._told.wait()
        while not self._ended.is_set():
            try:
                self._broker.groups()
            except BrokerUnreachable:
                continue  # the question itself has waited
            self._answered = time.monotonic()
            self._ended.wait(_PERIOD_SECONDS)
