"""Trying again: the one place that knows which of Kafka's errors go away, and how to wait for it.

Who calls says for how long. Most errors that pass do so while a broker starts, a leader or
coordinator moves, or a transaction is being decided. Transactional calls are watched besides, since
some do not return (see ``watchdog``).
"""

import logging
import math
import time
from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException

from streamsql.broker.kafka.errors import error_of, is_passing, is_retriable
from streamsql.broker.kafka.watchdog import Watchdog

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


def goes_away(error: KafkaError) -> bool:
    """Whether a call that failed so is worth being made again."""
    return is_passing(error) or is_retriable(error)


def persist(
    call: Callable[[float], _T],
    seconds: float,
    passes: Callable[[KafkaError], bool] = goes_away,
    *,
    pause: float = 0.1,
) -> _T:
    """Return what the call returns, made again until an error stays or the time is up.

    Args:
        call: Takes the seconds that are left, one at least.
        passes: Whether an error goes away by itself.
        pause: Seconds between two calls.

    Raises:
        KafkaException: The last error.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call(max(1.0, deadline - time.monotonic()))
        except KafkaException as exception:
            error = error_of(exception)
            if not passes(error) or time.monotonic() >= deadline:
                raise
            _log.info("tried again after: %s", error.str())
        time.sleep(pause)


def persist_watched(
    watchdog: Watchdog,
    doing: str,
    call: Callable[[float], object],
    seconds: float,
    *,
    longest: float = math.inf,
) -> None:
    """Make a transactional call while it is retriable, and end the process when it hangs.

    Args:
        longest: Seconds that one call may take.

    Raises:
        KafkaException: The last error.
    """

    def watched(left: float) -> None:
        at_once = min(left, longest)
        with watchdog.guard(doing, at_once):
            call(at_once)

    persist(watched, seconds, is_retriable, pause=0)


def await_true(reached: Callable[[], bool], seconds: float, *, pause: float = 0.02) -> bool:
    """Look until it is reached or the time is up; return which."""
    deadline = time.monotonic() + seconds
    while not reached():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True
