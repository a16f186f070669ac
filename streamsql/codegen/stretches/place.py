"""Where the statements of a stretch go."""

from dataclasses import dataclass

from streamsql.codegen.namespace import Locals
from streamsql.codegen.source import Lines


@dataclass(frozen=True, slots=True)
class Place:
    """A point in a function.

    Attributes:
        lines: The function's lines.
        names: Its locals.
        leave: The statement that ends the work on a record; ``None`` inside a branch that others
            follow: there the rest is nested instead.
        before: The lines in front of the loop over the records; ``None``: there is no loop.
    """

    lines: Lines
    names: Locals
    leave: str | None
    before: Lines | None = None
