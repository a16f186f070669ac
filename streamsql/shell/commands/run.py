"""``streamsql run``: files as one application, until their end or until told to stop."""

import argparse
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from streamsql.engine.applications.garbage import collect_rarely
from streamsql.engine.applications.last_commit import VOID
from streamsql.engine.applications.stopped import QueriesStopped
from streamsql.engine.configuration.address import BrokerAddress, find_broker
from streamsql.engine.planning.describe import describe_program
from streamsql.engine.program_run import open_program, plan_program
from streamsql.shell.rendering.progress import Progress
from streamsql.shell.rendering.render import renderer
from streamsql.shell.rendering.terminal import Terminal

_SIGNAL_STATUS = 128


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Run the files; return the exit status.

    A signal lets the application commit and leave the group; the second one ends it at once, and
    so does a broker that does not answer.
    """
    address = find_broker(
        options.bootstrap_servers,
        directory=options.directory,
        settings=dict(options.settings),
    )
    if options.dry_run:
        return _show_plan(options, address, terminal)
    program = open_program(
        options.files,
        address,
        name=options.application,
        variables=dict(options.variables),
        until_end=options.until_end,
    )
    collect_rarely()
    progress = Progress(terminal)
    rendered = renderer(options.output, terminal)
    heard: list[int] = []
    told = threading.Event()

    def give_up() -> None:
        terminal.say(f"Error: {VOID}")
        terminal.flush()
        os._exit(_SIGNAL_STATUS + heard[0])

    try:
        with (
            _hearing_signals(heard, told),
            program,
            program.last_commit(told, give_up),
            _interrupting_on_signals(program.interrupt) as received,
        ):
            for result in program.run(workers=options.workers, on_progress=progress):
                rendered.render(result)
    except QueriesStopped as error:
        terminal.complain(f"Error: {error}")
        return 2
    if received:
        return _status(received[0], until_end=options.until_end)
    if options.until_end:
        progress.finish()
    return 0


def _show_plan(options: argparse.Namespace, address: BrokerAddress, terminal: Terminal) -> int:
    planned = plan_program(
        options.files, address, name=options.application, variables=dict(options.variables)
    )
    terminal.write(describe_program(planned))
    return 0


def _status(number: int, *, until_end: bool) -> int:
    """Return the exit status after a signal: being told to end is the way of an endless run."""
    if number == signal.SIGTERM and not until_end:
        return 0
    return _SIGNAL_STATUS + number


@contextmanager
def _hearing_signals(heard: list[int], told: threading.Event) -> Iterator[None]:
    """Note the first signal on a thread: a call into the Kafka client holds its handler up."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def hear() -> None:
        heard.extend(os.read(reading, 1))
        os.close(reading)
        told.set()

    threading.Thread(target=hear, name="streamsql-signals", daemon=True).start()
    before = signal.set_wakeup_fd(writing)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)


@contextmanager
def _interrupting_on_signals(interrupt: Callable[[], None]) -> Iterator[list[int]]:
    """Call ``interrupt`` at the first SIGINT or SIGTERM; the list holds its number then."""
    received: list[int] = []

    def react(number: int, _frame: FrameType | None) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)
        interrupt()

    before = {each: signal.signal(each, react) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
