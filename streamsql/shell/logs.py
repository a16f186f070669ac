"""Where log lines go: to standard error, or to a file beside the prompt.

``STREAMSQL_LOG`` is the least level that is shown: debug, info, warning (the default) or error.
"""

import logging
import os
from pathlib import Path

from streamsql.errors import EngineError
from streamsql.shell.rendering.terminal import Terminal

_VARIABLE = "STREAMSQL_LOG"
_LEVELS = ("debug", "info", "warning", "error")
_KAFKA_CLIENT = "streamsql.broker.kafka.broker.client"


def log_to(terminal: Terminal) -> None:
    """Let log lines be lines of standard error.

    Raises:
        EngineError: ``STREAMSQL_LOG`` names no level.
    """
    said = os.environ.get(_VARIABLE, "")
    if said.lower() not in {"", *_LEVELS}:
        raise EngineError(
            f'{_VARIABLE} cannot be "{said}" in the environment: it is one of {", ".join(_LEVELS)}'
        )
    logging.basicConfig(level=said.upper() or "WARNING", handlers=[_TerminalHandler(terminal)])
    if not said:
        # What matters of Kafka's own client comes as an error too, once and in our words.
        logging.getLogger(_KAFKA_CLIENT).setLevel(logging.CRITICAL)


def log_to_file(path: Path) -> None:
    """Let log lines go to a file: on the screen they would land in what is being typed."""
    handler = logging.FileHandler(path, delay=True, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().handlers[:] = [handler]


class _TerminalHandler(logging.Handler):
    """Writes log records as lines of standard error."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self._terminal = terminal
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        self._terminal.say(self.format(record))
