"""The workers that share the tasks of one application, wherever they are."""

from collections.abc import Mapping
from typing import Protocol

from streamsql.runtime.environment import OutputTarget

Outputs = Mapping[str, OutputTarget]
"""Who takes the rows of a topology's Output nodes, by name."""


class Workers(Protocol):
    """Workers of one application, in this process or others."""

    @property
    def is_open(self) -> bool:
        """Whether every task of the application runs here."""

    def step(self, timeout_ms: int) -> int:
        """Let them work, or wait; return how many records were done, as far as it is known."""

    def stop(self) -> None:
        """Let them commit and end."""

    def abandon(self) -> None:
        """End them without a commit, as if they had been killed."""

    def leave(self) -> None:
        """End them without a commit, and take them out of the group for good."""
