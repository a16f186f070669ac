"""Named points at which a process can be made to die, for tests of the commit path.

``STREAMSQL_CRASH_AT=step:n`` ends the process, without any clean-up, when it reaches the step for
the n-th time. In-process tests install their own reaction with :func:`react`.
"""

import os
from collections.abc import Callable

STEPS = (
    "begin",
    "caches-flushed",
    "state-saved",
    "producer-flushed",
    "broker-committed",
    "state-written",
    "restore-written",
)

Reaction = Callable[[str], None]

_reaction: list[Reaction | None] = [None]


def failpoint(step: str) -> None:
    """Tell that the step is reached."""
    reaction = _reaction[0]
    if reaction is not None:
        reaction(step)


def react(reaction: Reaction | None) -> None:
    """Call ``reaction(step)`` at every failpoint of this process; ``None``: at none."""
    _reaction[0] = reaction


def crash_from_environment() -> None:
    """Install the reaction that ``STREAMSQL_CRASH_AT`` asks for, if it is set."""
    wish = os.environ.get("STREAMSQL_CRASH_AT")
    if wish:
        step, _, count = wish.partition(":")
        assert step in STEPS, f"STREAMSQL_CRASH_AT names one of {', '.join(STEPS)}"
        react(_Crash(step, int(count or 1)))


class _Crash:
    """Ends the process at the n-th arrival at a step."""

    def __init__(self, step: str, count: int) -> None:
        self._step = step
        self._left = count

    def __call__(self, step: str) -> None:
        if step == self._step:
            self._left -= 1
            if self._left == 0:
                os._exit(9)
