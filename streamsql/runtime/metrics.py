"""Counters of one worker, and the reporter of records that could not be read or computed."""

import logging
from collections import Counter
from dataclasses import dataclass, field

from streamsql.broker.ports import Message

log = logging.getLogger("streamsql.processing")

_LOGGED_PER_KIND = 10


@dataclass(slots=True)
class Metrics:
    """What happened since the worker started; every value only grows.

    Attributes:
        dropped: Records dropped, by reason: ``late``, ``null-key``, ``bad-timestamp``, ``decode``.
        errors: Evaluation errors, by the expression's text.
        restored: Changelog records replayed.
    """

    dropped: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    restored: int = 0

    def drop(self, reason: str, detail: str, message: Message | None = None) -> None:
        """Count a record that leaves no trace in the result, and log the first ones of a kind."""
        self.dropped[reason] += 1
        self._log(self.dropped[reason], f"record dropped ({reason}): {detail}", message)

    def fail(self, expression: str, error: Exception, message: Message | None = None) -> None:
        """Count an expression without a value for one record, and log the first ones."""
        self.errors[expression] += 1
        detail = f"{expression} has no value: {str(error) or type(error).__name__}"
        self._log(self.errors[expression], detail, message)

    @staticmethod
    def _log(count: int, text: str, message: Message | None) -> None:
        if count > _LOGGED_PER_KIND:
            return
        if message is not None:
            text += f" [{message.topic()}-{message.partition()}@{message.offset()}]"
        if count == _LOGGED_PER_KIND:
            text += " (further ones are counted, not logged)"
        log.warning(text)
