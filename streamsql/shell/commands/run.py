"""``streamsql run``: files as one application, until their end or until told to stop."""

import argparse
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from streamsql.engine.applications.garbage import collect_rarely
from streamsql.engine.applications.stopped import QueriesStopped
from streamsql.engine.configuration.address import find_broker
from streamsql.engine.planning.describe import describe_program
from streamsql.engine.program_run import open_program, plan_program
from streamsql.shell.rendering.progress import Progress
from streamsql.shell.rendering.render import renderer
from streamsql.shell.rendering.terminal import Terminal

_SIGNAL_STATUS = 128


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Run the files; return the exit status.

    A signal lets the application commit and leave the group; the second one ends it at once.
    """
    address = find_broker(
        options.bootstrap_servers,
        directory=options.directory,
        settings=dict(options.settings),
    )
    if options.dry_run:
        planned = plan_program(
            options.files, address, name=options.application, variables=dict(options.variables)
        )
        terminal.write(describe_program(planned))
        return 0
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
    try:
        with program, _interrupting_on_signals(program.interrupt) as received:
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


def _status(number: int, *, until_end: bool) -> int:
    """Return the exit status after a signal: being told to end is the way of an endless run."""
    if number == signal.SIGTERM and not until_end:
        return 0
    return _SIGNAL_STATUS + number


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
