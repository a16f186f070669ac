"""The program of one worker process; see ``processes``.

Exit status 0: told to end; 2: it cannot go on; 75: the broker does not answer; both with one line
that says why.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import FrameType

import msgspec

from streamsql.broker.open import open_broker
from streamsql.broker.ports import Broker
from streamsql.engine.applications.application import Application
from streamsql.engine.applications.applications import Applications
from streamsql.engine.applications.garbage import collect_rarely
from streamsql.engine.applications.last_commit import LastCommit
from streamsql.engine.applications.processes import UNREACHABLE_STATUS, WorkerSpec
from streamsql.engine.configuration.address import broker_options
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.declarations import fixed
from streamsql.engine.planning.context import context_on
from streamsql.engine.planning.divide import divide
from streamsql.engine.planning.planned import ApplicationPlan
from streamsql.engine.planning.program import compile_program
from streamsql.errors import BrokerUnreachable, StreamSQLError
from streamsql.runtime.failpoints import crash_from_environment

_ROUND_MS = 100
_INPUT = 0


def main() -> int:
    """Run a worker until told to end; return the exit status."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    crash_from_environment()
    ending = threading.Event()
    _end_on_signals(ending)
    line = _first_line()
    if not line:
        return 0
    threading.Thread(target=_end_with_input, args=(ending,), daemon=True).start()
    try:
        run(msgspec.json.decode(line, type=WorkerSpec), ending)
    except BrokerUnreachable as error:
        print(f"worker: {error}", file=sys.stderr)  # noqa: T201 - the program's one line
        return UNREACHABLE_STATUS
    except StreamSQLError as error:
        print(f"worker: {error}", file=sys.stderr)  # noqa: T201 - the program's one line
        return 2
    return 0


def run(spec: WorkerSpec, ending: threading.Event) -> None:
    """Work on the application's tasks until the event is set, then commit and leave.

    Raises:
        StreamSQLError: It cannot go on.
    """
    state = Path(spec.state_directory) if spec.state_directory else None
    config = EngineConfig(spec.overrides, state)
    broker = open_broker(spec.target, **broker_options(spec.target, config))
    try:
        context = context_on(broker, config, spec.variables)
        context = replace(context, others=fixed(spec.foreign))
        program = compile_program(spec.texts, context, spec.application)
        assert program.application is not None
        collect_rarely()
        with LastCommit(broker, ending, _end_at_once):
            _work(divide(program, broker.groups()), broker, ending)
    finally:
        broker.close()


def _work(plans: Iterable[ApplicationPlan], broker: Broker, ending: threading.Event) -> None:
    applications = Applications()
    try:
        for plan in plans:
            application = Application(plan, broker, lambda: time.monotonic() * 1000)
            application.start()
            applications.add(plan.group, application)
        while not ending.is_set():
            applications.step(_ROUND_MS)
            failure = applications.failure()
            if failure is not None:
                raise failure
    finally:
        applications.stop()


def _end_at_once() -> None:
    os._exit(UNREACHABLE_STATUS)


def _end_on_signals(ending: threading.Event) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        ending.set()

    signal.signal(signal.SIGTERM, end)
    # Ctrl-C reaches the whole foreground group: the supervisor alone reacts to it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end_with_input(ending: threading.Event) -> None:
    """Wait for the end of the standard input: the supervisor is gone."""
    while os.read(_INPUT, 4096):
        pass
    ending.set()


def _first_line() -> bytes:
    """Return the first line of the input; empty when there is none.

    The descriptor is read as it is: a thread in a buffered reader would block the end of the
    interpreter.
    """
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(_INPUT, 65536)
        if not chunk:
            return b""
        line += chunk
    return line


if __name__ == "__main__":
    sys.exit(main())
