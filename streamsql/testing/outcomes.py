"""What became of a test case."""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Status(Enum):
    """Passed, failed or skipped."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case and what became of it.

    Attributes:
        file: Name of the file, without directory.
        reason: Why it failed or was skipped, in one line.
        expected: What should have been, for a failure that knows it, as JSON can hold it.
        actual: What was.
    """

    file: str
    name: str
    status: Status
    reason: str = ""
    expected: Any = None
    actual: Any = None

    @property
    def id(self) -> str:
        """How lists name the case."""
        return f"{self.file}: {self.name}"


class Mismatch(Exception):
    """A test found something else than it expects.

    Attributes:
        reason: What differs, in one line.
    """

    def __init__(self, reason: str, expected: Any = None, actual: Any = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expected = expected
        self.actual = actual
