"""The one place where sqlglot's errors, and Python's own limits, become ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlglot.errors import SqlglotError

from streamsql.errors import ParseError, Span, StatementError


@contextmanager
def diagnosed(text: str, where: Span) -> Iterator[None]:
    """Raise every failure to read ``where`` as a ParseError that knows the text.

    Our parser reports what it meets itself, at its exact place. This catches the rest: an error
    of sqlglot's own, or text that nests deeper than Python's stack.
    """
    try:
        yield
    except StatementError as error:
        error.attach(text)
        raise
    except SqlglotError as error:
        raise _attached(
            ParseError(f"the statement cannot be read: {error}", where), text
        ) from error
    except RecursionError as error:
        hint = "Split it: compute a part of it in another query."
        raise _attached(ParseError("the statement nests too deeply", where, hint), text) from error


def _attached(error: StatementError, text: str) -> StatementError:
    error.attach(text)
    return error
