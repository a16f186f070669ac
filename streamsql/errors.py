"""Errors, arranged by who must act on them.

* StreamSQLError
  x StatementError          the user: a statement is wrong, at a span of its text
    + ParseError
    + BindError
    + UnsupportedError
  x RecordError             the owner of the data: one record cannot be read or computed
    + DecodeError
    + EvaluationError
  x TaskError               the worker: the class says what becomes of the task
    + TaskFenced            another worker owns it: drop it, commit nothing
    + TaskCorrupted         its local state cannot be trusted: wipe it and restore
    + TransactionAborted    its writes are void: rewind to the last commit
  x QueryFailed             whoever wrote its code: the query stops, and the others go on
  x EngineError             the operator: the engine cannot go on
    + BrokerUnreachable     nobody yet: the broker does not answer now, who can wait asks again

The class is the reaction; the fields are facts; the message is for a person, in lower case,
without a period, names in double quotes with their kind.
"""

import re
from dataclasses import dataclass

_SHOWN_LINE = 240
_SHOWN_MESSAGE = 2_000
_LONG_QUOTE = re.compile(r"""(["'])([^"']{100})[^"']{100,}\1""")


def legible(text: str) -> str:
    r"""Return a message in which long quotations are cut, and what cannot be seen is named.

    >>> legible("no such name: \u200b")
    'no such name: U+200B'
    """
    if len(text) > _SHOWN_LINE:
        text = _LONG_QUOTE.sub(r"\1\2…\1", text)
        if len(text) > _SHOWN_MESSAGE:
            text = f"{text[:_SHOWN_MESSAGE]}…"
    if text.isprintable():
        return text
    return "".join(c if c in "\n\t" or c.isprintable() else f"U+{ord(c):04X}" for c in text)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of statement text: character offsets, ``start`` inclusive, ``end`` exclusive."""

    start: int
    end: int

    def cover(self, other: "Span") -> "Span":
        """Return the smallest span that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


class StreamSQLError(Exception):
    """Every error this package raises on purpose."""


class StatementError(StreamSQLError):
    """A statement is wrong. The text is known at the boundary, where the error is rendered.

    Attributes:
        message: What is wrong, in lower case, without a period.
        span: Where in ``text``; ``None`` when the whole statement is meant.
        hint: A full sentence that says what would be right, or ``None``.
        text: The whole text that was submitted; set by :meth:`attach`.
    """

    def __init__(self, message: str, span: Span | None = None, hint: str | None = None) -> None:
        message = legible(message)
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = None if hint is None else legible(hint)
        self.text: str | None = None

    def attach(self, text: str) -> None:
        """Remember the submitted text, unless an inner boundary already did."""
        if self.text is None:
            self.text = text

    def render(self) -> str:
        """Return the message, the line with a caret below the span, and the hint."""
        lines = [f"Error: {self.message}"]
        if self.text is not None and self.span is not None:
            lines += _excerpt(self.text, self.span)
        if self.hint is not None:
            lines.append(f"HINT: {self.hint}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.render()


class ParseError(StatementError):
    """The text is not a sentence of the language."""


class BindError(StatementError):
    """The sentence means nothing here: a name, a type or a rule is wrong."""


class UnsupportedError(StatementError):
    """The sentence has a meaning that this version cannot carry out."""


class RecordError(StreamSQLError):
    """One record cannot be read or computed; the query goes on."""


class DecodeError(RecordError):
    """The bytes of a key or value do not fit its format and schema."""


class EvaluationError(RecordError):
    """An expression has no value for this record."""


class TaskError(StreamSQLError):
    """A task cannot go on as it is; the class says what becomes of it."""


class TaskFenced(TaskError):
    """Another worker owns the task: drop it, commit nothing."""


class TaskCorrupted(TaskError):
    """The local state cannot be trusted: wipe it and restore.

    Attributes:
        task: Whose state it is, as its directory is called.
    """

    def __init__(self, message: str, task: str) -> None:
        super().__init__(message)
        self.task = task


class TransactionAborted(TaskError):
    """The writes since the last commit are void: rewind to it."""


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where a record is; its offset may not be known."""

    topic: str
    partition: int
    offset: int | None

    def __str__(self) -> str:
        """Return the place for a message."""
        found = f'partition {self.partition} of topic "{self.topic}"'
        return found if self.offset is None else f"offset {self.offset} of {found}"


class QueryFailed(StreamSQLError):
    """The code of a query met what it does not expect: a bug, and nothing of it is committed.

    Attributes:
        node: The operator, if it is known; several queries may share it.
        place: Of the record, if it was in processing one.
    """

    def __init__(self, message: str, node: str | None, place: RecordPlace | None = None) -> None:
        super().__init__(message if place is None else f"{message}, at {place}")
        self.node = node
        self.place = place


class EngineError(StreamSQLError):
    """The engine cannot go on: a port in use, a missing topic, a locked directory, a full disk."""


class BrokerUnreachable(EngineError):
    """The broker does not answer now: what was asked can be asked again."""


def _excerpt(text: str, span: Span) -> list[str]:
    """Return the line of the span's start under its number, and the caret line."""
    start = min(span.start, len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = line_end if line_end >= 0 else len(text)
    prefix = f"LINE {text.count(chr(10), 0, start) + 1}: "
    first = line_start if line_end - line_start <= _SHOWN_LINE else max(line_start, start - 60)
    line = text[first : min(line_end, first + _SHOWN_LINE)]
    before = "…" if first > line_start else ""
    after = "…" if first + _SHOWN_LINE < line_end else ""
    column = start - first
    width = max(1, min(span.end, first + len(line)) - start)
    padding = "".join("\t" if character == "\t" else " " for character in before + line[:column])
    visible = "".join(c if c == "\t" or c.isprintable() else "\ufffd" for c in line)
    return [prefix + before + visible + after, " " * len(prefix) + padding + "^" * width]
