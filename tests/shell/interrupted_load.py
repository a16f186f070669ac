"""Runs ``streamsql load`` in small steps, and sends itself a signal in the middle of one.

Arguments: the signal's number, the number of the step (0: when all are in, before it is said), how
many milliseconds after its beginning, and the arguments of ``streamsql``.
"""

import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from streamsql.broker.embedded.batches import Sent
from streamsql.broker.ports import Committed
from streamsql.shell import cli
from streamsql.shell.commands import file_records, load, topic_writer

STEP_RECORDS = 100


def main(number: int, step: int, delay_ms: float, arguments: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    file_records._STEP_RECORDS = STEP_RECORDS
    for kind in (topic_writer._BrokerTopic, topic_writer._InboxTopic):
        _signal_in_step(kind, number, step, delay_ms)
    if step == 0:
        _signal_at_end(number)
    return cli.main(arguments)


def _signal_in_step(kind: Any, number: int, step: int, delay_ms: float) -> None:
    write = kind.write
    count = 0

    def signalling(self: Any, records: Sequence[Sent], at: Committed) -> None:
        nonlocal count
        count += 1
        if count == step and delay_ms:
            threading.Thread(target=_send, args=(number, delay_ms), daemon=True).start()
        elif count == step:
            os.kill(os.getpid(), number)
        write(self, records, at)

    kind.write = signalling


def _signal_at_end(number: int) -> None:
    end = load._Loading.end

    def signalling(self: load._Loading, topic: str, bad: int) -> None:
        os.kill(os.getpid(), number)
        end(self, topic, bad)

    load._Loading.end = signalling  # type: ignore[method-assign]


def _send(number: int, delay_ms: float) -> None:
    time.sleep(delay_ms / 1000)
    os.kill(os.getpid(), number)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]))
