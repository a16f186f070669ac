"""Statements on an engine: those of ``-e`` or of standard input, or typed at the prompt."""

import argparse
import sys
from pathlib import Path

from streamsql.engine.configuration.config import EMBEDDED_DIRECTORY
from streamsql.engine.connect import connect
from streamsql.engine.engine import Engine
from streamsql.shell.rendering.render import renderer
from streamsql.shell.rendering.terminal import Terminal
from streamsql.shell.statements import define, results
from streamsql.shell.stopping import stopping

_SETTLE_MS = 10_000
_INTERRUPTED = 130


def run_session(options: argparse.Namespace, terminal: Terminal) -> int:
    """Carry out the statements of the options, or else what is typed; return the exit status."""
    text = options.execute
    if text is None and not sys.stdin.isatty():
        text = sys.stdin.read()
    with _engine(options) as engine:
        if text is not None:
            return _run_text(engine, text, options.output, terminal)
        from streamsql.shell.prompt.prompt import run_prompt

        directory = Path(options.directory or EMBEDDED_DIRECTORY)
        run_prompt(engine, terminal, output=options.output, directory=directory)
    return 0


def _engine(options: argparse.Namespace) -> Engine:
    engine = connect(
        options.bootstrap_servers,
        application=options.application,
        directory=options.directory,
        settings=dict(options.settings),
    )
    try:
        for name, value in options.variables:
            define(engine, name, value)
    except BaseException:
        engine.close()
        raise
    return engine


def _run_text(engine: Engine, text: str, output: str, terminal: Terminal) -> int:
    rendered = renderer(output, terminal)

    def warn(reason: str) -> None:
        terminal.say(f"note: rows may be older than what was written: {reason}")

    for result in results(engine, text, settle_ms=_SETTLE_MS, on_unsettled=warn):
        with stopping(result) as stopped:
            rendered.render(result)
        if stopped.is_set():
            return _INTERRUPTED
    return 0
