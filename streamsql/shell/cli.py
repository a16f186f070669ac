"""The command line: from arguments to an exit status.

| status | meaning                                                            |
|--------|--------------------------------------------------------------------|
| 0      | done                                                               |
| 1      | a statement is wrong: its place and a hint are on standard error   |
| 2      | something else is in the way: one line on standard error says what |
| 130    | Ctrl-C                                                             |
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from streamsql.shell.arguments import parse

RunTests = Callable[[Sequence[Path], Path | None, str | None], int]
"""Runs query tests: takes paths, where to write a report, and a filter; returns the status."""

INTERRUPTED = 130
BROKEN_PIPE = 141


def main(arguments: Sequence[str] | None = None, run_tests: RunTests | None = None) -> int:
    """Carry out a command line and return the exit status.

    Args:
        arguments: ``None``: those of the process.
        run_tests: Of the room ``testing``, which the shell does not know.
    """
    options = parse(sys.argv[1:] if arguments is None else arguments)
    if options.version:
        from streamsql.shell.version import version

        print(f"streamsql {version()}")
        return 0
    if options.command == "test":
        assert run_tests is not None, "the program's entry brings the test runner along"
        return _guarded(lambda: run_tests(options.paths, options.report, options.filter))
    return _guarded(lambda: _dispatch(options))


def _dispatch(options: argparse.Namespace) -> int:
    """Do what the options say, importing no more than that takes."""
    from streamsql.shell.logs import log_to
    from streamsql.shell.rendering.terminal import Terminal

    terminal = Terminal(sys.stdout, sys.stderr)
    log_to(terminal)
    match options.command:
        case "run":
            from streamsql.shell.commands.run import run

            return run(options, terminal)
        case "explain":
            from streamsql.shell.commands.explain import explain

            return explain(options, terminal)
        case "load":
            from streamsql.shell.commands.load import load

            return load(options, terminal)
        case _:
            from streamsql.shell.commands.session import run_session

            return run_session(options, terminal)


def _guarded(action: Callable[[], int]) -> int:
    """Return the status of an action; an error becomes a text and a status."""
    from streamsql.errors import StatementError, StreamSQLError

    try:
        status = action()
        sys.stdout.flush()
    except StatementError as error:
        return _fail(error.render(), 1)
    except StreamSQLError as error:
        return _fail(f"Error: {one_line(error)}", 2)
    except BrokenPipeError:
        _forget_output()
        return BROKEN_PIPE
    except OSError as error:
        return _fail(f"Error: {one_line(error)}", 2)
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def one_line(error: BaseException) -> str:
    """Return the message of an error on one line."""
    return " ".join(str(error).split()) or type(error).__name__


def _fail(message: str, status: int) -> int:
    try:
        sys.stdout.flush()
    except OSError:
        _forget_output()
    print(message, file=sys.stderr, flush=True)
    return status


def _forget_output() -> None:
    """Let the interpreter's last flush of standard output go nowhere."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
