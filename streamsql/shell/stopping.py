"""Ctrl-C while a result is read: the query stops, the program goes on.

The signal's handler itself touches nothing of the engine, whose locks it might have interrupted: a
thread that waits for it closes the result, and whoever reads the rows sees their end.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from streamsql.engine.results import Result


@contextmanager
def stopping(result: Result) -> Iterator[threading.Event]:
    """Close the result at Ctrl-C; the event tells that it was pressed.

    The second Ctrl-C raises KeyboardInterrupt, for a result whose next row takes too long.
    """
    pressed = threading.Event()
    done = threading.Event()
    wake = threading.Semaphore(0)

    def react(_number: int, _frame: FrameType | None) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()
        wake.release()

    def close_when_pressed() -> None:
        wake.acquire()
        if not done.is_set():
            result.close()

    thread = threading.Thread(target=close_when_pressed, name="streamsql-stop", daemon=True)
    thread.start()
    before = signal.signal(signal.SIGINT, react)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
        done.set()
        wake.release()
        thread.join()
